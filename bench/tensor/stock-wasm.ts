import * as tf from "@tensorflow/tfjs";
import { initRuntime } from "../../src/tensor/runtime.ts";
import { addedKernels, replacedKernels } from "../../src/tensor/wasm/kernel.ts";

/** Kernels of the WASM backend to switch between. */
export interface KernelSets {
  readonly useOurs: () => void;
  /** tfjs's own, and the filter's gradient that it lacks composed of them. */
  readonly useStock: () => void;
}

/** Makes WASM, in one thread, the current backend. */
export async function wasmKernelSets(): Promise<KernelSets> {
  await initRuntime({ backend: "wasm", threads: 1 });
  const ours = tf.getKernelsForBackend("wasm");
  const stock = ours
    .filter(({ kernelName }) => !addedKernels.has(kernelName))
    .map((kernel) => replacedKernels.get(kernel.kernelName) ?? kernel);
  const use = (kernels: readonly tf.KernelConfig[]): void => {
    for (const { kernelName } of tf.getKernelsForBackend("wasm")) tf.unregisterKernel(kernelName, "wasm");
    for (const kernel of kernels) tf.registerKernel(kernel);
  };
  const composed: tf.KernelConfig = {
    kernelName: tf.Conv2DBackpropFilter,
    backendName: "wasm",
    kernelFunc: ({ inputs, attrs, backend }) => {
      const run = (
        name: string,
        input: tf.NamedTensorInfoMap,
        given: Record<string, unknown>,
      ): tf.TensorInfo => {
        const kernel = stock.find(({ kernelName }) => kernelName === name) as tf.KernelConfig;
        return kernel.kernelFunc({
          inputs: input,
          attrs: given as tf.NamedAttrMap,
          backend,
        }) as tf.TensorInfo;
      };
      return filterGradient(run, backend as tf.KernelBackend, inputs, attrs as Record<string, unknown>);
    },
  };
  return { useOurs: () => use(ours), useStock: () => use([...stock, composed]) };
}

type Run = (name: string, inputs: tf.NamedTensorInfoMap, attrs: Record<string, unknown>) => tf.TensorInfo;

/** The filter's gradient for stride 1 as a convolution of x and dy with batch and channels exchanged. */
function filterGradient(
  run: Run,
  backend: tf.KernelBackend,
  inputs: tf.NamedTensorInfoMap,
  { pad }: Record<string, unknown>,
): tf.TensorInfo {
  const { x, dy } = inputs as { x: tf.TensorInfo; dy: tf.TensorInfo };
  const picture = run(tf.Transpose, { x }, { perm: [3, 1, 2, 0] });
  const filter = run(tf.Transpose, { x: dy }, { perm: [1, 2, 0, 3] });
  const attrs = { strides: [1, 1], pad, dataFormat: "NHWC", dilations: [1, 1] };
  const sums = run(tf.Conv2D, { x: picture, filter }, attrs);
  const result = run(tf.Transpose, { x: sums }, { perm: [1, 2, 0, 3] });
  for (const { dataId } of [picture, filter, sums]) backend.disposeData(dataId);
  return result;
}
