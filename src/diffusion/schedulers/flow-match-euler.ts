import * as tf from "@tensorflow/tfjs";
import { at, f32, linspace } from "../schedules/numeric.ts";
import { stretchToTerminal, timeShift, shiftBy } from "../schedules/flow.ts";
import { numTrainTimesteps, sigmaOptions } from "./common-options.ts";
import { defineScheduler } from "./definition.ts";
import { makePlan } from "./plan.ts";
import type { SamplingOptions, Timesteps } from "./scheduler.ts";
import { checkSigmaFlags, rangeOf, respacedSigmas } from "./sigma-plan.ts";
import { coefficientsAt, combine } from "./tensor-math.ts";

/** Flow matching: straight paths x = (1−σ)·x_0 + σ·noise, walked with Euler's method. */
export const flowMatchEulerDiscreteScheduler = defineScheduler({
  className: "FlowMatchEulerDiscreteScheduler",
  title: "Flow match Euler",
  doc: "Euler's method on rectified flows. Liu et al. 2023; Esser et al. 2024, eq. 13 and 23.",
  options: {
    num_train_timesteps: numTrainTimesteps,
    shift: { kind: "number", default: 1, doc: "Shift of the sigmas towards noise." },
    use_dynamic_shifting: {
      kind: "boolean",
      default: false,
      doc: "Take the shift of the run's own `mu`, chosen by the picture's size.",
    },
    base_shift: { kind: "optionalNumber", default: 0.5, doc: "`mu` of the smallest picture." },
    max_shift: { kind: "optionalNumber", default: 1.15, doc: "`mu` of the largest picture." },
    base_image_seq_len: { kind: "integer", default: 256, minimum: 1, doc: "Tokens of the smallest picture." },
    max_image_seq_len: { kind: "integer", default: 4096, minimum: 1, doc: "Tokens of the largest picture." },
    invert_sigmas: { kind: "boolean", default: false, doc: "Count the sigmas from noise (0) to data (1)." },
    shift_terminal: { kind: "optionalNumber", default: null, doc: "Where the shifted sigmas end." },
    ...sigmaOptions,
    time_shift_type: {
      kind: "choice",
      values: ["exponential", "linear"],
      default: "exponential",
      doc: "How `mu` shifts.",
    },
    stochastic_sampling: {
      kind: "boolean",
      default: false,
      doc: "Jump to x_0 and add fresh noise at every step.",
    },
  },
  samplingOptions: ["timesteps", "sigmas", "mu"],
  parts: (config, className) => {
    checkSigmaFlags(className, config);
    const total = config.num_train_timesteps;
    const shifted = (sigma: number): number =>
      config.use_dynamic_shifting ? sigma : shiftBy(sigma, config.shift);
    const sigmaMax = f32(shifted(1));
    const sigmaMin = f32(shifted(f32(1 / total)));

    const levels = (
      count: number,
      { sigmas, timesteps, mu }: SamplingOptions,
    ): { readonly timesteps: readonly number[]; readonly sigmas: readonly number[] } => {
      checkLength(className, "sigmas", sigmas, count);
      checkLength(className, "timesteps", timesteps, count);
      if (config.use_dynamic_shifting && mu === undefined) {
        throw new Error(`${className}: with "use_dynamic_shifting" a run must set "mu".`);
      }
      const plain =
        sigmas?.map(f32) ??
        (timesteps?.map(f32) ?? linspace(sigmaMax * total, sigmaMin * total, count)).map((t) => t / total);
      const moved = plain.map((sigma) =>
        mu !== undefined && config.use_dynamic_shifting
          ? timeShift(sigma, mu, config.time_shift_type)
          : shiftBy(sigma, config.shift),
      );
      const stretched = config.shift_terminal ? stretchToTerminal(moved, config.shift_terminal) : moved;
      const final = (respacedSigmas(config, rangeOf(stretched), count) ?? stretched).map(f32);
      if (config.invert_sigmas) {
        const inverted = final.map((sigma) => f32(1 - sigma));
        return { sigmas: [...inverted, 1], timesteps: inverted.map((sigma) => f32(sigma * total)) };
      }
      return {
        sigmas: [...final, 0],
        timesteps: timesteps?.map(f32) ?? final.map((sigma) => f32(sigma * total)),
      };
    };

    /** Part of the sample that is noise. */
    const noisePart = (sigma: number): number => (config.invert_sigmas ? f32(1 - sigma) : sigma);
    const sigmaOf = (timestep: number): number => {
      if (!(timestep >= 0 && timestep <= total)) {
        throw new RangeError(`${className}: timestep ${timestep} is outside of 0…${total}.`);
      }
      return noisePart(f32(timestep / total));
    };

    return {
      numTrainTimesteps: total,
      predictionType: "flow_prediction",
      alphasCumprod: undefined,
      addNoise: (original: tf.Tensor, noise: tf.Tensor, timesteps: Timesteps) =>
        tf.tidy(() => {
          const batch = original.shape[0] ?? 1;
          return combine(
            [coefficientsAt(timesteps, batch, sigmaOf), noise],
            [coefficientsAt(timesteps, batch, (t) => f32(1 - sigmaOf(t))), original],
          );
        }),
      getVelocity: (sample: tf.Tensor, noise: tf.Tensor) =>
        tf.tidy(() => (config.invert_sigmas ? tf.sub(sample, noise) : tf.sub(noise, sample))),
      plan: (scheduler, numInferenceSteps, options) => {
        const { sigmas, timesteps } = levels(numInferenceSteps, options);
        return makePlan({
          scheduler,
          numInferenceSteps,
          timesteps,
          sigmas,
          initNoiseSigma: 1,
          needsGenerator: config.stochastic_sampling,
          addNoise: (original, noise, index) => {
            const part = noisePart(at(sigmas, index));
            return combine([part, noise], [f32(1 - part), original]);
          },
          step: ({ modelOutput, sample, index, noise }) => {
            const sigma = at(sigmas, index);
            const next = at(sigmas, index + 1);
            if (config.stochastic_sampling) {
              const original: tf.Tensor4D = tf.sub(sample, tf.mul(modelOutput, sigma));
              const prevSample = combine([f32(1 - next), original], [next, noise()]);
              return { prevSample, predOriginalSample: original };
            }
            const toData = config.invert_sigmas ? f32(1 - sigma) : -sigma;
            return {
              prevSample: tf.add(sample, tf.mul(modelOutput, f32(next - sigma))),
              predOriginalSample: tf.add(sample, tf.mul(modelOutput, toData)),
            };
          },
        });
      },
    };
  },
});

function checkLength(
  className: string,
  what: string,
  own: readonly number[] | undefined,
  count: number,
): void {
  if (own && own.length !== count) {
    throw new Error(
      `${className}: the run's own ${what} are ${own.length}, but numInferenceSteps is ${count}.`,
    );
  }
}
