import type * as tf from "@tensorflow/tfjs";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import { addressOf, simdOf } from "./simd.ts";

const FLOAT = 4;

/** `[n, p, c]` to `[c, p, n]`. */
export function reverseAxes3(
  backend: BackendWasm,
  from: tf.TensorInfo,
  to: tf.TensorInfo,
  n: number,
  p: number,
  c: number,
): void {
  const { transpose } = simdOf(backend);
  const source = addressOf(backend, from);
  const target = addressOf(backend, to);
  for (let pixel = 0; pixel < p; pixel += 1) {
    transpose(source + pixel * c * FLOAT, target + pixel * n * FLOAT, n, c, p * c * FLOAT, p * n * FLOAT);
  }
}

/** `[n, p, c]` to `[p, n, c]`. */
export function swapFirstAxes3(
  backend: BackendWasm,
  from: tf.TensorInfo,
  to: tf.TensorInfo,
  n: number,
  p: number,
  c: number,
): void {
  const row = c * FLOAT;
  simdOf(backend).copyRows(
    addressOf(backend, from),
    addressOf(backend, to),
    ...[p, n, c],
    ...[row, p * row],
    ...[n * row, row],
  );
}

/** `[b, r, c]` to `[b, c, r]`. */
export function transposeMatrices(
  backend: BackendWasm,
  from: tf.TensorInfo,
  to: tf.TensorInfo,
  b: number,
  r: number,
  c: number,
): void {
  const { transpose } = simdOf(backend);
  const source = addressOf(backend, from);
  const target = addressOf(backend, to);
  const size = r * c * FLOAT;
  for (let matrix = 0; matrix < b; matrix += 1) {
    transpose(source + matrix * size, target + matrix * size, r, c, c * FLOAT, r * FLOAT);
  }
}
