import * as tf from "@tensorflow/tfjs";
import { integrate } from "../schedules/integrate.ts";
import { at, f32 } from "../schedules/numeric.ts";
import { sigmasAt } from "../schedules/sigmas.ts";
import { fractionalTimesteps } from "../schedules/timesteps.ts";
import { betaOptions, linspaceSpacing, predictionOption, sigmaOptions } from "./common-options.ts";
import { defineScheduler } from "./definition.ts";
import { historyOf, remember } from "./history.ts";
import { makePlan } from "./plan.ts";
import { originalFromSigma } from "./prediction.ts";
import {
  addNoiseBySigma,
  checkSigmaFlags,
  initialSigma,
  rangeOf,
  respacedSigmas,
  scaleBySigma,
  sigmaSchedule,
} from "./sigma-plan.ts";
import { combine } from "./tensor-math.ts";

const MAX_ORDER = 4;

/** Linear multi-step (Adams-Bashforth) with uneven steps in sigma. */
export const lmsDiscreteScheduler = defineScheduler({
  className: "LMSDiscreteScheduler",
  title: "LMS",
  doc: "Linear multi-step method over sigma, deterministic. Hairer et al. 1993, §III.5, after k-diffusion.",
  options: { ...betaOptions, ...sigmaOptions, ...predictionOption, ...linspaceSpacing },
  samplingOptions: ["lmsOrder"],
  parts: (config, className) => {
    checkSigmaFlags(className, config);
    const schedule = sigmaSchedule(className, config);
    return {
      ...schedule,
      predictionType: config.prediction_type,
      plan: (scheduler, numInferenceSteps, { lmsOrder = MAX_ORDER }) => {
        if (!Number.isInteger(lmsOrder) || lmsOrder < 1 || lmsOrder > MAX_ORDER) {
          throw new Error(`${className}: lmsOrder is ${lmsOrder}; it must be 1, 2, 3 or 4.`);
        }
        const spaced = fractionalTimesteps({
          spacing: config.timestep_spacing,
          stepsOffset: config.steps_offset,
          numInferenceSteps,
          numTrainTimesteps: schedule.numTrainTimesteps,
        });
        const interpolated = sigmasAt(spaced, schedule.table);
        const respaced = respacedSigmas(config, rangeOf(interpolated), numInferenceSteps);
        const sigmas = [...(respaced ?? interpolated), 0].map(f32);
        return makePlan({
          scheduler,
          numInferenceSteps,
          timesteps: (respaced?.map(schedule.toTimestep) ?? spaced).map(f32),
          sigmas,
          initNoiseSigma: initialSigma(sigmas, config.timestep_spacing),
          scale: scaleBySigma(sigmas),
          addNoise: addNoiseBySigma(sigmas),
          step: ({ modelOutput, sample, index, state }) => {
            const sigma = at(sigmas, index);
            const predOriginalSample = originalFromSigma(config.prediction_type, modelOutput, sample, sigma);
            const derivative: tf.Tensor4D = tf.div(tf.sub(sample, predOriginalSample), sigma);
            const derivatives = [derivative, ...historyOf(state, "derivative")].slice(0, lmsOrder);
            // The order follows the place in the schedule, as in diffusers, also where a sliced run has fewer
            // derivatives yet: the missing ones count as 0.
            const order = Math.min(index + 1, lmsOrder);
            const terms = derivatives
              .slice(0, order)
              .map((term, i) => [f32(lmsCoefficient(sigmas, index, order, i)), term] as const);
            const [first, ...rest] = terms;
            const change = first ? combine(first, ...rest) : tf.zerosLike(sample);
            return {
              prevSample: tf.add(sample, change),
              predOriginalSample,
              history: { tensors: remember("derivative", derivatives, lmsOrder - 1), counters: {} },
            };
          },
        });
      },
    };
  },
});

/**
 * ∫ from σ_i to σ_{i+1} of the Lagrange polynomial that is 1 at σ_{i−current} and 0 at the other `order` − 1 last sigmas.
 */
function lmsCoefficient(sigmas: readonly number[], index: number, order: number, current: number): number {
  // The polynomial itself in float32, as diffusers evaluates it: over wide steps its rounding can be seen.
  const lagrange = (tau: number): number => {
    let product = 1;
    for (let k = 0; k < order; k += 1) {
      if (k === current) continue;
      const distance = f32(at(sigmas, index - current) - at(sigmas, index - k));
      product = f32(product * f32(f32(f32(tau) - at(sigmas, index - k)) / distance));
    }
    return product;
  };
  return integrate(lagrange, at(sigmas, index), at(sigmas, index + 1));
}
