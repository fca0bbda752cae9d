import * as tf from "@tensorflow/tfjs";
import { at, exp32, f32, log32 } from "../schedules/numeric.ts";
import { wholeTimesteps } from "../schedules/timesteps.ts";
import {
  betaOptions,
  clipOptions,
  leadingSpacing,
  predictionOption,
  rescaleBetas,
  thresholdOptions,
} from "./common-options.ts";
import { checkCustomTimesteps, checkStepCount, checkTimestepRange } from "./custom-timesteps.ts";
import { defineScheduler } from "./definition.ts";
import { addNoiseByTimestep, noiseSchedule } from "./noise-schedule.ts";
import { makePlan } from "./plan.ts";
import { originalFromOutput, splitVariance } from "./prediction.ts";
import { combine, limitSample, root } from "./tensor-math.ts";

const varianceTypes = [
  "fixed_small",
  "fixed_small_log",
  "fixed_large",
  "fixed_large_log",
  "learned",
  "learned_range",
] as const;
type VarianceType = (typeof varianceTypes)[number];

/** Denoising diffusion probabilistic models: ancestral sampling, a little fresh noise at every step. */
export const ddpmScheduler = defineScheduler({
  className: "DDPMScheduler",
  title: "DDPM",
  doc: "Ancestral sampling, noise at every step. Ho et al. 2020, algorithm 2.",
  options: {
    ...betaOptions,
    beta_schedule: {
      ...betaOptions.beta_schedule,
      values: ["linear", "scaled_linear", "squaredcos_cap_v2", "laplace", "sigmoid"],
    },
    variance_type: {
      kind: "choice",
      values: varianceTypes,
      default: "fixed_small",
      doc: "The variance of the noise that each step adds; learned ones come from the model.",
    },
    ...clipOptions,
    ...predictionOption,
    ...thresholdOptions,
    ...leadingSpacing,
    ...rescaleBetas,
  },
  samplingOptions: ["timesteps"],
  parts: (config, className) => {
    const schedule = noiseSchedule(className, config);
    const { numTrainTimesteps, alphaAt } = schedule;
    return {
      ...schedule,
      predictionType: config.prediction_type,
      plan: (scheduler, numInferenceSteps, options) => {
        const whole = { whole: true };
        if (!options.timesteps) checkStepCount(className, numInferenceSteps, numTrainTimesteps);
        const timesteps = options.timesteps
          ? checkCustomTimesteps(className, options.timesteps, numInferenceSteps, numTrainTimesteps, whole)
          : checkTimestepRange(
              className,
              wholeTimesteps({
                spacing: config.timestep_spacing,
                stepsOffset: config.steps_offset,
                numInferenceSteps,
                numTrainTimesteps,
              }),
              numTrainTimesteps,
            );
        const learned = config.variance_type === "learned" || config.variance_type === "learned_range";
        return makePlan({
          scheduler,
          numInferenceSteps,
          timesteps,
          initNoiseSigma: 1,
          needsGenerator: true,
          allowsVariance: learned,
          addNoise: addNoiseByTimestep(schedule, timesteps),
          step: ({ modelOutput, sample, index, noise }) => {
            const t = at(timesteps, index);
            const { mean, variance: predicted } = splitVariance(modelOutput, sample.shape[3]);
            if (learned && !predicted) {
              throw new Error(
                `${className}: "variance_type" is ${config.variance_type}, but the model returned no variance: ` +
                  `modelOutput must have ${sample.shape[3] * 2} channels.`,
              );
            }
            const alphaProd = alphaAt(t);
            const alphaProdPrev = index + 1 < timesteps.length ? alphaAt(at(timesteps, index + 1)) : 1;
            const betaProd = f32(1 - alphaProd);
            const currentAlpha = f32(alphaProd / alphaProdPrev);
            const currentBeta = f32(1 - currentAlpha);
            const guess = originalFromOutput(config.prediction_type, mean, sample, alphaProd);
            const predOriginalSample = limitSample(config, guess);
            // Ho et al. 2020, eq. 7
            const originalCoefficient = f32(f32(root(alphaProdPrev) * currentBeta) / betaProd);
            const sampleCoefficient = f32(f32(root(currentAlpha) * f32(1 - alphaProdPrev)) / betaProd);
            let prevSample = combine([originalCoefficient, predOriginalSample], [sampleCoefficient, sample]);
            if (t > 0) {
              const smallVariance = Math.max(
                f32(f32(f32(1 - alphaProdPrev) / betaProd) * currentBeta),
                f32(1e-20),
              );
              const deviation = standardDeviation(
                config.variance_type,
                smallVariance,
                currentBeta,
                predicted,
              );
              prevSample = tf.add(prevSample, tf.mul(noise(), deviation));
            }
            return { prevSample, predOriginalSample };
          },
        });
      },
    };
  },
});

/**
 * The noise that a step adds (Ho et al. 2020, §3.2; learned: Nichol and Dhariwal 2021, eq. 15).
 *
 * `fixed_large_log` is √β, the same as `fixed_large`: diffusers takes the square root of the logarithm there, which has
 * no real value.
 *
 * @param small β̃_t, the smallest sensible variance; `large` is β_t.
 */
function standardDeviation(
  type: VarianceType,
  small: number,
  large: number,
  predicted: tf.Tensor4D | undefined,
): number | tf.Tensor4D {
  switch (type) {
    case "fixed_small":
      return root(small);
    case "fixed_small_log":
      return exp32(f32(0.5 * log32(small)));
    case "fixed_large":
    case "fixed_large_log":
      return root(large);
    case "learned":
      return predicted ? tf.sqrt(predicted) : root(small);
    case "learned_range": {
      if (!predicted) return root(small);
      const fraction = tf.div(tf.add(predicted, 1), 2);
      const logVariance = tf.add(tf.mul(fraction, log32(large)), tf.mul(tf.sub(1, fraction), log32(small)));
      return tf.exp(tf.mul(logVariance, 0.5)) as tf.Tensor4D;
    }
  }
}
