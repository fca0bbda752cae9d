import * as tf from "@tensorflow/tfjs";
import { suitsFusedAttention } from "./webgpu-attention.ts";

/** Whether the current backend has the fused kernel and it takes heads of this width. */
export const hasFusedAttention = (dim: number): boolean =>
  suitsFusedAttention(dim) && tf.getKernel("LoomAttention", tf.getBackend()) !== undefined;

/** Attention whose matrix of scores exists only in the backward pass, where it is made anew. */
export function fusedAttention(
  q: tf.Tensor4D,
  k: tf.Tensor4D,
  v: tf.Tensor4D,
  scale: number,
  mask?: tf.Tensor,
): tf.Tensor4D {
  const f = tf.customGrad((...given) => {
    const save = given.at(-1) as unknown as tf.GradSaveFunc;
    const inputs = given.slice(0, -1) as tf.Tensor[];
    const [query, key, value, bias] = inputs as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor | undefined];
    save(inputs);
    const named = bias ? { q: query, k: key, v: value, mask: bias } : { q: query, k: key, v: value };
    return {
      value: tf.engine().runKernel("LoomAttention", named, { scale }) as tf.Tensor,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => attentionGradients(dy, saved, scale),
    };
  });
  return f(...(mask ? [q, k, v, mask] : [q, k, v])) as tf.Tensor4D;
}

/** The gradients of softmax(s·q·kᵀ + mask)·v by q, k, v and, if given, the mask. */
function attentionGradients(dy: tf.Tensor, saved: readonly tf.Tensor[], scale: number): tf.Tensor[] {
  const [q, k, v, mask] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor | undefined];
  const scores = tf.mul(tf.matMul(q, k, false, true), scale);
  const weights = tf.softmax(mask ? tf.add(scores, mask) : scores);
  const dWeights = tf.matMul(dy, v, false, true);
  const dScores = tf.mul(weights, tf.sub(dWeights, tf.sum(tf.mul(weights, dWeights), -1, true)));
  const dScaled = tf.mul(dScores, scale);
  const gradients = [
    tf.matMul(dScaled, k),
    tf.matMul(dScaled, q, true, false),
    tf.matMul(weights, dy, true, false),
  ];
  if (!mask) return gradients;
  const axes = tf.broadcast_util.getReductionAxes(mask.shape, dScores.shape);
  return [...gradients, tf.reshape(axes.length > 0 ? tf.sum(dScores, axes) : dScores, mask.shape)];
}
