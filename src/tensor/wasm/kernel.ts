import * as tf from "@tensorflow/tfjs";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";

/** What tfjs passes to a kernel; the tensors live on the WASM heap. */
export interface KernelCall {
  readonly inputs: Record<string, tf.TensorInfo>;
  readonly attrs: Record<string, unknown>;
  readonly backend: BackendWasm;
}

export type KernelBody = (call: KernelCall) => tf.TensorInfo | tf.TensorInfo[];

/** tfjs's own kernels that ours replaced, by name, for comparisons with them. */
export const replacedKernels: ReadonlyMap<string, tf.KernelConfig> = new Map();

/** Names of the kernels that the WASM backend did not have. */
export const addedKernels: ReadonlySet<string> = new Set();

/** Adds a kernel that the WASM backend lacks. */
export function addKernel(kernelName: string, body: KernelBody): void {
  (addedKernels as Set<string>).add(kernelName);
  tf.registerKernel({ kernelName, backendName: "wasm", kernelFunc: body as unknown as tf.KernelFunc });
}

/**
 * Puts a kernel in the place of a stock one. The stock one's set-up still runs with the backend's, and `body` receives
 * the stock one for the cases that it leaves alone.
 */
export function replaceKernel(kernelName: string, makeBody: (stock: KernelBody) => KernelBody): void {
  const stock = tf.getKernel(kernelName, "wasm");
  (replacedKernels as Map<string, tf.KernelConfig>).set(kernelName, stock);
  tf.unregisterKernel(kernelName, "wasm");
  const body = makeBody(stock.kernelFunc as unknown as KernelBody);
  tf.registerKernel({ ...stock, kernelFunc: body as unknown as tf.KernelFunc });
}

/** Runs another kernel of the WASM backend that has one output. The caller disposes of the result. */
export function callKernel(
  kernelName: string,
  backend: BackendWasm,
  inputs: Record<string, tf.TensorInfo>,
  attrs: Record<string, unknown> = {},
): tf.TensorInfo {
  const { kernelFunc } = tf.getKernel(kernelName, "wasm");
  return (kernelFunc as unknown as KernelBody)({ inputs, attrs, backend }) as tf.TensorInfo;
}

/** The input of that name; the engine has checked that it is there. */
export function inputOf(call: KernelCall, name: string): tf.TensorInfo {
  const info = call.inputs[name];
  if (!info) throw new Error(`A WASM kernel was called without its input "${name}".`);
  return info;
}

/**
 * The tensor's values on the heap. The view dies when the heap grows, so take views only after every output and
 * temporary of a kernel has been made.
 */
export function floatsOf(backend: BackendWasm, info: tf.TensorInfo): Float32Array {
  return backend.typedArrayFromHeap(info) as Float32Array;
}

export function intsOf(backend: BackendWasm, info: tf.TensorInfo): Int32Array {
  return backend.typedArrayFromHeap(info) as Int32Array;
}

/** The space of a float tensor of even length as doubles, for sums that must not lose digits. */
export function doublesAt(backend: BackendWasm, info: tf.TensorInfo): Float64Array {
  const floats = floatsOf(backend, info);
  return new Float64Array(floats.buffer, floats.byteOffset, floats.length / 2);
}

export const dispose = (backend: BackendWasm, ...infos: tf.TensorInfo[]): void => {
  for (const info of infos) backend.disposeData(info.dataId);
};

/** The same data under another shape. Counts as a holder of the data: dispose of it like of any other. */
export function reshaped(backend: BackendWasm, info: tf.TensorInfo, shape: number[]): tf.TensorInfo {
  backend.incRef(info.dataId);
  return { dataId: info.dataId, shape, dtype: info.dtype };
}

export const sizeOf = (shape: readonly number[]): number =>
  shape.reduce((product, length) => product * length, 1);
