import * as tf from "@tensorflow/tfjs";
import type { ParameterSpec, Weights } from "../../weights/parameters.ts";
import { activate, type Activation } from "./activation.ts";
import { applyLinear } from "./apply.ts";
import { linearParameters } from "./parameters.ts";

/**
 * Training timesteps, whole or fractional: one for the whole batch, or one a picture. Numbers are better than a tensor where
 * they are at hand, because sines of large angles are then taken in double precision.
 */
export type Timesteps = number | ArrayLike<number> | tf.Tensor1D | tf.Scalar;

export interface SinusoidalOptions {
  /** Cosines before sines. */
  readonly flipSinToCos: boolean;
  /** Subtracted from the number of frequencies in the exponent's denominator: 0 or 1 in known models. */
  readonly freqShift: number;
  /** The slowest frequency is about 1/maxPeriod. Default 10,000. */
  readonly maxPeriod?: number;
  /** Factor on the angles. Default 1. */
  readonly scale?: number;
}

/** Frequencies of Ho et al. 2020, rounded to float32 where torch rounds. */
function frequencies(dim: number, { freqShift, maxPeriod = 10000 }: SinusoidalOptions): Float32Array {
  const half = Math.floor(dim / 2);
  const rate = -Math.log(maxPeriod);
  return Float32Array.from({ length: half }, (_, i) =>
    Math.exp(Math.fround(Math.fround(rate * i) / (half - freqShift))),
  );
}

/**
 * Sinusoidal embedding of timesteps, `[batch, dim]`, or `[1, dim]` for a single one (Vaswani et al. 2017, section 3.5, in the
 * arrangement of Ho et al. 2020). An odd `dim` ends in a zero.
 */
export function sinusoidalEmbedding(
  timesteps: Timesteps,
  dim: number,
  options: SinusoidalOptions,
): tf.Tensor2D {
  const freqs = frequencies(dim, options);
  const scale = options.scale ?? 1;
  return timesteps instanceof tf.Tensor
    ? embedOnDevice(timesteps, freqs, dim, scale, options.flipSinToCos)
    : embedOnHost(timestepList(timesteps), freqs, dim, scale, options.flipSinToCos);
}

/** The timesteps as a list; a single one becomes a list of one. */
export const timestepList = (timesteps: number | ArrayLike<number>): number[] =>
  typeof timesteps === "number" ? [timesteps] : Array.from(timesteps);

function embedOnHost(
  timesteps: number[],
  freqs: Float32Array,
  dim: number,
  scale: number,
  flip: boolean,
): tf.Tensor2D {
  const half = freqs.length;
  const values = new Float32Array(timesteps.length * dim);
  timesteps.forEach((timestep, row) => {
    freqs.forEach((frequency, i) => {
      const angle = Math.fround(scale * Math.fround(timestep * frequency));
      values[row * dim + i + (flip ? half : 0)] = Math.sin(angle);
      values[row * dim + i + (flip ? 0 : half)] = Math.cos(angle);
    });
  });
  return tf.tensor2d(values, [timesteps.length, dim]);
}

function embedOnDevice(
  timesteps: tf.Tensor,
  freqs: Float32Array,
  dim: number,
  scale: number,
  flip: boolean,
): tf.Tensor2D {
  return tf.tidy(() => {
    const column = tf.reshape(tf.cast(timesteps, "float32"), [-1, 1]);
    const angles = reduceAngle(tf.mul(tf.mul(column, tf.tensor2d(freqs, [1, freqs.length])), scale));
    const parts = flip ? [tf.cos(angles), tf.sin(angles)] : [tf.sin(angles), tf.cos(angles)];
    if (dim % 2 === 1) parts.push(tf.zerosLike(column));
    return tf.concat(parts, 1) as tf.Tensor2D;
  });
}

/** 2π as a sum of float32 numbers, the first two short enough that their product with a small integer is exact. */
const TWO_PI_PARTS = [201 / 2 ** 5, 8117 / 2 ** 22, 6.357301884918343e-8] as const;

/** Angle modulo 2π, in [-π, π]: GPUs need not be accurate for sines of large angles. */
function reduceAngle(angle: tf.Tensor): tf.Tensor {
  const turns = tf.round(tf.mul(angle, 1 / (2 * Math.PI)));
  return TWO_PI_PARTS.reduce((rest, part) => tf.sub(rest, tf.mul(turns, part)), angle);
}

/** `TimestepEmbedding` of diffusers: linear_1, activation, linear_2. */
export function timestepMlpParameters(prefix: string, inFeatures: number, embedDim: number): ParameterSpec[] {
  return [
    ...linearParameters(`${prefix}.linear_1`, inFeatures, embedDim),
    ...linearParameters(`${prefix}.linear_2`, embedDim, embedDim),
  ];
}

/** x `[batch, in]` → `[batch, embedDim]`. */
export function timestepMlp(
  weights: Weights,
  prefix: string,
  x: tf.Tensor,
  activation: Activation = "silu",
): tf.Tensor2D {
  const hidden = activate(activation, applyLinear(weights, `${prefix}.linear_1`, x));
  return applyLinear(weights, `${prefix}.linear_2`, hidden) as tf.Tensor2D;
}
