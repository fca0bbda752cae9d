import * as tf from "@tensorflow/tfjs";
import { sizeOf } from "./program.ts";
import { callKernel } from "./registry.ts";

/**
 * tfjs takes matrix `i mod count` of an operand for matrix i of the product. That is right where the operand's batch is
 * one matrix or repeats as a whole along leading axes; where an inner axis is broadcast, the CPU and WASM backends
 * multiply the wrong matrices and WebGPU refuses. Here such an operand is repeated first.
 */
export const broadcastingMatMul =
  (backendName: string) =>
  (multiply: tf.KernelFunc): tf.KernelFunc =>
  (args) => {
    const { a, b } = args.inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
    const outer = tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
    if (repeatsAsAWhole(a, outer) && repeatsAsAWhole(b, outer)) return multiply(args);
    const backend = args.backend as tf.KernelBackend;
    const [left, right] = [
      repeated(backend, backendName, a, outer),
      repeated(backend, backendName, b, outer),
    ];
    const product = multiply({ ...args, inputs: { a: left, b: right } });
    for (const copy of [left, right]) backend.disposeData(copy.dataId);
    return product;
  };

/** Whether matrix `i mod count` of the operand belongs to matrix i of the product: its batch is one matrix or repeats in order. */
export function repeatsAsAWhole({ shape }: tf.TensorInfo, outer: readonly number[]): boolean {
  const own = shape.slice(0, -2);
  const firstReal = own.findIndex((size) => size !== 1);
  if (firstReal < 0) return sizeOf(own) === 1;
  return own.slice(firstReal).join() === outer.slice(outer.length - own.length + firstReal).join();
}

/** A copy of x with its matrices repeated to the batch axes `outer`. */
function repeated(
  backend: tf.KernelBackend,
  backendName: string,
  x: tf.TensorInfo,
  outer: readonly number[],
): tf.TensorInfo {
  const rank = outer.length + 2;
  const shape = [...Array.from({ length: rank - x.shape.length }, () => 1), ...x.shape];
  const padded = callKernel(backend, backendName, "Reshape", { x }, { shape });
  const reps = shape.map((size, axis) => (outer[axis] ?? size) / size);
  const whole = callKernel(backend, backendName, "Tile", { x: padded }, { reps });
  backend.disposeData(padded.dataId);
  return whole;
}
