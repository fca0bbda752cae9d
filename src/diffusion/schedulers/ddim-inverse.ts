import { at, f32 } from "../schedules/numeric.ts";
import { wholeTimesteps } from "../schedules/timesteps.ts";
import {
  betaOptions,
  clipOptions,
  leadingSpacing,
  predictionOption,
  rescaleBetas,
} from "./common-options.ts";
import { checkStepCount, checkTimestepRange } from "./custom-timesteps.ts";
import { defineScheduler } from "./definition.ts";
import { noiseSchedule } from "./noise-schedule.ts";
import { makePlan } from "./plan.ts";
import { epsilonFromOutput, originalFromOutput } from "./prediction.ts";
import { clipSample, combine, root } from "./tensor-math.ts";

/** DDIM run backwards: from a picture to the noise that DDIM would make it from. Its timesteps ascend. */
export const ddimInverseScheduler = defineScheduler({
  className: "DDIMInverseScheduler",
  title: "DDIM inversion",
  doc: "From a picture to its noise, along DDIM's path. Song et al. 2021, §4.3; Mokady et al. 2023.",
  options: {
    ...betaOptions,
    ...clipOptions,
    set_alpha_to_one: {
      kind: "boolean",
      default: true,
      doc: "Start from no noise at all; otherwise from the noise of timestep 0.",
    },
    ...predictionOption,
    ...leadingSpacing,
    timestep_spacing: { ...leadingSpacing.timestep_spacing, values: ["leading", "trailing"] },
    ...rescaleBetas,
  },
  samplingOptions: [],
  parts: (config, className) => {
    const schedule = noiseSchedule(className, config);
    const { numTrainTimesteps, alphaAt } = schedule;
    const initialAlpha = config.set_alpha_to_one ? 1 : alphaAt(0);
    return {
      ...schedule,
      predictionType: config.prediction_type,
      plan: (scheduler, numInferenceSteps) => {
        checkStepCount(className, numInferenceSteps, numTrainTimesteps);
        const timesteps = checkTimestepRange(
          className,
          wholeTimesteps({
            spacing: config.timestep_spacing,
            stepsOffset: config.steps_offset,
            numInferenceSteps,
            numTrainTimesteps,
          }).reverse(),
          numTrainTimesteps,
        );
        const stride = Math.floor(numTrainTimesteps / numInferenceSteps);
        // The sample that enters step i carries the noise of the timestep before it.
        const alphaBefore = (index: number): number => {
          const before = Math.min(at(timesteps, index) - stride, numTrainTimesteps - 1);
          return before >= 0 ? alphaAt(before) : initialAlpha;
        };
        return makePlan({
          scheduler,
          numInferenceSteps,
          timesteps,
          initNoiseSigma: 1,
          addNoise: (original, noise, index) => {
            const last = timesteps.length - 1;
            const alpha = index > last ? alphaAt(at(timesteps, last)) : alphaBefore(index);
            return combine([root(alpha), original], [root(f32(1 - alpha)), noise]);
          },
          step: ({ modelOutput, sample, index }) => {
            const alphaProd = alphaBefore(index);
            const alphaProdNext = alphaAt(at(timesteps, index));
            const guess = originalFromOutput(config.prediction_type, modelOutput, sample, alphaProd);
            const predOriginalSample = config.clip_sample
              ? clipSample(guess, config.clip_sample_range)
              : guess;
            const predEpsilon = epsilonFromOutput(config.prediction_type, modelOutput, sample, alphaProd);
            const prevSample = combine(
              [root(alphaProdNext), predOriginalSample],
              [root(f32(1 - alphaProdNext)), predEpsilon],
            );
            return { prevSample, predOriginalSample };
          },
        });
      },
    };
  },
});
