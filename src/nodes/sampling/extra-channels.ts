import * as tf from "@tensorflow/tfjs";
import { depthLatents } from "../../diffusion/models/depth-map.ts";
import { shrinkMask } from "../image/shrink-mask.ts";
import { repeatRows } from "../model/repeat-rows.ts";

/**
 * What an inpainting model reads: the sample, the mask, and the latent of the picture with the mask cut out.
 *
 * @param mask `[1 | batch, height, width, 1]` of the picture, 1 where it is painted anew.
 * @param maskedLatent `[1 | batch, h, w, channels]`.
 * @returns `[batch, h, w, 2 · channels + 1]`.
 */
export function addMaskChannels(
  sample: tf.Tensor4D,
  mask: tf.Tensor4D,
  maskedLatent: tf.Tensor4D,
): tf.Tensor4D {
  const batch = sample.shape[0];
  const small = repeatRows("mask", shrinkMask(mask, sample), batch);
  return tf.concat([sample, small, repeatRows("maskedLatent", maskedLatent, batch)], 3);
}

/**
 * What a depth-to-image model reads: the sample, and the depth stretched to -1…1 and made as small as the latent.
 *
 * @param depth `[1 | batch, height, width, channels]`; brighter is nearer, the first channel counts.
 * @returns `[batch, h, w, channels + 1]`.
 */
export function addDepthChannel(sample: tf.Tensor4D, depth: tf.Tensor4D): tf.Tensor4D {
  const [batch, height, width] = sample.shape;
  const gray = tf.squeeze<tf.Tensor3D>(tf.slice(depth, [0, 0, 0, 0], [-1, -1, -1, 1]), [3]);
  const channel = repeatRows("depth", depthLatents(gray, height, width), batch);
  return tf.concat([sample, channel], 3);
}
