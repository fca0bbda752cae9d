import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-wasm";
import { registerWasmKernels } from "../../src/tensor/wasm/index.ts";

/** Kernels of the WASM backend to switch between. */
export interface KernelSets {
  readonly useOurs: () => void;
  /** tfjs's own, and the filter's gradient that it lacks composed of them. */
  readonly useStock: () => void;
}

/** To be called before anything registers our kernels: it finds tfjs's own and then registers ours. */
export async function wasmKernelSets(): Promise<KernelSets> {
  const stock = tf.getKernelsForBackend("wasm");
  registerWasmKernels();
  const ours = tf.getKernelsForBackend("wasm");
  if (ours.length === stock.length)
    throw new Error("Our WASM kernels were registered before the stock ones could be kept.");
  if (!(await tf.setBackend("wasm"))) throw new Error("The WASM backend does not start.");
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
