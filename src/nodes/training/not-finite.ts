import * as tf from "@tensorflow/tfjs";

/**
 * The loss, or NaN if the gradient is not finite: such a step spoils the weights while its own loss still looks sound, and the
 * spoilt ones would pass for the last good ones.
 */
export function guardedLoss({ loss, gradientNorm }: { loss: tf.Scalar; gradientNorm: tf.Scalar }): tf.Scalar {
  return tf.add(loss, tf.mul(gradientNorm, 0));
}

/** What a person can do about a loss that is NaN or infinite, or whose gradient is. */
export function notFinite(loss: number, step: number): string {
  return (
    `the loss is ${String(loss)} at step ${String(step)}${Number.isNaN(loss) ? ", or its gradient is not finite" : ""}. ` +
    "Lower the learning rate, or limit the gradients (maxGradNorm). The weights before that step are kept."
  );
}
