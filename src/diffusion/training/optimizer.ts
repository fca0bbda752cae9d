import * as tf from "@tensorflow/tfjs";
import type { DenseWeights, Weights } from "../weights/parameters.ts";

/** What Adam remembers. Never changed in place: each step returns a new one. */
export interface OptimizerState {
  /** Steps taken so far. */
  readonly step: number;
  /** Running means of the gradients, by parameter. */
  readonly firstMoments: DenseWeights;
  /** Running means of the squared gradients, by parameter. */
  readonly secondMoments: DenseWeights;
}

/** The state before the first step. */
export function initOptimizer(weights: Weights): OptimizerState {
  const zeros = (): DenseWeights =>
    Object.fromEntries(Object.entries(weights).map(([name, tensor]) => [name, tf.zeros([...tensor.shape])]));
  return { step: 0, firstMoments: zeros(), secondMoments: zeros() };
}

export function disposeOptimizerState(state: OptimizerState): void {
  tf.dispose([...Object.values(state.firstMoments), ...Object.values(state.secondMoments)]);
}
