import * as tf from "@tensorflow/tfjs";
import { registerWasmKernels } from "../../src/tensor/wasm/index.ts";

/** Makes WASM with our kernels the current backend. */
export async function startWasm(): Promise<void> {
  registerWasmKernels();
  registerWasmKernels();
  if (!(await tf.setBackend("wasm"))) throw new Error("The WASM backend does not start.");
}

/** Runs a kernel by its name and checks that it leaves nothing behind but its results. */
export function runKernel(
  name: string,
  inputs: Record<string, tf.Tensor>,
  attrs: Record<string, number | boolean | string> = {},
): tf.Tensor {
  const { backend } = tf.engine();
  const before = backend.numDataIds();
  const result = tf.engine().runKernel(name, inputs, attrs) as tf.Tensor;
  if (backend.numDataIds() !== before + 1) {
    throw new Error(`${name} left ${backend.numDataIds() - before - 1} pieces of data behind.`);
  }
  return result;
}
