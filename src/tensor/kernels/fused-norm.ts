import * as tf from "@tensorflow/tfjs";
import type { NormAttrs } from "./webgpu-norm.ts";

/** Whether the current backend has the fused kernels. */
export const hasFusedNorm = (): boolean => tf.getKernel("LoomNormStats", tf.getBackend()) !== undefined;

const run = (name: string, inputs: Record<string, tf.Tensor>, attrs: NormAttrs): tf.Tensor =>
  tf.engine().runKernel(name, inputs, { ...attrs });

/**
 * Normalization over blocks of channels-last x, then scale, shift and, if asked for, SiLU, by fused kernels. Gradients
 * keep x and two numbers per block, where the composite keeps every intermediate result.
 */
export function fusedNorm(x: tf.Tensor, gamma: tf.Tensor1D, beta: tf.Tensor1D, attrs: NormAttrs): tf.Tensor {
  const forward = tf.customGrad((...given) => {
    const [input, scale, shift, save] = given as unknown as [
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
      tf.GradSaveFunc,
    ];
    const stats = run("LoomNormStats", { x: input }, attrs);
    const value = run("LoomNormApply", { x: input, stats, gamma: scale, beta: shift }, attrs);
    save([input, scale, shift, stats]);
    return { value, gradFunc: (dy, saved) => gradients(dy, saved, attrs) };
  });
  return forward(x, gamma, beta);
}

function gradients(dy: tf.Tensor, saved: readonly tf.Tensor[], attrs: NormAttrs): tf.Tensor[] {
  const [x, gamma, beta, stats] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
  const means = run("LoomNormGradStats", { x, dy, stats, gamma, beta }, attrs);
  const dx = run("LoomNormGradInput", { x, dy, stats, means, gamma, beta }, attrs);
  const parameters = run("LoomNormGradParameters", { x, dy, stats, gamma, beta }, attrs);
  const [dgamma, dbeta] = tf.unstack(parameters) as [tf.Tensor, tf.Tensor];
  return [dx, dgamma, dbeta];
}
