import type * as tf from "@tensorflow/tfjs";
import type { ParameterSpec, Weights } from "../../weights/parameters.ts";
import { applyConv } from "./apply.ts";
import { convParameters } from "./parameters.ts";

export function downsampleParameters(
  prefix: string,
  inChannels: number,
  outChannels = inChannels,
): ParameterSpec[] {
  return convParameters(`${prefix}.conv`, { inChannels, outChannels });
}

/**
 * diffusers' `Downsample2D`: 3×3 convolution with stride 2. Padding 0 adds one row below and one column at the right, as
 * Ho et al.'s TensorFlow code did with "SAME".
 */
export function downsample(weights: Weights, prefix: string, x: tf.Tensor4D, padding: number): tf.Tensor4D {
  return applyConv(weights, `${prefix}.conv`, x, {
    stride: 2,
    padding: padding === 0 ? [0, 1, 0, 1] : padding,
  });
}
