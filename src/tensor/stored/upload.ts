import * as tf from "@tensorflow/tfjs";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";

/** Bytes that one write hands to the GPU's queue. */
export const UPLOAD_SLICE = 32 * 2 ** 20;

/** Bytes that may wait in the queue before {@link settleUploads} waits for them. */
const UPLOAD_BACKLOG = 64 * 2 ** 20;

const backlogs = new WeakMap<GPUDevice, number>();

/** `GPUBufferUsage.STORAGE | COPY_SRC | COPY_DST`, what tfjs asks for: buffers of the pool are found by size and usage. */
const TENSOR_USAGE = 0x80 | 0x4 | 0x8;

/** The WebGPU backend if it is the current one. */
function currentWebgpu(): WebGPUBackend | undefined {
  return tf.getBackend() === "webgpu" ? (tf.backend() as WebGPUBackend) : undefined;
}

/**
 * Bytes that a kernel can bind at once; Infinity where there is no such limit.
 */
export const bindingLimit = (): number =>
  currentWebgpu()?.device.limits.maxStorageBufferBindingSize ?? Infinity;

/** Whether half-precision weights can stay as they are on the current device. */
export const keepsHalvesOnGpu = (): boolean => currentWebgpu() !== undefined;

/**
 * A tensor of values that go to the GPU at once, without a copy that stays in JavaScript. On other backends an ordinary tensor.
 * Call {@link settleUploads} between two of them.
 *
 * @param values May be changed afterwards on WebGPU and WASM, not on the CPU backend.
 */
export function uploadTensor(values: Float32Array | Int32Array, shape: readonly number[]): tf.Tensor {
  const backend = currentWebgpu();
  const dtype = values instanceof Int32Array ? "int32" : "float32";
  if (!backend || values.length === 0) return tf.tensor(values, [...shape], dtype);
  const info = backend.makeTensorInfo([...shape], dtype);
  const buffer = backend.bufferManager.acquireBuffer(values.byteLength, TENSOR_USAGE) as GPUBuffer;
  const data = backend.tensorMap.get(info.dataId) as { resource?: GPUBuffer };
  data.resource = buffer;
  const bytes = new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);
  for (let at = 0; at < bytes.length; at += UPLOAD_SLICE) {
    const length = Math.min(UPLOAD_SLICE, bytes.length - at);
    backend.device.queue.writeBuffer(buffer, at, bytes, at, length);
  }
  backlogs.set(backend.device, (backlogs.get(backend.device) ?? 0) + bytes.length);
  return tf.engine().makeTensorFromTensorInfo(info, backend);
}

/** Waits until the GPU has taken what was uploaded, when that is more than a few slices: back-pressure for a loader. */
export async function settleUploads(): Promise<void> {
  const device = currentWebgpu()?.device;
  if (!device || (backlogs.get(device) ?? 0) < UPLOAD_BACKLOG) return;
  backlogs.set(device, 0);
  await device.queue.onSubmittedWorkDone();
}
