import type * as tf from "@tensorflow/tfjs";
import {
  betaOptions,
  finalSigmasOption,
  flowOptions,
  flowPredictionOption,
  linspaceSpacing,
  rescaleBetas,
  sigmaOptions,
  sigmaRangeOptions,
  thresholdOptions,
} from "./common-options.ts";
import { at } from "../schedules/numeric.ts";
import { defineScheduler } from "./definition.ts";
import { historyOf, remember } from "./history.ts";
import { makePlan } from "./plan.ts";
import { checkSigmaFlags, sigmaSchedule } from "./sigma-plan.ts";
import { addNoiseByLevel, levelOf, solverForwardProcess, type Level } from "./solver-levels.ts";
import { epsilonAtLevel, originalAtLevel } from "./solver-prediction.ts";
import { thresholdSample } from "./tensor-math.ts";
import { uniPcLevels, type UniPcConfig } from "./unipc-levels.ts";
import { uniPcUpdate } from "./unipc-update.ts";

/** Predictor and corrector of any order over DPM-Solver's integral. */
export const uniPcMultistepScheduler = defineScheduler({
  className: "UniPCMultistepScheduler",
  title: "UniPC",
  doc: "Unified predictor-corrector, deterministic, good in 5 to 10 steps. Zhao et al. 2023, algorithms 7 and 8.",
  options: {
    ...betaOptions,
    solver_order: {
      kind: "integer",
      default: 2,
      minimum: 1,
      doc: "Order of the predictor; 2 with guidance, 3 without.",
    },
    ...flowPredictionOption,
    ...thresholdOptions,
    predict_x0: { kind: "boolean", default: true, doc: "Integrate the guess of x_0, otherwise the noise." },
    solver_type: {
      kind: "choice",
      values: ["bh1", "bh2"],
      default: "bh2",
      aliases: { midpoint: "bh2", heun: "bh2", logrho: "bh2" },
      doc: "The function B(h) of the update; bh1 for few steps without guidance.",
    },
    lower_order_final: { kind: "boolean", default: true, doc: "Take the last steps with a lower order." },
    disable_corrector: { kind: "numbers", default: [], doc: "Steps after which the corrector is left out." },
    solver_p: { kind: "unsupported", default: null, doc: "Another scheduler as predictor; not supported." },
    ...sigmaOptions,
    ...flowOptions,
    ...linspaceSpacing,
    ...finalSigmasOption,
    ...rescaleBetas,
    ...sigmaRangeOptions,
    shift_terminal: { kind: "optionalNumber", default: null, doc: "Where the shifted flow sigmas end." },
  },
  samplingOptions: ["sigmas", "mu"],
  parts: (config, className) => {
    checkSigmaFlags(className, config);
    checkConfig(className, config);
    const schedule = sigmaSchedule(className, config);
    const flow = config.use_flow_sigmas;
    return {
      ...schedule,
      ...solverForwardProcess(className, schedule, flow),
      predictionType: config.prediction_type,
      plan: (scheduler, numInferenceSteps, sampling) => {
        const { timesteps, sigmas } = uniPcLevels(className, config, schedule, numInferenceSteps, sampling);
        const levels = (from: number, count: number): Level[] =>
          Array.from({ length: count }, (_, i) => levelOf(at(sigmas, from - i), flow));

        const orderAt = (index: number, known: number): number => {
          // A step to σ = 0 is infinitely long in λ, one between equal sigmas has no length: neither has a finite
          // difference to extrapolate by.
          const next = at(sigmas, index + 1);
          if (next === 0 || next === at(sigmas, index)) return 1;
          const allowed = config.lower_order_final
            ? Math.min(config.solver_order, timesteps.length - index)
            : config.solver_order;
          return Math.min(allowed, known + 1);
        };

        const convert = (
          modelOutput: tf.Tensor4D,
          sample: tf.Tensor4D,
          index: number,
        ): { readonly output: tf.Tensor4D; readonly original: tf.Tensor4D } => {
          const sigma = at(sigmas, index);
          const level = levelOf(sigma, flow);
          if (config.predict_x0) {
            const guess = originalAtLevel(config.prediction_type, modelOutput, sample, level, sigma);
            const original = config.thresholding
              ? thresholdSample(guess, config.dynamic_thresholding_ratio, config.sample_max_value)
              : guess;
            return { output: original, original };
          }
          const output = epsilonAtLevel(config.prediction_type, modelOutput, sample, level);
          return { output, original: originalAtLevel("epsilon", output, sample, level, sigma) };
        };

        return makePlan({
          scheduler,
          numInferenceSteps,
          timesteps,
          sigmas,
          initNoiseSigma: 1,
          addNoise: addNoiseByLevel(sigmas, flow),
          step: ({ modelOutput, sample, index, state }) => {
            const { output, original } = convert(modelOutput, sample, index);
            const earlier = historyOf(state, "output");
            const lastSample = state?.tensors["lastSample"];
            const lastOrder = state?.counters["order"] ?? 1;
            const corrects =
              index > 0 && lastSample !== undefined && !config.disable_corrector.includes(index - 1);
            const corrected = corrects
              ? uniPcUpdate(config, {
                  sample: lastSample,
                  to: levelOf(at(sigmas, index), flow),
                  from: levels(index - 1, lastOrder),
                  outputs: earlier.slice(0, lastOrder),
                  next: output,
                })
              : sample;
            const outputs = [output, ...earlier];
            const order = orderAt(index, earlier.length);
            const prevSample = uniPcUpdate(config, {
              sample: corrected,
              to: levelOf(at(sigmas, index + 1), flow),
              from: levels(index, order),
              outputs: outputs.slice(0, order),
            });
            return {
              prevSample,
              predOriginalSample: original,
              history: {
                tensors: { ...remember("output", outputs, config.solver_order), lastSample: corrected },
                counters: { order },
              },
            };
          },
        });
      },
    };
  },
});

function checkConfig(className: string, config: UniPcConfig & { readonly thresholding: boolean }): void {
  const refuse = (what: string): never => {
    throw new Error(`${className}: ${what}.`);
  };
  if (config.shift_terminal !== null && !config.use_flow_sigmas) {
    refuse(`option "shift_terminal" is supported only when "use_flow_sigmas" is true`);
  }
  const clash = (["use_exponential_sigmas", "use_beta_sigmas"] as const).find((name) => config[name]);
  if (config.use_flow_sigmas && clash) refuse(`options "use_flow_sigmas" and "${clash}" exclude each other`);
  if (!config.predict_x0 && config.prediction_type === "flow_prediction") {
    refuse(`option "prediction_type" flow_prediction is supported only when "predict_x0" is true`);
  }
  if (!config.predict_x0 && config.final_sigmas_type === "zero") {
    refuse(
      `option "final_sigmas_type" zero is not supported when "predict_x0" is false (the last step has no finite value): use sigma_min`,
    );
  }
}
