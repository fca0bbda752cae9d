import * as tf from "@tensorflow/tfjs";

/** One parameter with what Adam knows of it; all of one shape. */
export interface AdamParameter {
  readonly weight: tf.Tensor;
  /** Running mean of the gradients. */
  readonly first: tf.Tensor;
  /** Running mean of their squares. */
  readonly second: tf.Tensor;
}

export interface AdamCoefficients {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Added to the gradient as l2·weight (Adam's weight decay); 0 for none. */
  readonly l2: number;
  /** Factor on the weight, 1 − learningRate·decay (AdamW's weight decay); 1 for none. */
  readonly shrink: number;
  /** learningRate / (1 − beta1^step). */
  readonly stepSize: number;
  /** √(1 − beta2^step). */
  readonly secondCorrection: number;
}

/**
 * One parameter's step of Adam (Kingma and Ba 2015, algorithm 1) or AdamW (Loshchilov and Hutter 2019), with the bias
 * corrections in the coefficients. Three kernels where the backend has them, else thirteen. Nothing given is changed.
 */
export function adamUpdate(
  parameter: AdamParameter,
  gradient: tf.Tensor,
  coefficients: AdamCoefficients,
): AdamParameter {
  if (!tf.getKernel("LoomAdamFirst", tf.getBackend()))
    return compositeAdamUpdate(parameter, gradient, coefficients);
  const { weight } = parameter;
  const run = (name: string, inputs: Record<string, tf.Tensor>): tf.Tensor =>
    tf.engine().runKernel(name, inputs, { ...coefficients });
  const first = run("LoomAdamFirst", { first: parameter.first, gradient, weight });
  const second = run("LoomAdamSecond", { second: parameter.second, gradient, weight });
  return { weight: run("LoomAdamWeight", { weight, first, second }), first, second };
}

/** The same in tfjs's own ops. */
export function compositeAdamUpdate(
  parameter: AdamParameter,
  gradient: tf.Tensor,
  coefficients: AdamCoefficients,
): AdamParameter {
  const { beta1, beta2, epsilon, l2, shrink, stepSize, secondCorrection } = coefficients;
  return tf.tidy(() => {
    const decayed = l2 === 0 ? gradient : tf.add(gradient, tf.mul(parameter.weight, l2));
    const weight = shrink === 1 ? parameter.weight : tf.mul(parameter.weight, shrink);
    const first = tf.add(parameter.first, tf.mul(tf.sub(decayed, parameter.first), 1 - beta1));
    const second = tf.add(tf.mul(parameter.second, beta2), tf.mul(tf.square(decayed), 1 - beta2));
    const denominator = tf.add(tf.div(tf.sqrt(second), secondCorrection), epsilon);
    return { weight: tf.sub(weight, tf.mul(tf.div(first, denominator), stepSize)), first, second };
  });
}
