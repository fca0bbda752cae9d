import * as tf from "@tensorflow/tfjs";
import { denseWeight } from "../../tensor/stored/expand.ts";
import type { Weights } from "../weights/parameters.ts";
import { shareWeights } from "../weights/dispose.ts";

/** Options of diffusers' `EMAModel`. */
export interface EmaConfig {
  /** Largest decay. */
  readonly decay: number;
  readonly minDecay: number;
  /** Until then the average is a copy of the weights. */
  readonly updateAfterStep: number;
  /** Decay 1 − (1 + step/invGamma)^−power instead of (1 + step)/(10 + step). */
  readonly useEmaWarmup: boolean;
  readonly invGamma: number;
  readonly power: number;
}

export const defaultEma: EmaConfig = {
  decay: 0.9999,
  minDecay: 0,
  updateAfterStep: 0,
  useEmaWarmup: false,
  invGamma: 1,
  power: 2 / 3,
};

/** An exponential moving average of a model's weights. Never changed in place. */
export interface EmaState {
  /** Updates so far. */
  readonly step: number;
  readonly weights: Weights;
}

/** The average before the first update: the weights themselves, under a second owner. */
export function initEma(weights: Weights): EmaState {
  return { step: 0, weights: shareWeights(weights) };
}

/** Share of the old average that the update number `step` (1 is the first) keeps. */
export function emaDecay(config: EmaConfig, step: number): number {
  const counted = Math.max(0, step - config.updateAfterStep - 1);
  if (counted === 0) return 0;
  const decay = config.useEmaWarmup
    ? 1 - (1 + counted / config.invGamma) ** -config.power
    : (1 + counted) / (10 + counted);
  return Math.max(Math.min(decay, config.decay), config.minDecay);
}

/** average − (1 − decay)·(average − weights), for every parameter. Nothing that goes in is changed or disposed. */
export function updateEma(config: EmaConfig, state: EmaState, weights: Weights): EmaState {
  const step = state.step + 1;
  const share = 1 - emaDecay(config, step);
  const averaged = Object.entries(state.weights).map(([name, average]) => {
    const weight = weights[name];
    if (!weight)
      throw new Error(`EMA: the model has no "${name}"; average and model do not belong together.`);
    return [
      name,
      tf.tidy(() => {
        const mean = denseWeight(average);
        return tf.sub(mean, tf.mul(tf.sub(mean, denseWeight(weight)), share));
      }),
    ] as const;
  });
  return { step, weights: Object.fromEntries(averaged) };
}
