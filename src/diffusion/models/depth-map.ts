import * as tf from "@tensorflow/tfjs";
import { resizeBicubic } from "./layers/resize-bicubic.ts";

/** How a picture is prepared for the depth estimator; the values of `preprocessor_config.json`. */
export interface DepthPreprocessing {
  /** Side of the square, in pixels. Default 384. */
  readonly size?: number;
  /** Of each channel, for pictures in [0, 1]. Default 0.5. */
  readonly mean?: readonly number[];
  /** Default 0.5. */
  readonly std?: readonly number[];
}

/** Picture `[batch, height, width, 3]` in [0, 1] → the depth estimator's input `[batch, size, size, 3]`. */
export function depthPixelValues(picture: tf.Tensor4D, options: DepthPreprocessing = {}): tf.Tensor4D {
  const { size = 384, mean = [0.5, 0.5, 0.5], std = [0.5, 0.5, 0.5] } = options;
  return tf.tidy(() => {
    const resized = tf.clipByValue(resizeBicubic(picture, [size, size], { antialias: true }), 0, 1);
    return tf.div(tf.sub(resized, tf.tensor1d([...mean])), tf.tensor1d([...std]));
  });
}

/** Keeps a map of one value from being divided by zero; far below any range that float32 resolves. */
const leastRange = 1e-30;

/**
 * What depth-to-image models take as their fifth latent channel: the depth map at the latents' size, each picture's values
 * stretched to [-1, 1].
 * @param depth `[batch, height, width]`, estimated or painted; large is near. A map of one value becomes -1 everywhere.
 * @returns `[batch, latentHeight, latentWidth, 1]`.
 */
export function depthLatents(depth: tf.Tensor3D, latentHeight: number, latentWidth: number): tf.Tensor4D {
  return tf.tidy(() => {
    const resized = resizeBicubic(tf.expandDims(depth, 3), [latentHeight, latentWidth]);
    const low = tf.min(resized, [1, 2, 3], true);
    const range = tf.maximum(tf.sub(tf.max(resized, [1, 2, 3], true), low), leastRange);
    return tf.sub(tf.mul(tf.div(tf.sub(resized, low), range), 2), 1);
  });
}
