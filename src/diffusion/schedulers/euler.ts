import * as tf from "@tensorflow/tfjs";
import { at, exp32, f32, linspace32, log32 } from "../schedules/numeric.ts";
import { sigmasAt } from "../schedules/sigmas.ts";
import { fractionalTimesteps } from "../schedules/timesteps.ts";
import {
  betaOptions,
  finalSigmasOption,
  linspaceSpacing,
  predictionOption,
  rescaleBetas,
  sigmaOptions,
  sigmaRangeOptions,
} from "./common-options.ts";
import { checkCustomTimesteps } from "./custom-timesteps.ts";
import { defineScheduler } from "./definition.ts";
import { makePlan } from "./plan.ts";
import { originalFromSigma } from "./prediction.ts";
import type { SamplingOptions } from "./scheduler.ts";
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
import { root } from "./tensor-math.ts";

/** Euler's method along the probability flow, with optional churn. */
export const eulerDiscreteScheduler = defineScheduler({
  className: "EulerDiscreteScheduler",
  title: "Euler",
  doc: "Euler's method on the probability flow; noise only by sChurn. Karras et al. 2022, algorithm 2.",
  options: {
    ...betaOptions,
    prediction_type: { ...predictionOption.prediction_type, aliases: { original_sample: "sample" } },
    interpolation_type: {
      kind: "choice",
      values: ["linear", "log_linear"],
      default: "linear",
      doc: "How sigmas between training timesteps are found.",
    },
    ...sigmaOptions,
    ...sigmaRangeOptions,
    ...linspaceSpacing,
    timestep_type: {
      kind: "choice",
      values: ["discrete", "continuous"],
      default: "discrete",
      doc: "What the model is given as timestep; continuous is ln(σ)/4, for v_prediction only.",
    },
    ...rescaleBetas,
    ...finalSigmasOption,
  },
  samplingOptions: ["timesteps", "sigmas", "sChurn", "sTmin", "sTmax", "sNoise"],
  parts: (config, className) => {
    checkSigmaFlags(className, config);
    const schedule = sigmaSchedule(className, config);
    const { numTrainTimesteps, table, toTimestep } = schedule;
    const continuous = config.timestep_type === "continuous" && config.prediction_type === "v_prediction";

    const levels = (
      count: number,
      own: SamplingOptions,
    ): { readonly timesteps: readonly number[]; readonly sigmas: readonly number[] } => {
      if (own.sigmas) {
        if (own.sigmas.length !== count + 1) {
          throw new Error(
            `${className}: the run's own sigmas are ${own.sigmas.length}; ${count} steps take ${count + 1}, the last one usually 0.`,
          );
        }
        const sigmas = own.sigmas.map(f32);
        return { sigmas, timesteps: sigmas.slice(0, -1).map((sigma) => f32(toTimestep(sigma))) };
      }
      const { use_karras_sigmas, use_exponential_sigmas, use_beta_sigmas } = config;
      const deciding = { use_karras_sigmas, use_exponential_sigmas, use_beta_sigmas };
      refuseTimestepsWithSigmas(className, own.timesteps, deciding);
      if (own.timesteps && continuous) {
        throw new Error(
          `${className}: a run cannot set "timesteps" when option "timestep_type" is continuous.`,
        );
      }
      const spaced = own.timesteps
        ? checkCustomTimesteps(className, own.timesteps, count, numTrainTimesteps, { whole: false }).map(f32)
        : fractionalTimesteps({
            spacing: config.timestep_spacing,
            stepsOffset: config.steps_offset,
            numInferenceSteps: count,
            numTrainTimesteps,
          });
      const interpolated =
        config.interpolation_type === "linear"
          ? sigmasAt(spaced, table)
          : Array.from(linspace32(log32(at(table, table.length - 1)), log32(at(table, 0)), count + 1), exp32);
      const respaced = respacedSigmas(deciding, rangeOf(interpolated, config), count);
      const last = config.final_sigmas_type === "zero" ? 0 : at(table, 0);
      return {
        timesteps: (respaced?.map(toTimestep) ?? spaced).map(f32),
        sigmas: [...(respaced ?? interpolated), last].map(f32),
      };
    };

    return {
      ...schedule,
      predictionType: config.prediction_type,
      plan: (scheduler, numInferenceSteps, options) => {
        const { sChurn = 0, sTmin = 0, sTmax = Infinity, sNoise = 1 } = options;
        const { sigmas, timesteps } = levels(numInferenceSteps, options);
        const churn = Math.min(sChurn / (sigmas.length - 1), Math.SQRT2 - 1);
        return makePlan({
          scheduler,
          numInferenceSteps,
          timesteps: continuous ? sigmas.slice(0, -1).map((sigma) => f32(0.25 * log32(sigma))) : timesteps,
          sigmas,
          initNoiseSigma: initialSigma(sigmas, config.timestep_spacing),
          needsGenerator: sChurn > 0,
          scale: scaleBySigma(sigmas),
          addNoise: addNoiseBySigma(sigmas),
          step: ({ modelOutput, sample, index, noise }) => {
            const sigma = at(sigmas, index);
            const gamma = sTmin <= sigma && sigma <= sTmax ? churn : 0;
            const sigmaHat = f32(sigma * f32(gamma + 1));
            const added = root(f32(f32(sigmaHat * sigmaHat) - f32(sigma * sigma)));
            const raised: tf.Tensor4D =
              gamma > 0 ? tf.add(sample, tf.mul(tf.mul(noise(), sNoise), added)) : sample;
            // Only the noise is scaled by the raised sigma; the velocity's scalings keep the schedule's.
            const level = config.prediction_type === "epsilon" ? sigmaHat : sigma;
            const predOriginalSample = originalFromSigma(config.prediction_type, modelOutput, raised, level);
            const derivative: tf.Tensor4D = tf.div(tf.sub(raised, predOriginalSample), sigmaHat);
            const prevSample: tf.Tensor4D = tf.add(
              raised,
              tf.mul(derivative, f32(at(sigmas, index + 1) - sigmaHat)),
            );
            return { prevSample, predOriginalSample };
          },
        });
      },
    };
  },
});
