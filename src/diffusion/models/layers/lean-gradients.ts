import * as tf from "@tensorflow/tfjs";
import { attention } from "../../../tensor/ops.ts";

/**
 * Operations whose gradients keep less than tfjs's own. tfjs keeps both terms of every sum, all parts of every concatenation and
 * every matrix of attention scores until the backward pass is over, most of them for their shapes alone: for the diffusion
 * course's UNet2DModel and a batch of 128 that is more than the 4 GB that WebAssembly can address.
 */

/** Whether what is computed now will be differentiated. */
export const isDifferentiating = (): boolean => tf.engine().state.gradientDepth > 0;

/** a + b, where b has a's shape or is broadcast to it. Keeps nothing. */
export function addLean<T extends tf.Tensor>(a: T, b: tf.Tensor): T {
  const forward = tf.customGrad((x, y) => ({
    value: tf.add(x as tf.Tensor, y as tf.Tensor),
    // Clones: the engine disposes a gradient when it adds another to it, and must not take the other term's with it.
    gradFunc: (dy: tf.Tensor) => [tf.clone(dy), sumTo(dy, b.shape)],
  }));
  return forward(a, b) as T;
}

/** The gradient of broadcasting `shape` to dy's. */
function sumTo(dy: tf.Tensor, shape: readonly number[]): tf.Tensor {
  const offset = dy.rank - shape.length;
  const axes = dy.shape
    .map((_, axis) => axis)
    .filter((axis) => axis < offset || (shape[axis - offset] === 1 && dy.shape[axis] !== 1));
  return axes.length === 0 ? tf.clone(dy) : tf.reshape(tf.sum(dy, axes), [...shape]);
}

/** Pictures side by side along their channels. Keeps nothing. */
export function concatChannels(a: tf.Tensor4D, b: tf.Tensor4D): tf.Tensor4D {
  const [batch, height, width, channels] = a.shape;
  const forward = tf.customGrad((x, y) => ({
    value: tf.concat([x as tf.Tensor4D, y as tf.Tensor4D], 3),
    gradFunc: (dy: tf.Tensor) => [
      tf.slice(dy, [0, 0, 0, 0], [batch, height, width, channels]),
      tf.slice(dy, [0, 0, 0, channels], [batch, height, width, b.shape[3]]),
    ],
  }));
  return forward(a, b) as tf.Tensor4D;
}

/**
 * {@link attention} that keeps queries, keys, values and its result, and computes the scores again on the way back (Dao et al.
 * 2022, section 3.1, without the tiling). All are `[batch, heads, tokens, dim]`.
 */
export function attentionLean(q: tf.Tensor4D, k: tf.Tensor4D, v: tf.Tensor4D): tf.Tensor4D {
  const scale = 1 / Math.sqrt(q.shape[3]);
  const forward = tf.customGrad((...given) => {
    const [queries, keys, values, save] = given as unknown as [
      tf.Tensor4D,
      tf.Tensor4D,
      tf.Tensor4D,
      tf.GradSaveFunc,
    ];
    const value = attention(queries, keys, values, { scale });
    save([queries, keys, values, value]);
    return { value, gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => attentionGradients(dy, saved, scale) };
  });
  return forward(q, k, v) as tf.Tensor4D;
}

function attentionGradients(dy: tf.Tensor, saved: readonly tf.Tensor[], scale: number): tf.Tensor[] {
  const [q, k, v, out] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
  const probabilities = tf.tidy(() => tf.softmax(tf.matMul(tf.mul(q, scale), k, false, true)));
  const dv = tf.matMul(probabilities, dy, true, false);
  const dScores = tf.tidy(() => {
    const rows = tf.sum(tf.mul(dy, out), -1, true);
    return tf.mul(probabilities, tf.sub(tf.matMul(dy, v, false, true), rows));
  });
  probabilities.dispose();
  const dq = tf.mul(tf.matMul(dScores, k), scale);
  const dk = tf.mul(tf.matMul(dScores, q, true, false), scale);
  dScores.dispose();
  return [dq, dk, dv];
}
