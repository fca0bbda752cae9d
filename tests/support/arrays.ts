import * as tf from "@tensorflow/tfjs";

/** Evenly spread numbers in [-1, 1), the same for the same seed (a Weyl sequence, scrambled). */
export function spread(count: number, seed = 1): Float32Array {
  return Float32Array.from({ length: count }, (_, index) => {
    let bits = Math.imul(index + 1, 0x9e3779b1) ^ Math.imul(seed, 0x85ebca6b);
    bits = Math.imul(bits ^ (bits >>> 16), 0x7feb352d);
    bits = Math.imul(bits ^ (bits >>> 15), 0x846ca68b);
    return ((bits ^ (bits >>> 16)) >>> 8) / 2 ** 23 - 1;
  });
}

/** A tensor of {@link spread} numbers. */
export function spreadTensor<R extends tf.Rank>(shape: tf.ShapeMap[R], seed = 1): tf.Tensor<R> {
  return tf.tensor<R>(
    spread(
      (shape as number[]).reduce((product, size) => product * size, 1),
      seed,
    ),
    shape,
  );
}

/** max|a − b| / max|b|. Infinity when a is not finite somewhere or the lengths differ. */
export function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < b.length; i++) {
    const [left, right] = [Number(a[i]), Number(b[i])];
    if (!Number.isFinite(left)) return Infinity;
    difference = Math.max(difference, Math.abs(left - right));
    largest = Math.max(largest, Math.abs(right));
  }
  return largest === 0 ? difference : difference / largest;
}
