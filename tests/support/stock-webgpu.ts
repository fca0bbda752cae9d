import * as tf from "@tensorflow/tfjs";
import { stockKernel } from "../../src/tensor/kernels/registry.ts";

/** The name under which tfjs's WebGPU backend runs as it came: with its own kernels and without our additions. */
export const stockWebgpu = "webgpu-stock";

/** Registers {@link stockWebgpu} on the device of the backend in use. To be called while "webgpu" is current. */
export async function registerStockWebgpu(): Promise<void> {
  if (tf.findBackendFactory(stockWebgpu)) return;
  const { WebGPUBackend } = await import("@tensorflow/tfjs-backend-webgpu");
  const { device, adapterInfo } = tf.backend() as InstanceType<typeof WebGPUBackend>;
  tf.registerBackend(stockWebgpu, () => new WebGPUBackend(device, adapterInfo as unknown as GPUAdapterInfo));
  for (const { kernelName } of tf.getKernelsForBackend("webgpu")) {
    if (kernelName.startsWith("Loom")) continue;
    tf.registerKernel({
      kernelName,
      backendName: stockWebgpu,
      kernelFunc: stockKernel("webgpu", kernelName),
    });
  }
}

/** Runs `body` on the stock backend and goes back to ours. */
export async function onStockWebgpu<T>(body: () => Promise<T>): Promise<T> {
  await registerStockWebgpu();
  await tf.setBackend(stockWebgpu);
  try {
    return await body();
  } finally {
    await tf.setBackend("webgpu");
  }
}
