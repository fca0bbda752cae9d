import * as tf from "@tensorflow/tfjs";
import type { ParameterSpec } from "../../diffusion/weights/parameters.ts";
import { hasFusedAttention } from "../../tensor/kernels/fused-attention.ts";
import { bytesPerSubmit, pooledBytes } from "../../tensor/webgpu-backend.ts";

/** Bytes of a value. */
export const FLOAT = 4;

/** Scores of attention, and their softmax, where no kernel does without. */
export const scoreBytes = (
  batch: number,
  heads: number,
  dim: number,
  queries: number,
  keys: number,
): number => (hasFusedAttention(dim) ? 0 : 2 * batch * heads * queries * keys * FLOAT);

/** What of the tensors is freed while a network runs. On WebGPU it does not go at once. */
export interface FreedBytes {
  /** Results that wait to be submitted. */
  readonly waiting: number;
  /** Free buffers of other sizes than the ones that are wanted. */
  readonly pooled: number;
}

/** What a backend takes for tensors of so many bytes at the most crowded place. */
export function onBackend(
  tensorBytes: number,
  specs: readonly ParameterSpec[],
  { waiting, pooled }: FreedBytes = { waiting: 1.2 * tensorBytes, pooled: 2.2 * tensorBytes },
): number {
  if (tf.getBackend() === "webgpu")
    return tensorBytes + Math.min(bytesPerSubmit, waiting) + Math.min(pooledBytes, pooled);
  // Weights that are kept in half precision, or outside of the backend, are widened one at a time.
  const largest = specs
    .filter(({ kind }) => kind === "conv" || kind === "linear")
    .map(({ shape }) => shape.reduce((product, length) => product * length, 1));
  return tensorBytes + FLOAT * Math.max(0, ...largest);
}
