import * as tf from "@tensorflow/tfjs";

/** Mean squared error over all elements, as `torch.nn.functional.mse_loss`. @throws when the shapes differ. */
export function mseLoss(prediction: tf.Tensor, target: tf.Tensor): tf.Scalar {
  if (prediction.shape.join() !== target.shape.join()) {
    throw new Error(
      `Loss: the prediction is [${prediction.shape.join(", ")}], the target [${target.shape.join(", ")}].`,
    );
  }
  return tf.tidy(() => tf.mean(tf.square(tf.sub(prediction, target))));
}
