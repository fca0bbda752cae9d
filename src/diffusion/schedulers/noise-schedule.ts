import * as tf from "@tensorflow/tfjs";
import { alphasCumprodOf, betas, rescaleZeroTerminalSnr, type BetaSchedule } from "../schedules/betas.ts";
import { at, f32 } from "../schedules/numeric.ts";
import type { Timesteps } from "./scheduler.ts";
import { coefficientsAt, combine, root } from "./tensor-math.ts";

export interface BetaConfig {
  readonly num_train_timesteps: number;
  readonly beta_start: number;
  readonly beta_end: number;
  readonly beta_schedule: BetaSchedule;
  readonly trained_betas: readonly number[] | null;
  readonly rescale_betas_zero_snr?: boolean;
}

/** The noise schedule of training, and the forward process that follows from it (Ho et al. 2020, eq. 4). */
export interface NoiseSchedule {
  readonly numTrainTimesteps: number;
  /** ᾱ_t by training timestep. */
  readonly alphasCumprod: Float32Array;
  /** ᾱ_t; throws outside of the training timesteps, naming the timestep. */
  alphaAt(timestep: number): number;
  /** √ᾱ_t·x_0 + √(1−ᾱ_t)·noise. */
  addNoise(original: tf.Tensor, noise: tf.Tensor, timesteps: Timesteps): tf.Tensor;
  /** √ᾱ_t·noise − √(1−ᾱ_t)·x_0. */
  getVelocity(sample: tf.Tensor, noise: tf.Tensor, timesteps: Timesteps): tf.Tensor;
}

/**
 * Builds the schedule that a config describes.
 *
 * @param lastAlpha ᾱ at the last timestep after zero-SNR rescaling, where 0 would make a sigma infinite.
 */
export function noiseSchedule(className: string, config: BetaConfig, lastAlpha?: number): NoiseSchedule {
  const { num_train_timesteps: count, beta_start: start, beta_end: end, trained_betas: trained } = config;
  if (trained && trained.length !== count) {
    throw new Error(
      `${className}: option "trained_betas" has ${trained.length} values, "num_train_timesteps" is ${count}; they must agree.`,
    );
  }
  const plain = trained ? Float32Array.from(trained) : betas(config.beta_schedule, start, end, count);
  const alphasCumprod = alphasCumprodOf(
    config.rescale_betas_zero_snr ? rescaleZeroTerminalSnr(plain) : plain,
  );
  if (config.rescale_betas_zero_snr && lastAlpha !== undefined) alphasCumprod[count - 1] = lastAlpha;
  const alphaAt = (timestep: number): number => {
    if (!Number.isInteger(timestep) || timestep < 0 || timestep >= count) {
      throw new RangeError(`${className}: timestep ${timestep} is no whole number from 0 to ${count - 1}.`);
    }
    return at(alphasCumprod, timestep);
  };
  const mix = (alphaTerm: tf.Tensor, noiseTerm: tf.Tensor, timesteps: Timesteps, sign: 1 | -1): tf.Tensor =>
    tf.tidy(() => {
      const batch = alphaTerm.shape[0] ?? 1;
      return combine(
        [coefficientsAt(timesteps, batch, (t) => root(alphaAt(t))), alphaTerm],
        [coefficientsAt(timesteps, batch, (t) => sign * root(f32(1 - alphaAt(t)))), noiseTerm],
      );
    });
  return Object.freeze({
    numTrainTimesteps: count,
    alphasCumprod,
    alphaAt,
    addNoise: (original: tf.Tensor, noise: tf.Tensor, timesteps: Timesteps) =>
      mix(original, noise, timesteps, 1),
    getVelocity: (sample: tf.Tensor, noise: tf.Tensor, timesteps: Timesteps) =>
      mix(noise, sample, timesteps, -1),
  });
}

/**
 * The noise of a plan's step for variance-preserving schedulers: that of the step's timestep, none after the last.
 */
export function addNoiseByTimestep(
  schedule: NoiseSchedule,
  timesteps: readonly number[],
): (original: tf.Tensor, noise: tf.Tensor, index: number) => tf.Tensor {
  return (original, noise, index) =>
    index < timesteps.length ? schedule.addNoise(original, noise, at(timesteps, index)) : original.clone();
}
