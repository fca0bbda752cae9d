import * as tf from "@tensorflow/tfjs";
import { at, f32 } from "../schedules/numeric.ts";
import { sigmasAt } from "../schedules/sigmas.ts";
import { fractionalTimesteps } from "../schedules/timesteps.ts";
import { betaOptions, linspaceSpacing, predictionOption, rescaleBetas } from "./common-options.ts";
import { defineScheduler } from "./definition.ts";
import { makePlan } from "./plan.ts";
import { originalFromSigma } from "./prediction.ts";
import { addNoiseBySigma, initialSigma, scaleBySigma, sigmaSchedule } from "./sigma-plan.ts";
import { root } from "./tensor-math.ts";

/** Euler steps to below the next noise level, and fresh noise back up to it. */
export const eulerAncestralDiscreteScheduler = defineScheduler({
  className: "EulerAncestralDiscreteScheduler",
  title: "Euler ancestral",
  doc: "Euler's method with fresh noise at every step (ancestral sampling). Song et al. 2021b, appendix F.",
  options: {
    ...betaOptions,
    prediction_type: { ...predictionOption.prediction_type, values: ["epsilon", "v_prediction"] },
    ...linspaceSpacing,
    ...rescaleBetas,
  },
  samplingOptions: [],
  parts: (config, className) => {
    const schedule = sigmaSchedule(className, config);
    return {
      ...schedule,
      predictionType: config.prediction_type,
      plan: (scheduler, numInferenceSteps) => {
        const timesteps = fractionalTimesteps({
          spacing: config.timestep_spacing,
          stepsOffset: config.steps_offset,
          numInferenceSteps,
          numTrainTimesteps: schedule.numTrainTimesteps,
        });
        const sigmas = [...sigmasAt(timesteps, schedule.table), 0].map(f32);
        return makePlan({
          scheduler,
          numInferenceSteps,
          timesteps,
          sigmas,
          initNoiseSigma: initialSigma(sigmas, config.timestep_spacing),
          needsGenerator: true,
          scale: scaleBySigma(sigmas),
          addNoise: addNoiseBySigma(sigmas),
          step: ({ modelOutput, sample, index, noise }) => {
            const from = at(sigmas, index);
            const to = at(sigmas, index + 1);
            const fromSquared = f32(from * from);
            const toSquared = f32(to * to);
            const up = root(f32(f32(toSquared * f32(fromSquared - toSquared)) / fromSquared));
            const down = root(f32(toSquared - f32(up * up)));
            const predOriginalSample = originalFromSigma(config.prediction_type, modelOutput, sample, from);
            const derivative: tf.Tensor4D = tf.div(tf.sub(sample, predOriginalSample), from);
            const stepped = tf.add(sample, tf.mul(derivative, f32(down - from)));
            return { prevSample: tf.add(stepped, tf.mul(noise(), up)), predOriginalSample };
          },
        });
      },
    };
  },
});
