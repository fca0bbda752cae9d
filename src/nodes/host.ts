import * as tf from "@tensorflow/tfjs";
import type { Host } from "../engine/run/host.ts";
import { assertNoDeviceErrors, describeLoss, runtimeInfo, trimMemory } from "../tensor/runtime.ts";

/** The tensors in a value, looked for in plain objects, arrays and maps of them. */
function tensorsIn(value: unknown, found: tf.Tensor[] = [], seen = new Set<unknown>()): tf.Tensor[] {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value) || seen.has(value))
    return found;
  seen.add(value);
  if (value instanceof tf.Tensor) found.push(value);
  else for (const item of Object.values(value)) tensorsIn(item, found, seen);
  return found;
}

/**
 * tfjs as the executor's host: scopes free temporaries, and an error that the GPU reported while a node ran fails that node
 * (a WebGPU error throws nothing by itself, see src/tensor).
 */
export const tensorHost: Host = {
  scope: (fn) => {
    const engine = tf.engine();
    engine.startScope();
    let kept: tf.Tensor[] = [];
    try {
      const value = fn();
      kept = tensorsIn(value);
      return value;
    } finally {
      engine.endScope(kept);
    }
  },
  keep: (value) => {
    for (const tensor of tensorsIn(value)) tf.keep(tensor);
  },
  trim: () => void trimMemory(),
  afterNode: () => (runtimeInfo()?.backend === "webgpu" ? checkDevice() : undefined),
  explain: describeLoss,
};

async function checkDevice(): Promise<void> {
  await assertNoDeviceErrors();
  trimMemory();
}
