import * as tf from "@tensorflow/tfjs";
import type { TorchGenerator } from "../../tensor/torch-generator.ts";

/**
 * Normal noise as `torch.randn` draws it for a picture: in the order batch, channels, height, width, then laid out as
 * here.
 *
 * @param shape `[batch, height, width, channels]`.
 * @returns The noise and a generator advanced by it; the given one is left as it was.
 */
export function drawNoise(
  generator: TorchGenerator,
  shape: readonly [batch: number, height: number, width: number, channels: number],
): { readonly noise: tf.Tensor4D; readonly generator: TorchGenerator } {
  const advanced = generator.clone();
  const [batch, height, width, channels] = shape;
  const drawn = advanced.randn(batch * height * width * channels);
  const values = new Float32Array(drawn.length);
  const pixels = height * width;
  drawn.forEach((value, i) => {
    const pixel = i % pixels;
    const channel = Math.floor(i / pixels) % channels;
    const picture = Math.floor(i / (pixels * channels));
    values[(picture * pixels + pixel) * channels + channel] = value;
  });
  return { noise: tf.tensor4d(values, [batch, height, width, channels]), generator: advanced };
}
