import * as tf from "@tensorflow/tfjs";
import type { PredictionType } from "./scheduler.ts";
import type { Level } from "./solver-levels.ts";
import { combine } from "./tensor-math.ts";

/** x_0 from what the model returned for x = α·x_0 + σ·ε. */
export function originalAtLevel(
  type: PredictionType,
  modelOutput: tf.Tensor4D,
  sample: tf.Tensor4D,
  { alpha, sigma }: Level,
  flowSigma: number,
): tf.Tensor4D {
  switch (type) {
    case "epsilon":
      return tf.div(tf.sub(sample, tf.mul(modelOutput, sigma)), alpha);
    case "sample":
      return modelOutput;
    case "v_prediction":
      return combine([alpha, sample], [-sigma, modelOutput]);
    case "flow_prediction":
      return tf.sub(sample, tf.mul(modelOutput, flowSigma));
  }
}

/**
 * ε from what the model returned for x = α·x_0 + σ·ε.
 *
 * @throws For `flow_prediction`, which the noise forms of the solvers do not take.
 */
export function epsilonAtLevel(
  type: PredictionType,
  modelOutput: tf.Tensor4D,
  sample: tf.Tensor4D,
  { alpha, sigma }: Level,
): tf.Tensor4D {
  switch (type) {
    case "epsilon":
      return modelOutput;
    case "sample":
      return tf.div(tf.sub(sample, tf.mul(modelOutput, alpha)), sigma);
    case "v_prediction":
      return combine([alpha, modelOutput], [sigma, sample]);
    case "flow_prediction":
      throw new Error("A solver over the noise cannot take a flow prediction.");
  }
}
