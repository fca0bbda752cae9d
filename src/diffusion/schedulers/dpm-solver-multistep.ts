import type * as tf from "@tensorflow/tfjs";
import { at, f32, linspace, log32, roundHalfEven, sqrt32 } from "../schedules/numeric.ts";
import { shiftBy } from "../schedules/flow.ts";
import { sigmasAt } from "../schedules/sigmas.ts";
import { intervalTimesteps } from "../schedules/timesteps.ts";
import {
  betaOptions,
  finalSigmasOption,
  flowOptions,
  flowPredictionOption,
  linspaceSpacing,
  rescaleBetas,
  sigmaOptions,
  thresholdOptions,
} from "./common-options.ts";
import { checkCustomTimesteps, checkStepCount, checkTimestepRange } from "./custom-timesteps.ts";
import { defineScheduler } from "./definition.ts";
import { algorithmTypes, dpmSolverUpdate, solverTypes } from "./dpm-solver-update.ts";
import { historyOf, remember } from "./history.ts";
import type { ConfigOf } from "./options.ts";
import { makePlan } from "./plan.ts";
import { splitVariance } from "./prediction.ts";
import type { SamplingOptions } from "./scheduler.ts";
import {
  checkSigmaFlags,
  refuseTimestepsWithSigmas,
  respacedSigmas,
  sigmaSchedule,
  type SigmaSchedule,
} from "./sigma-plan.ts";
import { addNoiseByLevel, levelOf, solverForwardProcess } from "./solver-levels.ts";
import { epsilonAtLevel, originalAtLevel } from "./solver-prediction.ts";
import { thresholdSample } from "./tensor-math.ts";

/** With fewer steps than this the last ones are taken with a lower order. */
const FEW_STEPS = 15;

const options = {
  ...betaOptions,
  solver_order: { kind: "integer", default: 2, minimum: 1, doc: "1, 2 or 3; 2 with guidance, 3 without." },
  ...flowPredictionOption,
  ...thresholdOptions,
  algorithm_type: {
    kind: "choice",
    values: algorithmTypes,
    default: "dpmsolver++",
    aliases: { deis: "dpmsolver++" },
    doc: "Over x_0 (++) or over the noise; sde- adds fresh noise at every step.",
  },
  solver_type: {
    kind: "choice",
    values: solverTypes,
    default: "midpoint",
    aliases: { logrho: "midpoint", bh1: "midpoint", bh2: "midpoint" },
    doc: "The rule of the second order.",
  },
  lower_order_final: {
    kind: "boolean",
    default: true,
    doc: "With fewer than 15 steps, take the last two with a lower order.",
  },
  euler_at_final: { kind: "boolean", default: false, doc: "Take the last step with order 1." },
  ...sigmaOptions,
  use_lu_lambdas: { kind: "boolean", default: false, doc: "Steps even in the log SNR (Lu et al. 2022a)." },
  ...flowOptions,
  ...finalSigmasOption,
  lambda_min_clipped: {
    kind: "number",
    default: -Infinity,
    doc: "Timesteps with a lower λ are left out; the cosine schedule wants -5.1.",
  },
  variance_type: {
    kind: "optionalChoice",
    values: ["learned", "learned_range"],
    default: null,
    doc: "Whether the model returns a variance too; it is dropped.",
  },
  ...linspaceSpacing,
  ...rescaleBetas,
} as const;

type Config = ConfigOf<typeof options>;

