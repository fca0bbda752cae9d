import type * as tf from "@tensorflow/tfjs";
import { geglu } from "../../../tensor/ops.ts";
import type { ParameterSpec, Weights } from "../../weights/parameters.ts";
import { applyLinear } from "./apply.ts";
import { linearParameters } from "./parameters.ts";

const expansion = 4;

export function feedForwardParameters(prefix: string, channels: number): ParameterSpec[] {
  const inner = channels * expansion;
  return [
    ...linearParameters(`${prefix}.net.0.proj`, channels, 2 * inner),
    ...linearParameters(`${prefix}.net.2`, inner, channels),
  ];
}

/** diffusers' `FeedForward` with GEGLU (Shazeer 2020): x `[…, channels]` → the same shape. */
export function feedForward<T extends tf.Tensor>(weights: Weights, prefix: string, x: T): T {
  return applyLinear(weights, `${prefix}.net.2`, geglu(applyLinear(weights, `${prefix}.net.0.proj`, x))) as T;
}
