import * as tf from "@tensorflow/tfjs";
import { at, f32 } from "../schedules/numeric.ts";
import { wholeTimesteps } from "../schedules/timesteps.ts";
import { betaOptions, leadingSpacing, predictionOption } from "./common-options.ts";
import { checkStepCount, checkTimestepRange } from "./custom-timesteps.ts";
import { defineScheduler } from "./definition.ts";
import { historyOf, remember } from "./history.ts";
import { addNoiseByTimestep, noiseSchedule } from "./noise-schedule.ts";
import { makePlan, type StepContext, type StepOutcome } from "./plan.ts";
import { epsilonFromOutput, originalFromOutput } from "./prediction.ts";
import { combine, root } from "./tensor-math.ts";

/** Steps that the Runge-Kutta start replaces. */
const ORDER = 4;

/** Pseudo numerical methods: a linear multi-step method over DDIM's path, with or without a Runge-Kutta start. */
export const pndmScheduler = defineScheduler({
  className: "PNDMScheduler",
  title: "PNDM (PLMS)",
  doc: "Linear multi-step method of order 4, deterministic. Liu et al. 2022, eq. 9 and 12.",
  options: {
    ...betaOptions,
    skip_prk_steps: {
      kind: "boolean",
      default: false,
      doc: "Start with lower orders in place of 12 Runge-Kutta model calls; Stable Diffusion does.",
    },
    set_alpha_to_one: {
      kind: "boolean",
      default: false,
      doc: "End at no noise at all; otherwise at the noise of timestep 0.",
    },
    prediction_type: { ...predictionOption.prediction_type, values: ["epsilon", "v_prediction"] },
    ...leadingSpacing,
  },
  samplingOptions: [],
  parts: (config, className) => {
    const schedule = noiseSchedule(className, config);
    const { numTrainTimesteps, alphaAt } = schedule;
    const finalAlpha = config.set_alpha_to_one ? 1 : alphaAt(0);

    /** Liu et al. 2022, eq. 9: from `timestep` to `target` along the effective model output. */
    const transfer = (
      sample: tf.Tensor4D,
      output: tf.Tensor4D,
      timestep: number,
      target: number,
    ): StepOutcome => {
      const alpha = alphaAt(timestep);
      const alphaPrev = target >= 0 ? alphaAt(target) : finalAlpha;
      const beta = f32(1 - alpha);
      const epsilon = epsilonFromOutput(config.prediction_type, output, sample, alpha);
      const denominator = f32(
        f32(alpha * root(f32(1 - alphaPrev))) + root(f32(f32(alpha * beta) * alphaPrev)),
      );
      const change = tf.div(tf.mul(epsilon, f32(alphaPrev - alpha)), denominator);
      return {
        prevSample: tf.sub(tf.mul(sample, root(f32(alphaPrev / alpha))), change),
        predOriginalSample: originalFromOutput("epsilon", epsilon, sample, alpha),
      };
    };

    return {
      ...schedule,
      predictionType: config.prediction_type,
      plan: (scheduler, numInferenceSteps) => {
        checkStepCount(className, numInferenceSteps, numTrainTimesteps);
        const stride = Math.floor(numTrainTimesteps / numInferenceSteps);
        const half = Math.floor(stride / 2);
        const spaced = wholeTimesteps({
          spacing: config.timestep_spacing,
          stepsOffset: config.steps_offset,
          numInferenceSteps,
          numTrainTimesteps,
        });
        const rungeKutta = config.skip_prk_steps ? [] : rungeKuttaTimesteps(className, spaced, half);
        const linear = config.skip_prk_steps ? repeatSecond(spaced) : spaced.slice(ORDER - 1);
        const timesteps = checkTimestepRange(className, [...rungeKutta, ...linear], numTrainTimesteps);

        const rungeKuttaStep = (
          { modelOutput, sample, state }: StepContext,
          t: number,
          counter: number,
        ): StepOutcome => {
          const stage = counter % 4;
          const target = t - (counter % 2 === 1 ? 0 : half);
          const begin = stage === 0 ? sample : (state?.tensors["beginSample"] ?? sample);
          const weighted: tf.Tensor4D = tf.mul(modelOutput, f32(stage === 0 || stage === 3 ? 1 / 6 : 1 / 3));
          const earlier = stage === 0 ? undefined : state?.tensors["weightedOutput"];
          const sum: tf.Tensor4D = earlier ? tf.add(earlier, weighted) : weighted;
          const outcome = transfer(
            begin,
            stage === 3 ? sum : modelOutput,
            at(rungeKutta, counter - stage),
            target,
          );
          const outputs = historyOf(state, "output");
          return {
            ...outcome,
            history: {
              tensors: {
                ...remember("output", stage === 0 ? [modelOutput, ...outputs] : outputs, ORDER - 1),
                ...(stage < 3 && { beginSample: begin, weightedOutput: sum }),
              },
              counters: { counter: counter + 1 },
            },
          };
        };

        const linearStep = (
          { modelOutput, sample, state }: StepContext,
          t: number,
          counter: number,
        ): StepOutcome => {
          const earlier = historyOf(state, "output");
          const begin = state?.tensors["beginSample"];
          // The second call of the run repeats the first step with the mean of both outputs.
          const repeats = counter === 1;
          const outputs = repeats ? earlier : [modelOutput, ...earlier];
          const [e0, e1, e2, e3] = outputs;
          let effective = modelOutput;
          let from = sample;
          if (repeats && e0 && begin) {
            effective = tf.div(tf.add(modelOutput, e0), 2);
            from = begin;
          } else if (e0 && e1 && e2 && e3) {
            effective = tf.mul(combine([55, e0], [-59, e1], [37, e2], [-9, e3]), f32(1 / 24));
          } else if (e0 && e1 && e2) {
            effective = tf.div(combine([23, e0], [-16, e1], [5, e2]), 12);
          } else if (e0 && e1) {
            effective = tf.div(combine([3, e0], [-1, e1]), 2);
          }
          const outcome = repeats
            ? transfer(from, effective, t + stride, t)
            : transfer(from, effective, t, t - stride);
          return {
            ...outcome,
            history: {
              tensors: {
                ...remember("output", outputs, ORDER - 1),
                ...(counter === 0 && { beginSample: sample }),
              },
              counters: { counter: counter + 1 },
            },
          };
        };

        return makePlan({
          scheduler,
          numInferenceSteps,
          timesteps,
          initNoiseSigma: 1,
          addNoise: addNoiseByTimestep(schedule, timesteps),
          step: (context) => {
            const counter = context.state?.counters["counter"] ?? 0;
            const t = at(timesteps, context.index);
            if (counter < rungeKutta.length) return rungeKuttaStep(context, t, counter);
            return linearStep(context, t, counter);
          },
        });
      },
    };
  },
});

/** The second timestep comes twice: its first call only improves the step before. Descending. */
const repeatSecond = (timesteps: readonly number[]): number[] => [
  ...timesteps.slice(0, 2),
  ...timesteps.slice(1),
];

/** The 12 model calls of three Runge-Kutta steps (Liu et al. 2022, eq. 13). Descending. */
function rungeKuttaTimesteps(className: string, timesteps: readonly number[], half: number): number[] {
  if (timesteps.length < ORDER) {
    throw new Error(
      `${className}: with "skip_prk_steps" false it takes at least ${ORDER} steps; there are ${timesteps.length}.`,
    );
  }
  const stages = timesteps.slice(0, ORDER).flatMap((t) => [t + half, t]);
  return stages
    .slice(1)
    .flatMap((t) => [t, t])
    .slice(1, -1);
}
