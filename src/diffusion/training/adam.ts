import * as tf from "@tensorflow/tfjs";
import type { Weights } from "../weights/parameters.ts";
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
  readonly weights: Weights;
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
  weights: Weights,
  gradients: Weights,
  state: OptimizerState,
): OptimizerStep {
  const step = state.step + 1;
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
    const updated = updateParameter(config, learningRate, step, { weight, gradient, first, second });
    next.weights[name] = updated.weight;
    next.firstMoments[name] = updated.first;
    next.secondMoments[name] = updated.second;
  }
  return {
    weights: next.weights,
    state: { step, firstMoments: next.firstMoments, secondMoments: next.secondMoments },
  };
}

interface ParameterState {
  readonly weight: tf.Tensor;
  readonly first: tf.Tensor;
  readonly second: tf.Tensor;
}

/** Algorithm 1 of Kingma and Ba; the bias corrections are folded into the step size and the denominator, as torch does. */
function updateParameter(
  { kind, beta1, beta2, epsilon, weightDecay }: AdamConfig,
  learningRate: number,
  step: number,
  parameter: ParameterState & { readonly gradient: tf.Tensor },
): ParameterState {
  const stepSize = learningRate / (1 - beta1 ** step);
  const secondCorrection = Math.sqrt(1 - beta2 ** step);
  return tf.tidy(() => {
    const decays = weightDecay !== 0;
    const weight =
      kind === "adamw" && decays
        ? tf.mul(parameter.weight, 1 - learningRate * weightDecay)
        : parameter.weight;
    const gradient =
      kind === "adam" && decays
        ? tf.add(parameter.gradient, tf.mul(parameter.weight, weightDecay))
        : parameter.gradient;
    const first = tf.add(parameter.first, tf.mul(tf.sub(gradient, parameter.first), 1 - beta1));
    const second = tf.add(tf.mul(parameter.second, beta2), tf.mul(tf.square(gradient), 1 - beta2));
    const denominator = tf.add(tf.div(tf.sqrt(second), secondCorrection), epsilon);
    return { weight: tf.sub(weight, tf.mul(tf.div(first, denominator), stepSize)), first, second };
  });
}