/** DPM-Solver and DPM-Solver++ with history, deterministic or stochastic. */
export const dpmSolverMultistepScheduler = defineScheduler({
  className: "DPMSolverMultistepScheduler",
  title: "DPM-Solver++ (2M, 2M SDE)",
  doc: "Multi-step solver of order 1 to 3 in the log SNR. Lu et al. 2022, DPM-Solver++, algorithm 2.",
  options,
  samplingOptions: ["timesteps", "mu"],
  parts: (config, className) => {
    checkConfig(className, config);
    const schedule = sigmaSchedule(className, config);
    const overOriginal =
      config.algorithm_type === "dpmsolver++" || config.algorithm_type === "sde-dpmsolver++";
    const stochastic = config.algorithm_type.startsWith("sde-");
    const flow = config.use_flow_sigmas;
    return {
      ...schedule,
      ...solverForwardProcess(className, schedule, flow),
      predictionType: config.prediction_type,
      plan: (scheduler, numInferenceSteps, sampling) => {
        const { timesteps, sigmas } = runLevels(className, config, schedule, numInferenceSteps, sampling);
        const last = timesteps.length - 1;
        const few = config.lower_order_final && timesteps.length < FEW_STEPS;

        const orderAt = (index: number, known: number): number => {
          // A step of no length, where the smallest sigma comes twice: the higher orders divide by its length.
          if (at(sigmas, index) === at(sigmas, index + 1)) return 1;
          if (index === last && (config.euler_at_final || few || config.final_sigmas_type === "zero"))
            return 1;
          if (index === last - 1 && few) return Math.min(2, known + 1, config.solver_order);
          return Math.min(known + 1, config.solver_order);
        };

        /** What the solver integrates (x_0 or ε), and x_0. */
        const convert = (
          modelOutput: tf.Tensor4D,
          sample: tf.Tensor4D,
          index: number,
        ): { readonly output: tf.Tensor4D; readonly original: tf.Tensor4D } => {
          const sigma = at(sigmas, index);
          const level = levelOf(sigma, flow);
          const { mean } = splitVariance(modelOutput, sample.shape[3]);
          const clip = (x: tf.Tensor4D): tf.Tensor4D =>
            config.thresholding
              ? thresholdSample(x, config.dynamic_thresholding_ratio, config.sample_max_value)
              : x;
          if (overOriginal) {
            const original = clip(originalAtLevel(config.prediction_type, mean, sample, level, sigma));
            return { output: original, original };
          }
          const epsilon = epsilonAtLevel(config.prediction_type, mean, sample, level);
          const original = clip(originalAtLevel("epsilon", epsilon, sample, level, sigma));
          const output = config.thresholding ? epsilonAtLevel("sample", original, sample, level) : epsilon;
          return { output, original };
        };

        return makePlan({
          scheduler,
          numInferenceSteps,
          timesteps,
          sigmas,
          initNoiseSigma: 1,
          needsGenerator: stochastic,
          allowsVariance: config.variance_type !== null && config.prediction_type === "epsilon",
          addNoise: addNoiseByLevel(sigmas, flow),
          step: ({ modelOutput, sample, index, state, noise }) => {
            const { output, original } = convert(modelOutput, sample, index);
            const earlier = historyOf(state, "output");
            const outputs = [output, ...earlier].slice(0, orderAt(index, earlier.length));
            const prevSample = dpmSolverUpdate(
              config.algorithm_type,
              config.solver_type,
              sample,
              levelOf(at(sigmas, index + 1), flow),
              outputs.map((_, i) => levelOf(at(sigmas, index - i), flow)),
              outputs,
              stochastic ? noise() : undefined,
            );
            return {
              prevSample,
              predOriginalSample: original,
              history: {
                tensors: remember("output", [output, ...earlier], config.solver_order - 1),
                counters: {},
              },
            };
          },
        });
      },
    };
  },
});

function checkConfig(className: string, config: Config): void {
  checkSigmaFlags(className, config);
  const refuse = (what: string): never => {
    throw new Error(`${className}: ${what}.`);
  };
  if (config.solver_order > 3) refuse(`option "solver_order" is ${config.solver_order}; supported: 1, 2, 3`);
  const overNoise = config.algorithm_type === "dpmsolver" || config.algorithm_type === "sde-dpmsolver";
  if (overNoise && config.final_sigmas_type === "zero") {
    refuse(
      `option "final_sigmas_type" zero is not supported with "algorithm_type" ${config.algorithm_type}: use sigma_min`,
    );
  }
  if (overNoise && config.prediction_type === "flow_prediction") {
    refuse(
      `option "prediction_type" flow_prediction is not supported with "algorithm_type" ${config.algorithm_type}: use dpmsolver++`,
    );
  }
  if (config.algorithm_type === "sde-dpmsolver" && config.solver_order === 3) {
    refuse(`option "solver_order" 3 is not supported with "algorithm_type" sde-dpmsolver: use 1 or 2`);
  }
  const others = [
    "use_karras_sigmas",
    "use_exponential_sigmas",
    "use_beta_sigmas",
    "use_lu_lambdas",
  ] as const;
  const clash = others.find((name) => config[name]);
  if (config.use_flow_sigmas && clash) refuse(`options "use_flow_sigmas" and "${clash}" exclude each other`);
  if (config.use_lu_lambdas && clash !== "use_lu_lambdas") {
    refuse(`options "use_lu_lambdas" and "${clash ?? ""}" exclude each other`);
  }
}

