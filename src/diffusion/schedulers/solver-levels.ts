import * as tf from "@tensorflow/tfjs";
import { at, f32, log32, sqrt32 } from "../schedules/numeric.ts";
import type { SigmaSchedule } from "./sigma-plan.ts";
import type { Timesteps } from "./scheduler.ts";
import { coefficientsAt, combine } from "./tensor-math.ts";

/** One noise level as the DPM-Solver family writes it: x = α·x_0 + σ·ε and λ = ln(α/σ). */
export interface Level {
  readonly alpha: number;
  readonly sigma: number;
  readonly lambda: number;
}

/** The level of a plan's sigma: variance preserving, or on a straight flow where α = 1 − σ. */
export function levelOf(sigma: number, flow: boolean): Level {
  const alpha = flow ? f32(1 - sigma) : f32(1 / sqrt32(f32(sigma * sigma) + 1));
  const noise = flow ? sigma : f32(sigma * alpha);
  return { alpha, sigma: noise, lambda: f32(log32(alpha) - log32(noise)) };
}

/** α·x_0 + σ·noise at the sigma of a plan's step. */
export const addNoiseByLevel =
  (sigmas: readonly number[], flow: boolean) =>
  (original: tf.Tensor, noise: tf.Tensor, index: number): tf.Tensor => {
    const { alpha, sigma } = levelOf(at(sigmas, index), flow);
    return combine([alpha, original], [sigma, noise]);
  };

/** The forward process at training timesteps for the solvers, which take diffusion and flow models alike. */
export function solverForwardProcess(
  className: string,
  schedule: SigmaSchedule,
  flow: boolean,
): {
  readonly addNoise: (original: tf.Tensor, noise: tf.Tensor, timesteps: Timesteps) => tf.Tensor;
  readonly getVelocity: (sample: tf.Tensor, noise: tf.Tensor, timesteps: Timesteps) => tf.Tensor;
} {
  const total = schedule.numTrainTimesteps;
  const level = (t: number): Level => {
    if (flow && !(t >= 0 && t <= total)) {
      throw new RangeError(`${className}: timestep ${t} is outside of 0…${total}.`);
    }
    if (flow) return levelOf(f32(t / total), true);
    schedule.alphaAt(t);
    return levelOf(at(schedule.table, t), false);
  };
  return {
    addNoise: (original, noise, timesteps) =>
      tf.tidy(() => {
        const batch = original.shape[0] ?? 1;
        return combine(
          [coefficientsAt(timesteps, batch, (t) => level(t).alpha), original],
          [coefficientsAt(timesteps, batch, (t) => level(t).sigma), noise],
        );
      }),
    getVelocity: (sample, noise, timesteps) =>
      flow ? tf.sub(noise, sample) : schedule.getVelocity(sample, noise, timesteps),
  };
}
