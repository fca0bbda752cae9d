import * as tf from "@tensorflow/tfjs";
import type { TorchGenerator } from "./torch-generator.ts";

/** Shape of a batch of pictures: NHWC, as everywhere in this project. */
export type PictureShape = readonly [batch: number, height: number, width: number, channels: number];

/** Numbers in torch's order, that of a tensor `[batch, channels, height, width]`, laid out NHWC. A new tensor. */
export function fromTorchOrder(values: Float32Array, shape: PictureShape): tf.Tensor4D {
  const [batch, height, width, channels] = shape;
  return tf.tidy((): tf.Tensor4D =>
    tf.transpose(tf.tensor4d(values, [batch, channels, height, width]), [0, 2, 3, 1]),
  );
}

/**
 * Draws numbers as torch does for a tensor `[batch, channels, height, width]` and lays them out NHWC.
 *
 * @param draw Draws that many numbers from the generator, in torch's order.
 * @returns The tensor and the generator after the draw; the given generator is left as it was.
 */
export function drawPictures(
  generator: TorchGenerator,
  shape: PictureShape,
  draw: (generator: TorchGenerator, count: number) => Float32Array,
): { readonly tensor: tf.Tensor4D; readonly generator: TorchGenerator } {
  const [batch, height, width, channels] = shape;
  const advanced = generator.clone();
  const values = draw(advanced, batch * height * width * channels);
  return { tensor: fromTorchOrder(values, shape), generator: advanced };
}
