import * as tf from "@tensorflow/tfjs";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { isStored, type Weight } from "./stored-tensor.ts";

/**
 * A weight's values as float32. tfjs keeps a copy of what it has read from a GPU; here it is let go, so that reading a model of
 * gigabytes leaves nothing behind.
 */
export async function readBack(weight: Weight): Promise<Float32Array> {
  const values = (await weight.data()) as Float32Array;
  const tensor = isStored(weight) ? weight.packed : weight;
  if (tensor && tf.getBackend() === "webgpu" && !tensor.isDisposed) {
    const { tensorMap } = tf.backend() as WebGPUBackend;
    const data = tensorMap.get(tensor.dataId) as { resource?: unknown; values?: unknown } | undefined;
    if (data?.resource) data.values = undefined;
  }
  return values;
}
