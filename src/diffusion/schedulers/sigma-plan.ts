import * as tf from "@tensorflow/tfjs";
import { at, f32 } from "../schedules/numeric.ts";
import {
  betaSigmas,
  exponentialSigmas,
  karrasSigmas,
  logSigmasOf,
  sigmaToTimestep,
  trainingSigmas,
  type SigmaRange,
} from "../schedules/sigmas.ts";
import { noiseSchedule, type BetaConfig, type NoiseSchedule } from "./noise-schedule.ts";
import type { Timesteps } from "./scheduler.ts";
import { coefficientsAt, combine, root } from "./tensor-math.ts";

export interface SigmaFlags {
  readonly use_karras_sigmas?: boolean;
  readonly use_exponential_sigmas?: boolean;
  readonly use_beta_sigmas?: boolean;
}

/** Where zero-SNR rescaling leaves ᾱ at the last timestep, so that σ there stays finite: 4096. */
export const NEARLY_ZERO_ALPHA = 2 ** -24;

/** @throws When more than one of the sigma schedules is asked for. */
export function checkSigmaFlags(className: string, flags: SigmaFlags): void {
  const asked = ["use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas"].filter(
    (name) => flags[name as keyof SigmaFlags],
  );
  if (asked.length > 1) {
    throw new Error(
      `${className}: options ${asked.map((n) => `"${n}"`).join(" and ")} exclude each other; set one.`,
    );
  }
}

/** @throws When a run's own timesteps meet a config whose sigmas decide the timesteps. */
export function refuseTimestepsWithSigmas(
  className: string,
  timesteps: readonly number[] | undefined,
  flags: Readonly<Record<string, boolean | undefined>>,
): void {
  const cause = Object.keys(flags).find((name) => flags[name]);
  if (timesteps && cause) {
    throw new Error(`${className}: a run cannot set "timesteps" when option "${cause}" is true.`);
  }
}

/** The sigmas of the schedule that the flags ask for, or undefined where they ask for none. */
export function respacedSigmas(flags: SigmaFlags, range: SigmaRange, count: number): number[] | undefined {
  if (flags.use_karras_sigmas) return karrasSigmas(range, count);
  if (flags.use_exponential_sigmas) return exponentialSigmas(range, count);
  if (flags.use_beta_sigmas) return betaSigmas(range, count);
  return undefined;
}

/** Largest and smallest of descending sigmas, unless the config fixes them. */
export const rangeOf = (
  sigmas: ArrayLike<number>,
  fixed: { readonly sigma_min?: number | null; readonly sigma_max?: number | null } = {},
): SigmaRange => ({
  min: fixed.sigma_min ?? at(sigmas, sigmas.length - 1),
  max: fixed.sigma_max ?? at(sigmas, 0),
});

/** A noise schedule as the sigma schedulers scale it: x = x_0 + σ·noise. */
export interface SigmaSchedule extends NoiseSchedule {
  /** σ by training timestep, ascending. */
  readonly table: Float32Array;
  readonly logTable: Float32Array;
  toTimestep(sigma: number): number;
}

export function sigmaSchedule(className: string, config: BetaConfig): SigmaSchedule {
  const schedule = noiseSchedule(className, config, NEARLY_ZERO_ALPHA);
  const table = trainingSigmas(schedule.alphasCumprod);
  const logTable = logSigmasOf(table);
  const sigmaAt = (timestep: number): number => {
    schedule.alphaAt(timestep);
    return at(table, timestep);
  };
  return Object.freeze({
    ...schedule,
    table,
    logTable,
    toTimestep: (sigma: number) => sigmaToTimestep(sigma, logTable),
    addNoise: (original: tf.Tensor, noise: tf.Tensor, timesteps: Timesteps) =>
      tf.tidy(() =>
        combine([1, original], [coefficientsAt(timesteps, original.shape[0] ?? 1, sigmaAt), noise]),
      ),
  });
}

/** √(σ²+1) in float32, the standard deviation of x_0 + σ·noise for x_0 of unit variance. */
export const sigmaNorm = (sigma: number): number => root(f32(f32(sigma * sigma) + 1));

/** The standard deviation that a run starts from (diffusers' `init_noise_sigma`). */
export function initialSigma(sigmas: readonly number[], spacing: string): number {
  const max = Math.max(...sigmas);
  return spacing === "leading" ? sigmaNorm(max) : max;
}

/** x_0 + σ·noise with the sigma of a plan's step. */
export const addNoiseBySigma =
  (sigmas: readonly number[]) =>
  (original: tf.Tensor, noise: tf.Tensor, index: number): tf.Tensor =>
    tf.add(original, tf.mul(noise, at(sigmas, index)));

/** What the model is given: x/√(σ²+1). */
export const scaleBySigma =
  (sigmas: readonly number[]) =>
  (sample: tf.Tensor4D, index: number): tf.Tensor4D =>
    tf.div(sample, sigmaNorm(at(sigmas, index)));
