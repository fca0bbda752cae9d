import * as tf from "@tensorflow/tfjs";
import type { ActivationKind } from "./webgpu-activations.ts";

/** The fused kernels' references in tfjs's own ops: what runs on backends without them, and what tests compare with. */

/** See `groupNorm` in ops.ts. */
export function compositeGroupNorm(x: tf.Tensor, gamma: tf.Tensor1D, beta: tf.Tensor1D, groups: number, epsilon: number): tf.Tensor {
  const channels = x.shape.at(-1) ?? 0;
  const batch = x.shape[0] ?? 1;
  const grouped = tf.reshape(x, [batch, -1, groups, channels / groups]);
  const mean = tf.mean(grouped, [1, 3], true);
  const centred = tf.sub(grouped, mean);
  const variance = tf.mean(tf.square(centred), [1, 3], true);
  const normal = tf.reshape(tf.mul(centred, tf.rsqrt(tf.add(variance, epsilon))), x.shape);
  return tf.add(tf.mul(normal, gamma), beta);
}

/** See `layerNorm` in ops.ts. */
export function compositeLayerNorm(x: tf.Tensor, gamma: tf.Tensor1D, beta: tf.Tensor1D, epsilon: number): tf.Tensor {
  const centred = tf.sub(x, tf.mean(x, -1, true));
  const variance = tf.mean(tf.square(centred), -1, true);
  return tf.add(tf.mul(tf.mul(centred, tf.rsqrt(tf.add(variance, epsilon))), gamma), beta);
}

/** See the activations of ops.ts. */
export const compositeActivations: Readonly<Record<ActivationKind, <T extends tf.Tensor>(x: T) => T>> = {
  silu: (x) => tf.mul(x, tf.sigmoid(x)),
  gelu: (x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1)),
  geluTanh: (x) => {
    const inner = tf.mul(tf.add(x, tf.mul(tf.mul(x, tf.square(x)), 0.044715)), Math.sqrt(2 / Math.PI));
    return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(inner), 1));
  },
  quickGelu: (x) => tf.mul(x, tf.sigmoid(tf.mul(x, 1.702))),
  mish: (x) => tf.mul(x, tf.tanh(tf.softplus(x))),
};

/** See `geglu` in ops.ts. */
export function compositeGeglu(x: tf.Tensor): tf.Tensor {
  const [a, gate] = tf.split(x, 2, -1) as [tf.Tensor, tf.Tensor];
  return tf.mul(a, compositeActivations.gelu(gate));
}
