import * as tf from "@tensorflow/tfjs";
import { at, f32 } from "../schedules/numeric.ts";
import { wholeTimesteps } from "../schedules/timesteps.ts";
import {
  betaOptions,
  clipOptions,
  leadingSpacing,
  predictionOption,
  rescaleBetas,
  thresholdOptions,
} from "./common-options.ts";
import { checkStepCount, checkTimestepRange } from "./custom-timesteps.ts";
import { defineScheduler } from "./definition.ts";
import { addNoiseByTimestep, noiseSchedule } from "./noise-schedule.ts";
import { makePlan } from "./plan.ts";
import { epsilonFromOriginal, epsilonFromOutput, originalFromOutput } from "./prediction.ts";
import { combine, limitSample, root } from "./tensor-math.ts";

/** Denoising diffusion implicit models: the same model in fewer steps, without fresh noise unless asked for. */
export const ddimScheduler = defineScheduler({
  className: "DDIMScheduler",
  title: "DDIM",
  doc: "Deterministic, or with noise by eta. Song et al. 2021, eq. 12.",
  options: {
    ...betaOptions,
    ...clipOptions,
    set_alpha_to_one: {
      kind: "boolean",
      default: true,
      doc: "End at no noise at all; otherwise at the noise of timestep 0.",
    },
    ...leadingSpacing,
    ...predictionOption,
    ...thresholdOptions,
    ...rescaleBetas,
  },
  samplingOptions: ["eta", "useClippedModelOutput"],
  parts: (config, className) => {
    const schedule = noiseSchedule(className, config);
    const { numTrainTimesteps, alphaAt } = schedule;
    const finalAlpha = config.set_alpha_to_one ? 1 : alphaAt(0);
    return {
      ...schedule,
      predictionType: config.prediction_type,
      plan: (scheduler, numInferenceSteps, { eta = 0, useClippedModelOutput = false }) => {
        checkStepCount(className, numInferenceSteps, numTrainTimesteps);
        if (!(eta >= 0))
          throw new Error(`${className}: eta is ${eta}; it must be 0 or more (1 is as noisy as DDPM).`);
        const timesteps = checkTimestepRange(
          className,
          wholeTimesteps({
            spacing: config.timestep_spacing,
            stepsOffset: config.steps_offset,
            numInferenceSteps,
            numTrainTimesteps,
          }),
          numTrainTimesteps,
        );
        const stride = Math.floor(numTrainTimesteps / numInferenceSteps);
        return makePlan({
          scheduler,
          numInferenceSteps,
          timesteps,
          initNoiseSigma: 1,
          needsGenerator: eta > 0,
          addNoise: addNoiseByTimestep(schedule, timesteps),
          step: ({ modelOutput, sample, index, noise }) => {
            const t = at(timesteps, index);
            const alphaProd = alphaAt(t);
            const alphaProdPrev = t - stride >= 0 ? alphaAt(t - stride) : finalAlpha;
            const guess = originalFromOutput(config.prediction_type, modelOutput, sample, alphaProd);
            const predOriginalSample = limitSample(config, guess);
            const predEpsilon = useClippedModelOutput
              ? epsilonFromOriginal(predOriginalSample, sample, alphaProd)
              : epsilonFromOutput(config.prediction_type, modelOutput, sample, alphaProd);
            const deviation = f32(f32(eta) * root(varianceBetween(alphaProd, alphaProdPrev)));
            const direction = root(f32(f32(1 - alphaProdPrev) - f32(deviation * deviation)));
            const prevSample = combine([root(alphaProdPrev), predOriginalSample], [direction, predEpsilon]);
            return {
              prevSample: eta > 0 ? tf.add(prevSample, tf.mul(noise(), deviation)) : prevSample,
              predOriginalSample,
            };
          },
        });
      },
    };
  },
});

/** σ² for eta = 1 (Song et al. 2021, eq. 16). */
const varianceBetween = (alphaProd: number, alphaProdPrev: number): number =>
  f32(f32(f32(1 - alphaProdPrev) / f32(1 - alphaProd)) * f32(1 - f32(alphaProd / alphaProdPrev)));
