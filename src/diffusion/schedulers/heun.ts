import * as tf from "@tensorflow/tfjs";
import { at, f32 } from "../schedules/numeric.ts";
import { sigmasAt } from "../schedules/sigmas.ts";
import { fractionalTimesteps } from "../schedules/timesteps.ts";
import {
  betaOptions,
  clipOptions,
  linspaceSpacing,
  predictionOption,
  sigmaOptions,
} from "./common-options.ts";
import { checkCustomTimesteps } from "./custom-timesteps.ts";
import { defineScheduler } from "./definition.ts";
import { makePlan } from "./plan.ts";
import { originalFromSigma } from "./prediction.ts";
import {
  addNoiseBySigma,
  checkSigmaFlags,
  initialSigma,
  rangeOf,
  refuseTimestepsWithSigmas,
  respacedSigmas,
  scaleBySigma,
  sigmaSchedule,
} from "./sigma-plan.ts";
import { clipSample } from "./tensor-math.ts";

/** Heun's method: an Euler step, a second model call at its end, and the step again with the mean slope. */
export const heunDiscreteScheduler = defineScheduler({
  className: "HeunDiscreteScheduler",
  title: "Heun",
  doc: "Second order: two model calls for each step but the last. Karras et al. 2022, algorithm 1.",
  options: {
    ...betaOptions,
    beta_start: { ...betaOptions.beta_start, default: 0.00085 },
    beta_end: { ...betaOptions.beta_end, default: 0.012 },
    beta_schedule: {
      ...betaOptions.beta_schedule,
      values: ["linear", "scaled_linear", "squaredcos_cap_v2", "exp"],
    },
    ...predictionOption,
    ...sigmaOptions,
    ...clipOptions,
    clip_sample: { ...clipOptions.clip_sample, default: false },
    ...linspaceSpacing,
  },
  samplingOptions: ["timesteps"],
  parts: (config, className) => {
    checkSigmaFlags(className, config);
    const schedule = sigmaSchedule(className, config);
    const { numTrainTimesteps } = schedule;
    const { use_karras_sigmas, use_exponential_sigmas, use_beta_sigmas } = config;
    const deciding = { use_karras_sigmas, use_exponential_sigmas, use_beta_sigmas };
    return {
      ...schedule,
      predictionType: config.prediction_type,
      plan: (scheduler, numInferenceSteps, { timesteps: own }) => {
        refuseTimestepsWithSigmas(className, own, deciding);
        const spaced = own
          ? checkCustomTimesteps(className, own, numInferenceSteps, numTrainTimesteps, { whole: false }).map(
              f32,
            )
          : fractionalTimesteps({
              spacing: config.timestep_spacing,
              stepsOffset: config.steps_offset,
              numInferenceSteps,
              numTrainTimesteps,
            });
        const interpolated = sigmasAt(spaced, schedule.table);
        const respaced = respacedSigmas(deciding, rangeOf(interpolated), numInferenceSteps);
        const single = (respaced ?? interpolated).map(f32);
        // Every level but the first serves twice: as the end of one step and as the start of the next.
        const sigmas = [...twiceAfterFirst(single), 0];
        return makePlan({
          scheduler,
          numInferenceSteps,
          timesteps: twiceAfterFirst((respaced?.map(schedule.toTimestep) ?? spaced).map(f32)),
          sigmas,
          initNoiseSigma: initialSigma(sigmas, config.timestep_spacing),
          order: 2,
          scale: scaleBySigma(sigmas),
          addNoise: addNoiseBySigma(sigmas),
          step: ({ modelOutput, sample, index, state }) => {
            const { prediction_type: type, clip_sample_range: range } = config;
            const begin = state?.tensors["beginSample"];
            const slope = state?.tensors["derivative"];
            const guess = originalFromSigma(type, modelOutput, sample, at(sigmas, index));
            const predOriginalSample = config.clip_sample ? clipSample(guess, range) : guess;
            const derivative: tf.Tensor4D = tf.div(tf.sub(sample, predOriginalSample), at(sigmas, index));
            if (begin && slope) {
              const mean = tf.div(tf.add(slope, derivative), 2);
              const change = f32(at(sigmas, index) - at(sigmas, index - 1));
              return { prevSample: tf.add(begin, tf.mul(mean, change)), predOriginalSample };
            }
            if (index % 2 === 1) {
              throw new Error(
                `${className}: this is the second half of a step (timestep ${at(spaced, (index + 1) / 2)}); it needs the state that the first half returned.`,
              );
            }
            const change = f32(at(sigmas, index + 1) - at(sigmas, index));
            return {
              prevSample: tf.add(sample, tf.mul(derivative, change)),
              predOriginalSample,
              history: { tensors: { beginSample: sample, derivative }, counters: {} },
            };
          },
        });
      },
    };
  },
});

const twiceAfterFirst = (values: readonly number[]): number[] =>
  values.flatMap((value, i) => (i === 0 ? [value] : [value, value]));
