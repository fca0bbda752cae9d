import { at, f32, linspace } from "../schedules/numeric.ts";
import {
  betaOptions,
  clipOptions,
  leadingSpacing,
  predictionOption,
  rescaleBetas,
  thresholdOptions,
} from "./common-options.ts";
import { checkCustomTimesteps, checkStepCount } from "./custom-timesteps.ts";
import { defineScheduler } from "./definition.ts";
import { addNoiseByTimestep, noiseSchedule } from "./noise-schedule.ts";
import { makePlan } from "./plan.ts";
import { originalFromOutput } from "./prediction.ts";
import type { SamplingOptions } from "./scheduler.ts";
import { combine, limitSample, root } from "./tensor-math.ts";

/** Standard deviation of the data that the boundary condition assumes (Song et al. 2023, appendix C). */
const SIGMA_DATA = 0.5;

/** Latent consistency models: the model jumps to x_0, and noise brings the guess to the next timestep. */
export const lcmScheduler = defineScheduler({
  className: "LCMScheduler",
  title: "LCM",
  doc: "For latent consistency models, 1 to 8 steps. Luo et al. 2023, algorithm 3.",
  options: {
    ...betaOptions,
    beta_start: { ...betaOptions.beta_start, default: 0.00085 },
    beta_end: { ...betaOptions.beta_end, default: 0.012 },
    beta_schedule: { ...betaOptions.beta_schedule, default: "scaled_linear" },
    original_inference_steps: {
      kind: "integer",
      default: 50,
      minimum: 1,
      doc: "Steps of the schedule that the model was distilled with; the run's are taken from it.",
    },
    ...clipOptions,
    clip_sample: { ...clipOptions.clip_sample, default: false },
    set_alpha_to_one: { kind: "boolean", default: true, doc: "End at no noise at all. No effect on a run." },
    ...leadingSpacing,
    ...predictionOption,
    ...thresholdOptions,
    timestep_scaling: {
      kind: "number",
      default: 10,
      doc: "Scale of the timestep in the boundary condition; larger means closer to the model's own x_0.",
    },
    ...rescaleBetas,
  },
  samplingOptions: ["timesteps", "originalInferenceSteps", "strength"],
  parts: (config, className) => {
    const schedule = noiseSchedule(className, config);
    const { numTrainTimesteps, alphaAt } = schedule;
    return {
      ...schedule,
      predictionType: config.prediction_type,
      plan: (scheduler, numInferenceSteps, options) => {
        const timesteps = runTimesteps(
          className,
          numTrainTimesteps,
          options.originalInferenceSteps ?? config.original_inference_steps,
          numInferenceSteps,
          options,
        );
        return makePlan({
          scheduler,
          numInferenceSteps,
          timesteps,
          initNoiseSigma: 1,
          needsGenerator: timesteps.length > 1,
          addNoise: addNoiseByTimestep(schedule, timesteps),
          step: ({ modelOutput, sample, index, noise }) => {
            const t = at(timesteps, index);
            const guess = originalFromOutput(config.prediction_type, modelOutput, sample, alphaAt(t));
            const original = limitSample(config, guess);
            // c_out·x_0 + c_skip·x_t (Luo et al. 2023, eq. 9)
            const scaled = f32(t * f32(config.timestep_scaling));
            const squared = f32(f32(scaled * scaled) + SIGMA_DATA ** 2);
            const denoised = combine(
              [f32(scaled / root(squared)), original],
              [f32(SIGMA_DATA ** 2 / squared), sample],
            );
            if (index === timesteps.length - 1) return { prevSample: denoised, predOriginalSample: denoised };
            const alphaPrev = alphaAt(at(timesteps, index + 1));
            const prevSample = combine([root(alphaPrev), denoised], [root(f32(1 - alphaPrev)), noise()]);
            return { prevSample, predOriginalSample: denoised };
          },
        });
      },
    };
  },
});

/** Every k-th training timestep, as in distillation; of those, evenly, as many as the run has steps. Descending. */
function runTimesteps(
  className: string,
  numTrainTimesteps: number,
  originalSteps: number,
  numInferenceSteps: number,
  { timesteps: own, strength = 1 }: SamplingOptions,
): readonly number[] {
  if (!(strength > 0 && strength <= 1)) {
    throw new RangeError(`${className}: strength is ${strength}; it must be over 0 and at most 1.`);
  }
  if (own) {
    const whole = { whole: true };
    const checked = checkCustomTimesteps(className, own, numInferenceSteps, numTrainTimesteps, whole);
    return checked.slice(numInferenceSteps - Math.max(1, Math.trunc(numInferenceSteps * strength)));
  }
  if (originalSteps > numTrainTimesteps) {
    throw new Error(
      `${className}: original_inference_steps is ${originalSteps}, more than the ${numTrainTimesteps} timesteps of training.`,
    );
  }
  checkStepCount(className, numInferenceSteps, numTrainTimesteps);
  const stride = Math.floor(numTrainTimesteps / originalSteps);
  const kept = Math.trunc(originalSteps * strength);
  if (kept < numInferenceSteps) {
    throw new Error(
      `${className}: ${numInferenceSteps} steps are more than original_inference_steps × strength = ${originalSteps} × ` +
        `${strength} offers. Take at most ${kept} steps, or raise the strength.`,
    );
  }
  return linspace(0, kept, numInferenceSteps, false).map((place) => (kept - Math.floor(place)) * stride - 1);
}
