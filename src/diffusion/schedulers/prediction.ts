import * as tf from "@tensorflow/tfjs";
import { f32 } from "../schedules/numeric.ts";
import { combine, root } from "./tensor-math.ts";

export interface Prediction {
  readonly predOriginalSample: tf.Tensor4D;
  readonly predEpsilon: tf.Tensor4D;
}

type VpPrediction = "epsilon" | "sample" | "v_prediction";

/**
 * x_0 from what the model returned for x_t = √ᾱ·x_0 + √(1−ᾱ)·ε: Song et al. 2021, eq. 12, and for the velocity
 * Salimans and Ho 2022, appendix D.
 *
 * @param alpha ᾱ_t.
 */
export function originalFromOutput(
  type: VpPrediction,
  modelOutput: tf.Tensor4D,
  sample: tf.Tensor4D,
  alpha: number,
): tf.Tensor4D {
  const beta = root(f32(1 - alpha));
  switch (type) {
    case "epsilon":
      return tf.div(tf.sub(sample, tf.mul(modelOutput, beta)), root(alpha));
    case "sample":
      return modelOutput;
    case "v_prediction":
      return combine([root(alpha), sample], [-beta, modelOutput]);
  }
}

/** ε from what the model returned; see {@link originalFromOutput}. */
export function epsilonFromOutput(
  type: VpPrediction,
  modelOutput: tf.Tensor4D,
  sample: tf.Tensor4D,
  alpha: number,
): tf.Tensor4D {
  switch (type) {
    case "epsilon":
      return modelOutput;
    case "sample":
      return epsilonFromOriginal(modelOutput, sample, alpha);
    case "v_prediction":
      return combine([root(alpha), modelOutput], [root(f32(1 - alpha)), sample]);
  }
}

/** ε = (x_t − √ᾱ·x_0)/√(1−ᾱ). */
export const epsilonFromOriginal = (original: tf.Tensor4D, sample: tf.Tensor4D, alpha: number): tf.Tensor4D =>
  tf.div(tf.sub(sample, tf.mul(original, root(alpha))), root(f32(1 - alpha)));

/**
 * x_0 from what the model returned for x = x_0 + σ·ε (the model saw x/√(σ²+1)): Karras et al. 2022, table 1.
 */
export function originalFromSigma(
  type: VpPrediction,
  modelOutput: tf.Tensor4D,
  sample: tf.Tensor4D,
  sigma: number,
): tf.Tensor4D {
  switch (type) {
    case "epsilon":
      return tf.sub(sample, tf.mul(modelOutput, sigma));
    case "sample":
      return modelOutput;
    case "v_prediction": {
      const variance = f32(f32(sigma * sigma) + 1);
      return tf.add(tf.mul(modelOutput, f32(-sigma / root(variance))), tf.div(sample, variance));
    }
  }
}

/** The model's output without a predicted variance, and that variance where there is one. */
export function splitVariance(
  modelOutput: tf.Tensor4D,
  channels: number,
): { readonly mean: tf.Tensor4D; readonly variance: tf.Tensor4D | undefined } {
  if (modelOutput.shape[3] === channels) return { mean: modelOutput, variance: undefined };
  const [mean, variance] = tf.split(modelOutput, 2, 3);
  return { mean: mean as tf.Tensor4D, variance: variance as tf.Tensor4D };
}