function runLevels(
  className: string,
  config: Config,
  schedule: SigmaSchedule,
  count: number,
  { timesteps: own, mu }: SamplingOptions,
): { readonly timesteps: readonly number[]; readonly sigmas: readonly number[] } {
  const { table, logTable, toTimestep, numTrainTimesteps } = schedule;
  const { use_karras_sigmas, use_exponential_sigmas, use_beta_sigmas, use_lu_lambdas } = config;
  refuseTimestepsWithSigmas(className, own, {
    use_karras_sigmas,
    use_lu_lambdas,
    use_exponential_sigmas,
    use_beta_sigmas,
  });
  if (mu !== undefined && !config.use_dynamic_shifting) {
    throw new Error(`${className}: a run can set "mu" only when option "use_dynamic_shifting" is true.`);
  }
  const shift = mu === undefined ? config.flow_shift : Math.exp(mu);
  const lastTable = table.length - 1;
  const range = { min: at(table, 0), max: at(table, lastTable) };
  const finish = (
    timesteps: readonly number[],
    sigmas: readonly number[],
  ): { readonly timesteps: readonly number[]; readonly sigmas: readonly number[] } => ({
    timesteps: checkTimestepRange(className, timesteps, numTrainTimesteps),
    sigmas: [...sigmas, config.final_sigmas_type === "zero" ? 0 : range.min].map(f32),
  });

  checkStepCount(className, count, numTrainTimesteps);
  const respaced = use_lu_lambdas
    ? linspace(0, 1, count).map((ramp) => {
        const high = at(logTable, lastTable);
        return Math.exp(high + ramp * (at(logTable, 0) - high));
      })
    : respacedSigmas(config, range, count);
  if (respaced) {
    // diffusers rounds Karras' and Lu's timesteps, but for the cosine schedule, and cuts all to whole numbers.
    const rounds = (use_karras_sigmas || use_lu_lambdas) && config.beta_schedule !== "squaredcos_cap_v2";
    const whole = respaced.map(toTimestep).map((t) => (rounds ? roundHalfEven(t) : Math.trunc(t)));
    return finish(whole, respaced);
  }
  if (config.use_flow_sigmas) {
    const sigmas = linspace(1, 1 / numTrainTimesteps, count + 1)
      .map((alpha) => shiftBy(1 - alpha, shift))
      .reverse()
      .slice(0, -1);
    return finish(
      sigmas.map((sigma) => Math.trunc(sigma * numTrainTimesteps)),
      sigmas,
    );
  }
  const timesteps = own
    ? checkCustomTimesteps(className, own, count, numTrainTimesteps, { whole: true })
    : intervalTimesteps(
        {
          spacing: config.timestep_spacing,
          stepsOffset: config.steps_offset,
          numInferenceSteps: count,
          numTrainTimesteps,
        },
        usableTimesteps(schedule, config.lambda_min_clipped),
      );
  return finish(timesteps, sigmasAt(timesteps, table));
}

/** How many timesteps have λ_t = ln(√ᾱ_t/√(1−ᾱ_t)) of at least `minimum`. */
function usableTimesteps({ alphasCumprod }: SigmaSchedule, minimum: number): number {
  let usable = alphasCumprod.length;
  while (usable > 0) {
    const alpha = at(alphasCumprod, usable - 1);
    if (f32(log32(sqrt32(alpha)) - log32(sqrt32(1 - alpha))) >= minimum) break;
    usable -= 1;
  }
  return usable;
}
