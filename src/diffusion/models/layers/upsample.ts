import type * as tf from "@tensorflow/tfjs";
import { upsampleNearest2d } from "../../../tensor/ops.ts";
import type { ParameterSpec, Weights } from "../../weights/parameters.ts";
import { applyConv } from "./apply.ts";
import { convParameters } from "./parameters.ts";

export function upsampleParameters(
  prefix: string,
  inChannels: number,
  outChannels = inChannels,
): ParameterSpec[] {
  return convParameters(`${prefix}.conv`, { inChannels, outChannels });
}

/** diffusers' `Upsample2D`: nearest neighbour, twice the size or `outputSize`, then a 3×3 convolution. */
export function upsample(
  weights: Weights,
  prefix: string,
  x: tf.Tensor4D,
  outputSize?: readonly [height: number, width: number],
): tf.Tensor4D {
  return applyConv(weights, `${prefix}.conv`, upsampleNearest2d(x, outputSize ?? 2), { padding: 1 });
}
