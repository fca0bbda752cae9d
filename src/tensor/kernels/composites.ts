import * as tf from "@tensorflow/tfjs";
import type { ActivationKind } from "./webgpu-activations.ts";

/** The fused kernels' references in tfjs's own ops: what runs on backends without them, and what tests compare with. */

/** See `groupNorm` in ops.ts. */
export function compositeGroupNorm(
  x: tf.Tensor,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  groups: number,
  epsilon: number,
): tf.Tensor {
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
export function compositeLayerNorm(
  x: tf.Tensor,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  epsilon: number,
): tf.Tensor {
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

/** Scores up to this many bytes are made at once; more in pieces of the queries. */
const scoreBudget = 256 * 2 ** 20;

/** See `attention` in ops.ts. A matrix of scores above `budget` bytes is never whole. */
export function compositeAttention(
  q: tf.Tensor4D,
  k: tf.Tensor4D,
  v: tf.Tensor4D,
  scale: number,
  mask?: tf.Tensor,
  budget = scoreBudget,
): tf.Tensor4D {
  const [batch, heads, queries] = q.shape;
  const step = Math.max(1, Math.floor(budget / (4 * batch * heads * k.shape[2])));
  if (step >= queries) return attentionOf(q, k, v, scale, mask);
  const pieces: tf.Tensor4D[] = [];
  for (let begin = 0; begin < queries; begin += step) {
    const count = Math.min(step, queries - begin);
    const piece = tf.slice(q, [0, 0, begin, 0], [-1, -1, count, -1]);
    pieces.push(attentionOf(piece, k, v, scale, mask && sliceQueries(mask, begin, count)));
  }
  return tf.concat(pieces, 2);
}

function attentionOf(
  q: tf.Tensor4D,
  k: tf.Tensor4D,
  v: tf.Tensor4D,
  scale: number,
  mask?: tf.Tensor,
): tf.Tensor4D {
  return tf.tidy(() => {
    const scores = tf.matMul(tf.mul(q, scale), k, false, true);
    return tf.matMul(tf.softmax(mask ? tf.add(scores, mask) : scores), v) as tf.Tensor4D;
  });
}

/** The rows of a mask that belong to some of the queries; all of it where it broadcasts over them. */
function sliceQueries(mask: tf.Tensor, begin: number, count: number): tf.Tensor {
  const axis = mask.rank - 2;
  if (axis < 0 || mask.shape[axis] === 1) return mask;
  return tf.slice(
    mask,
    mask.shape.map((_, i) => (i === axis ? begin : 0)),
    mask.shape.map((size, i) => (i === axis ? count : size)),
  );
}
