import type * as tf from "@tensorflow/tfjs";
import { drawPictures, type PictureShape } from "../../tensor/draw-pictures.ts";
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
  shape: PictureShape,
): { readonly noise: tf.Tensor4D; readonly generator: TorchGenerator } {
  const drawn = drawPictures(generator, shape, (state, count) => state.randn(count));
  return { noise: drawn.tensor, generator: drawn.generator };
}
