import * as tf from "@tensorflow/tfjs";
import type { DenseWeights } from "../weights/parameters.ts";
import { differentiate } from "./differentiate.ts";

export interface LossAndGradients {
  readonly loss: tf.Scalar;
  /** One for each weight, under its name and of its shape. */
  readonly gradients: DenseWeights;
}

/**
 * A loss and its gradient with respect to every weight. Weights that the loss does not depend on get zeros.
 * @param loss Must be synchronous: gradients cannot cross an `await`.
 */
export function lossAndGradients(
  weights: DenseWeights,
  loss: (weights: DenseWeights) => tf.Scalar,
): LossAndGradients {
  const { value, gradients } = differentiate(() => loss(weights), Object.values(weights));
  const named = Object.entries(weights).map(
    ([name, weight], i) => [name, gradients[i] ?? tf.zerosLike(weight)] as const,
  );
  return { loss: value, gradients: Object.fromEntries(named) };
}

/** Euclidean norm of all gradients together. */
export function globalNorm(gradients: DenseWeights): tf.Scalar {
  // One by one: WebGPU's addN binds every input at once and computes garbage beyond the device's limit of bindings.
  return tf.tidy(() => {
    const squares = Object.values(gradients).map((gradient): tf.Scalar => tf.sum(tf.square(gradient)));
    return tf.sqrt(squares.reduce((total, square) => tf.add(total, square), tf.scalar(0)));
  });
}

export interface ClippedGradients {
  readonly gradients: DenseWeights;
  /** Norm before clipping. */
  readonly norm: tf.Scalar;
}

/** Scales gradients so that their global norm is at most `maxNorm`, as `torch.nn.utils.clip_grad_norm_`. Returns new tensors. */
export function clipByGlobalNorm(gradients: DenseWeights, maxNorm: number): ClippedGradients {
  const norm = globalNorm(gradients);
  const clipped = tf.tidy(() => {
    const factor = tf.minimum(tf.div(maxNorm, tf.add(norm, 1e-6)), 1);
    return Object.fromEntries(
      Object.entries(gradients).map(([name, gradient]) => [name, tf.mul(gradient, factor)]),
    );
  });
  return { gradients: clipped, norm };
}
