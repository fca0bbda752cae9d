import * as tf from "@tensorflow/tfjs";

/**
 * A mask at the size of a latent: of each block its upper left pixel, as torch's nearest interpolation takes it.
 *
 * @param mask `[1 | batch, height, width, 1]`.
 * @param like Latents `[batch, h, w, channels]`.
 */
export function shrinkMask(mask: tf.Tensor4D, like: tf.Tensor4D): tf.Tensor4D {
  const [, height, width] = like.shape;
  return tf.image.resizeNearestNeighbor(mask, [height, width], false, false);
}
