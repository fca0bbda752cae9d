import * as tf from "@tensorflow/tfjs";

/**
 * The forward process of the diffusion course's first unit: x·(1 − a) + noise·a.
 * @param sample `[batch, …]`, any range.
 * @param noise Same shape; the course draws it uniformly from [0, 1).
 * @param amount a, from 0 (clean) to 1 (noise only): one for all, or one a picture.
 */
export function corrupt<T extends tf.Tensor>(
  sample: T,
  noise: T,
  amount: number | ArrayLike<number> | tf.Tensor1D,
): T {
  if (sample.shape.join() !== noise.shape.join()) {
    throw new Error(
      `Corrupt: the sample is [${sample.shape.join(", ")}], the noise [${noise.shape.join(", ")}].`,
    );
  }
  return tf.tidy(() => {
    const values =
      amount instanceof tf.Tensor
        ? amount
        : tf.tensor1d(typeof amount === "number" ? [amount] : Array.from(amount));
    if (values.size !== 1 && values.size !== sample.shape[0]) {
      throw new Error(
        `Corrupt: ${String(values.size)} amounts for a batch of ${String(sample.shape[0])}; give one, or one a picture.`,
      );
    }
    const share = tf.reshape(values, [-1, ...sample.shape.slice(1).map(() => 1)]);
    return tf.add(tf.mul(sample, tf.sub(1, share)), tf.mul(noise, share));
  });
}
