import type * as tf from "@tensorflow/tfjs";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import { callKernel, dispose, inputOf, sizeOf, type KernelBody } from "./kernel.ts";
import { addressOf, simdOf } from "./simd.ts";

/**
 * The stock matMul leaves its fast path when an operand is to be transposed (measured at 1024³: 43 GFLOP/s without,
 * 3.4 with transposeB, 0.8 with transposeA), so the operand is transposed first. Linear layers' and attention's
 * gradients always ask for it.
 */
export const batchMatMul =
  (stock: KernelBody): KernelBody =>
  (call) => {
    const { backend, attrs } = call;
    const { transposeA, transposeB } = attrs as { transposeA: boolean; transposeB: boolean };
    if (!transposeA && !transposeB) return stock(call);
    const a = transposeA ? transposed(backend, inputOf(call, "a")) : inputOf(call, "a");
    const b = transposeB ? transposed(backend, inputOf(call, "b")) : inputOf(call, "b");
    const result = callKernel("BatchMatMul", backend, { a, b }, { transposeA: false, transposeB: false });
    if (transposeA) dispose(backend, a);
    if (transposeB) dispose(backend, b);
    return result;
  };

function transposed(backend: BackendWasm, matrices: tf.TensorInfo): tf.TensorInfo {
  const rows = matrices.shape.at(-2) ?? 1;
  const columns = matrices.shape.at(-1) ?? 1;
  const outer = matrices.shape.slice(0, -2);
  const result = backend.makeOutput([...outer, columns, rows], "float32");
  const { transpose } = simdOf(backend);
  for (let matrix = 0; matrix < sizeOf(outer); matrix += 1) {
    const offset = matrix * rows * columns * 4;
    const [from, to] = [addressOf(backend, matrices) + offset, addressOf(backend, result) + offset];
    transpose(from, to, rows, columns, columns * 4, rows * 4);
  }
  return result;
}
