import * as tf from "@tensorflow/tfjs";
import { f32 } from "../schedules/numeric.ts";
import type { Timesteps } from "./scheduler.ts";

/** a·x + b·y + …, from left to right. A coefficient per sample is an array as long as the batch. */
export function combine<T extends tf.Tensor>(
  first: readonly [number | readonly number[], T],
  ...rest: readonly (readonly [number | readonly number[], T])[]
): T {
  const scaled = ([coefficient, tensor]: readonly [number | readonly number[], T]): T =>
    typeof coefficient === "number"
      ? tf.mul(tensor, coefficient)
      : tf.mul(tensor, perSample(coefficient, tensor));
  return rest.reduce((sum, term) => tf.add(sum, scaled(term)), scaled(first));
}

/** `[batch]` as `[batch, 1, 1, …]` of the rank of `like`. */
function perSample(values: readonly number[], like: tf.Tensor): tf.Tensor {
  return tf.tensor(Float32Array.from(values), [values.length, ...like.shape.slice(1).map(() => 1)]);
}

/**
 * A coefficient by training timestep: one number where a single timestep is given, otherwise one per sample.
 *
 * @throws When there are more or fewer timesteps than samples.
 */
export function coefficientsAt(
  timesteps: Timesteps,
  batch: number,
  coefficient: (timestep: number) => number,
): number | readonly number[] {
  if (typeof timesteps === "number") return coefficient(timesteps);
  const values = Array.from(timesteps, coefficient);
  if (values.length !== batch) {
    throw new Error(
      `There are ${values.length} timesteps for ${batch} samples: give one for all, or one for each.`,
    );
  }
  return values;
}

/** √ of a float32 number in float32. */
export const root = (x: number): number => f32(Math.sqrt(x));

/**
 * Dynamic thresholding (Saharia et al. 2022, §2.3): per picture, x is clipped to ±s and divided by s, where s is a
 * quantile of |x|, at least 1 and at most `maximum`.
 */
export function thresholdSample(x: tf.Tensor4D, ratio: number, maximum: number): tf.Tensor4D {
  const [batch] = x.shape;
  const flat = tf.reshape(x, [batch, -1]) as tf.Tensor2D;
  const size = flat.shape[1];
  // torch finds the rank in float32, and interpolates between the two values around it.
  const rank = f32(f32(ratio) * (size - 1));
  const below = Math.floor(rank);
  const weight = f32(rank - below);
  const { values } = tf.topk(tf.abs(flat), size - below, true);
  const ascending = (i: number): tf.Tensor2D =>
    tf.slice(values, [0, size - 1 - i], [batch, 1]) as tf.Tensor2D;
  const low = ascending(below);
  const high = ascending(Math.min(below + 1, size - 1));
  const gap = tf.sub(high, low);
  const quantile =
    weight < 0.5 ? tf.add(low, tf.mul(gap, weight)) : tf.sub(high, tf.mul(gap, f32(1 - weight)));
  const s = tf.minimum(tf.maximum(quantile, 1), maximum);
  const clipped = tf.maximum(tf.minimum(flat, s), tf.neg(s));
  return tf.reshape(tf.div(clipped, s), x.shape);
}

/** Clips to ±range. */
export const clipSample = (x: tf.Tensor4D, range: number): tf.Tensor4D => tf.clipByValue(x, -range, range);

/** The options of diffusers' schedulers that keep a guess of x_0 in the range of pictures. */
interface SampleLimits {
  readonly thresholding: boolean;
  readonly dynamic_thresholding_ratio: number;
  readonly sample_max_value: number;
  readonly clip_sample: boolean;
  readonly clip_sample_range: number;
}

/** x by dynamic thresholding, clipped, or as it is: thresholding comes first where both are asked for. */
export function limitSample(limits: SampleLimits, x: tf.Tensor4D): tf.Tensor4D {
  if (limits.thresholding)
    return thresholdSample(x, limits.dynamic_thresholding_ratio, limits.sample_max_value);
  return limits.clip_sample ? clipSample(x, limits.clip_sample_range) : x;
}
