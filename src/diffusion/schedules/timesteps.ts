import { arange, f32, linspace, roundHalfEven } from "./numeric.ts";

/** How the training timesteps are thinned out (Lin et al. 2023, table 2). */
export const timestepSpacings = ["leading", "trailing", "linspace"] as const;
export type TimestepSpacing = (typeof timestepSpacings)[number];

export interface SpacingRequest {
  readonly spacing: TimestepSpacing;
  readonly numInferenceSteps: number;
  readonly numTrainTimesteps: number;
  /** Added to every timestep of `leading`. */
  readonly stepsOffset: number;
}

/** Whole timesteps, descending: DDPM, DDIM, PNDM. `linspace` holds both ends. */
export function wholeTimesteps(request: SpacingRequest): number[] {
  return spaced(request, (count, last) => linspace(0, last, count).map(roundHalfEven));
}

/** Timesteps in float32, descending: the sigma schedulers. `linspace` falls between training timesteps. */
export function fractionalTimesteps(request: SpacingRequest): number[] {
  return spaced(request, (count, last) => linspace(0, last, count).map(f32));
}

function spaced(request: SpacingRequest, both: (count: number, last: number) => number[]): number[] {
  const { spacing, numInferenceSteps: count, numTrainTimesteps: total, stepsOffset } = request;
  switch (spacing) {
    case "linspace":
      return both(count, total - 1).reverse();
    case "leading": {
      const ratio = Math.floor(total / count);
      return Array.from({ length: count }, (_, i) => (count - 1 - i) * ratio + stepsOffset);
    }
    case "trailing":
      return trailing(total, total, count);
  }
}

/**
 * Whole timesteps, descending, as the multistep solvers (DPM-Solver, UniPC) take them: the starts of `count` intervals
 * that end at 0, so that 0 itself is left out.
 *
 * @param numUsable Timesteps from here on are left out; fewer than all where the log SNR is clipped.
 */
export function intervalTimesteps(request: SpacingRequest, numUsable = request.numTrainTimesteps): number[] {
  const { spacing, numInferenceSteps: count, numTrainTimesteps: total, stepsOffset } = request;
  switch (spacing) {
    case "linspace":
      return linspace(0, numUsable - 1, count + 1)
        .map(roundHalfEven)
        .reverse()
        .slice(0, -1);
    case "leading": {
      const ratio = Math.floor(numUsable / (count + 1));
      return Array.from({ length: count }, (_, i) => (count - i) * ratio + stepsOffset);
    }
    case "trailing":
      return trailing(numUsable, total, count);
  }
}

/**
 * From `start` down in even steps. Never more than `count`: for 62 step counts out of 1000 (61, 103, 121, …) rounding
 * gives numpy's `arange` one value more, and diffusers a timestep −1.
 */
const trailing = (start: number, total: number, count: number): number[] =>
  arange(start, 0, -total / count)
    .slice(0, count)
    .map((t) => roundHalfEven(t) - 1);
