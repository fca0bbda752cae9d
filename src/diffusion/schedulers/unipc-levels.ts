import { at, f32, linspace, roundHalfEven } from "../schedules/numeric.ts";
import { shiftBy, stretchToTerminal, timeShift } from "../schedules/flow.ts";
import { karrasSigmas, sigmasAt } from "../schedules/sigmas.ts";
import { intervalTimesteps, type TimestepSpacing } from "../schedules/timesteps.ts";
import { checkStepCount, checkTimestepRange } from "./custom-timesteps.ts";
import type { PredictionType, SamplingOptions } from "./scheduler.ts";
import { rangeOf, respacedSigmas, type SigmaFlags, type SigmaSchedule } from "./sigma-plan.ts";

export interface UniPcConfig extends SigmaFlags {
  readonly predict_x0: boolean;
  readonly solver_type: "bh1" | "bh2";
  readonly prediction_type: PredictionType;
  readonly use_flow_sigmas: boolean;
  readonly flow_shift: number;
  readonly use_dynamic_shifting: boolean;
  readonly timestep_spacing: TimestepSpacing;
  readonly steps_offset: number;
  readonly final_sigmas_type: "zero" | "sigma_min";
  readonly sigma_min: number | null;
  readonly sigma_max: number | null;
  readonly shift_terminal: number | null;
}

interface RunLevels {
  readonly timesteps: readonly number[];
  readonly sigmas: readonly number[];
}

/** Kept between a flow's first sigma and 1, where ln α has no value. */
const FLOW_GAP = 1e-6;

/** The timesteps and sigmas of one UniPC run. */
export function uniPcLevels(
  className: string,
  config: UniPcConfig,
  schedule: SigmaSchedule,
  count: number,
  { sigmas: own, mu }: SamplingOptions,
): RunLevels {
  const { table, toTimestep, numTrainTimesteps: total } = schedule;
  checkStepCount(className, count, total);
  if (config.use_dynamic_shifting && mu === undefined) {
    throw new Error(`${className}: with "use_dynamic_shifting" a run must set "mu".`);
  }
  if (own && (!config.use_flow_sigmas || config.use_karras_sigmas)) {
    throw new Error(
      `${className}: a run can set "sigmas" only when "use_flow_sigmas" is true and "use_karras_sigmas" is false.`,
    );
  }
  if (own && own.length !== count) {
    throw new Error(
      `${className}: the run's own sigmas are ${own.length}, but numInferenceSteps is ${count}.`,
    );
  }
  const finish = (timesteps: readonly number[], sigmas: readonly number[], smallest: number): RunLevels => ({
    timesteps: checkTimestepRange(className, timesteps, total),
    sigmas: [...sigmas, config.final_sigmas_type === "zero" ? 0 : smallest].map(f32),
  });
  const wholeOf = (sigmas: readonly number[]): number[] => sigmas.map((sigma) => Math.trunc(sigma * total));
  const descending = Float32Array.from(table).reverse();
  const range = rangeOf(descending, config);

  if (config.use_flow_sigmas && config.use_karras_sigmas) {
    const sigmas = karrasSigmas(range, count).map((sigma) => sigma / (sigma + 1));
    return finish(wholeOf(sigmas), sigmas, at(sigmas, count - 1));
  }
  if (config.use_flow_sigmas) {
    const plain = own ?? linspace(1, 1 / total, count + 1).slice(0, -1);
    const shifted = plain.map((sigma) =>
      config.use_dynamic_shifting && mu !== undefined
        ? timeShift(sigma, mu, "exponential")
        : shiftBy(sigma, config.flow_shift),
    );
    const stretched = config.shift_terminal ? stretchToTerminal(shifted, config.shift_terminal) : shifted;
    const sigmas = stretched.map((sigma, i) =>
      i === 0 && Math.abs(sigma - 1) < FLOW_GAP ? sigma - FLOW_GAP : sigma,
    );
    return finish(wholeOf(sigmas), sigmas, at(sigmas, count - 1));
  }
  const respaced = respacedSigmas(config, range, count);
  if (respaced) {
    const rounded = config.use_karras_sigmas ? roundHalfEven : Math.trunc;
    return finish(
      respaced.map((sigma) => rounded(toTimestep(sigma))),
      respaced,
      at(respaced, count - 1),
    );
  }
  const timesteps = intervalTimesteps({
    spacing: config.timestep_spacing,
    stepsOffset: config.steps_offset,
    numInferenceSteps: count,
    numTrainTimesteps: total,
  });
  return finish(timesteps, sigmasAt(timesteps, table), at(table, 0));
}
