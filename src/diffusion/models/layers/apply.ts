import type * as tf from "@tensorflow/tfjs";
import * as ops from "../../../tensor/ops.ts";
import { denseWeight } from "../../../tensor/stored/expand.ts";
import type { Weight } from "../../../tensor/stored/stored-tensor.ts";
import type { Weights } from "../../weights/parameters.ts";
import { activate, type Activation } from "./activation.ts";
import { addLean, isDifferentiating } from "./lean-gradients.ts";

/** Layers of torch as functions of a model's weights and the layer's name in them. */

/**
 * A weight as it is kept, for the operations that read any.
 * @throws naming the parameter when the weights do not have it.
 */
export function takeStored<T extends tf.Tensor = tf.Tensor>(weights: Weights, name: string): Weight<T> {
  const weight = weights[name];
  if (!weight)
    throw new Error(`The weights have no "${name}"; they belong to another model or another config.`);
  return weight as Weight<T>;
}

/** The same as a float32 tensor, widened into the open scope where it is stored otherwise. */
export const takeWeight = <T extends tf.Tensor = tf.Tensor>(weights: Weights, name: string): T =>
  denseWeight(takeStored<T>(weights, name));

const takeBias = (weights: Weights, prefix: string): tf.Tensor1D | undefined =>
  weights[`${prefix}.bias`] as tf.Tensor1D | undefined;

/** `nn.Conv2d` on x `[n, h, w, in]`. Padding 0 and stride 1 unless given. */
export function applyConv(
  weights: Weights,
  prefix: string,
  x: tf.Tensor4D,
  options?: ops.Conv2dOptions,
): tf.Tensor4D {
  const filter = takeStored<tf.Tensor4D>(weights, `${prefix}.weight`);
  const bias = takeBias(weights, prefix);
  // Apart only where gradients are taken: elsewhere one kernel may do both.
  if (bias && isDifferentiating()) return addLean(ops.conv2d(x, filter, undefined, options), bias);
  return ops.conv2d(x, filter, bias, options);
}

/** `nn.Linear` over the last axis of x `[…, in]`. */
export function applyLinear(weights: Weights, prefix: string, x: tf.Tensor): tf.Tensor {
  const weight = takeStored<tf.Tensor2D>(weights, `${prefix}.weight`);
  const bias = takeBias(weights, prefix);
  if (bias && isDifferentiating()) return addLean(ops.linear(x, weight), bias);
  return ops.linear(x, weight, bias);
}

/** `nn.GroupNorm` over channels-last x. */
export function applyGroupNorm<T extends tf.Tensor>(
  weights: Weights,
  prefix: string,
  x: T,
  groups: number,
  epsilon: number,
): T {
  const gamma = takeWeight<tf.Tensor1D>(weights, `${prefix}.weight`);
  const beta = takeWeight<tf.Tensor1D>(weights, `${prefix}.bias`);
  return ops.groupNorm(x, gamma, beta, groups, epsilon) as T;
}

/** An activation of `nn.GroupNorm`, as one kernel where there is one. */
export function applyNormActivation(
  weights: Weights,
  prefix: string,
  activation: Activation,
  x: tf.Tensor4D,
  groups: number,
  epsilon: number,
): tf.Tensor4D {
  if (activation !== "silu" && activation !== "swish") {
    return activate(activation, applyGroupNorm(weights, prefix, x, groups, epsilon));
  }
  const gamma = takeWeight<tf.Tensor1D>(weights, `${prefix}.weight`);
  const beta = takeWeight<tf.Tensor1D>(weights, `${prefix}.bias`);
  return ops.groupNormSilu(x, gamma, beta, groups, epsilon) as tf.Tensor4D;
}

/** `nn.LayerNorm` over the last axis. */
export function applyLayerNorm<T extends tf.Tensor>(
  weights: Weights,
  prefix: string,
  x: T,
  epsilon = 1e-5,
): T {
  const gamma = takeWeight<tf.Tensor1D>(weights, `${prefix}.weight`);
  const beta = takeWeight<tf.Tensor1D>(weights, `${prefix}.bias`);
  return ops.layerNorm(x, gamma, beta, epsilon) as T;
}
