import type * as tf from "@tensorflow/tfjs";
import { adamUpdate } from "../../tensor/adam.ts";
import type { DenseWeights } from "../weights/parameters.ts";
import type { OptimizerState } from "./optimizer.ts";

export interface AdamConfig {
  /** `adam` (Kingma and Ba 2015) adds weightDecay·w to the gradient; `adamw` (Loshchilov and Hutter 2019) shrinks w itself. */
  readonly kind: "adam" | "adamw";
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

/** torch's defaults of `torch.optim.Adam` and `torch.optim.AdamW`. */
export const defaultAdam: AdamConfig = {
  kind: "adam",
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0,
};
export const defaultAdamW: AdamConfig = { ...defaultAdam, kind: "adamw", weightDecay: 0.01 };

export interface OptimizerStep {
  readonly weights: DenseWeights;
  readonly state: OptimizerState;
}

/**
 * One step of Adam or AdamW as torch.optim computes it. Nothing that goes in is changed or disposed.
 * @param learningRate Of this step, after any schedule.
 * @throws naming a weight without a gradient or without moments.
 */
export function adamStep(
  config: AdamConfig,
  learningRate: number,
  weights: DenseWeights,
  gradients: DenseWeights,
  state: OptimizerState,
): OptimizerStep {
  const step = state.step + 1;
  const { kind, beta1, beta2, epsilon, weightDecay } = config;
  const coefficients = {
    beta1,
    beta2,
    epsilon,
    l2: kind === "adam" ? weightDecay : 0,
    shrink: kind === "adamw" ? 1 - learningRate * weightDecay : 1,
    stepSize: learningRate / (1 - beta1 ** step),
    secondCorrection: Math.sqrt(1 - beta2 ** step),
  };
  const next = {
    weights: {} as Record<string, tf.Tensor>,
    firstMoments: {} as Record<string, tf.Tensor>,
    secondMoments: {} as Record<string, tf.Tensor>,
  };
  for (const [name, weight] of Object.entries(weights)) {
    const [gradient, first, second] = [gradients[name], state.firstMoments[name], state.secondMoments[name]];
    if (!gradient || !first || !second) {
      throw new Error(
        `Optimizer: "${name}" has no ${gradient ? "moments" : "gradient"}; model and optimizer do not belong together.`,
      );
    }
    const updated = adamUpdate({ weight, first, second }, gradient, coefficients);
    next.weights[name] = updated.weight;
    next.firstMoments[name] = updated.first;
    next.secondMoments[name] = updated.second;
  }
  return {
    weights: next.weights,
    state: { step, firstMoments: next.firstMoments, secondMoments: next.secondMoments },
  };
}
