import * as tf from "@tensorflow/tfjs";
import {
  assertNoDeviceErrors,
  initRuntime,
  type RuntimeInfo,
  type RuntimeOptions,
} from "../../../src/tensor/runtime.ts";

export interface ProbeResult {
  readonly info: RuntimeInfo;
  readonly product: number[];
}

/** Starts a backend and multiplies two matrices on it. */
export async function probe(backend: NonNullable<RuntimeOptions["backend"]>): Promise<ProbeResult> {
  const info = await initRuntime({ backend });
  const product = tf.matMul(tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.tensor2d([5, 6, 7, 8], [2, 2]));
  const values = [...(await product.data())].map(Number);
  await assertNoDeviceErrors();
  return { info, product: values };
}
