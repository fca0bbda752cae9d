import type * as tf from "@tensorflow/tfjs";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { callKernel } from "./registry.ts";

/** A copy of `count` entries along one axis. */
export function sliceAxis(
  backend: WebGPUBackend,
  x: tf.TensorInfo,
  axis: number,
  begin: number,
  count: number,
): tf.TensorInfo {
  return callKernel(
    backend,
    "webgpu",
    "Slice",
    { x },
    {
      begin: x.shape.map((_, i) => (i === axis ? begin : 0)),
      size: x.shape.map((size, i) => (i === axis ? count : size)),
    },
  );
}

/** Makes `total` entries along one axis of the result in pieces of at most `step`, and joins them. */
export function inPieces(
  backend: WebGPUBackend,
  total: number,
  step: number,
  axis: number,
  piece: (begin: number, count: number) => tf.TensorInfo,
): tf.TensorInfo {
  const parts: tf.TensorInfo[] = [];
  for (let begin = 0; begin < total; begin += step) parts.push(piece(begin, Math.min(step, total - begin)));
  const joined = callKernel(backend, "webgpu", "Concat", parts, { axis });
  for (const part of parts) backend.disposeData(part.dataId);
  return joined;
}
