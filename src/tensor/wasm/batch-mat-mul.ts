import * as tf from "@tensorflow/tfjs";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import { repeatsAsAWhole } from "../kernels/matmul-broadcast.ts";
import { callKernel, dispose, floatsOf, inputOf, sizeOf, type KernelBody } from "./kernel.ts";
import { addressOf, simdOf } from "./simd.ts";

/**
 * Matrix products `a` […, m, k] · `b` […, k, n]. One product without transposes stays with the stock kernel. With them
 * the stock one leaves its fast path (measured at 1024³: 43 GFLOP/s without, 3.4 with transposeB, 0.8 with transposeA),
 * so the operand is transposed first; linear layers' gradients ask for it. Many products, as in attention, are ours: the
 * stock kernel sets up an operator for each.
 */
export const batchMatMul =
  (stock: KernelBody): KernelBody =>
  (call) => {
    const { backend, attrs } = call;
    const [a, b] = [inputOf(call, "a"), inputOf(call, "b")];
    const { transposeA, transposeB } = attrs as { transposeA: boolean; transposeB: boolean };
    const many = Math.max(sizeOf(a.shape.slice(0, -2)), sizeOf(b.shape.slice(0, -2))) > 1;
    const floats = a.dtype === "float32" && b.dtype === "float32";
    if (many && floats) return multiplyMany(backend, a, b, transposeA, transposeB);
    if (!floats || (!transposeA && !transposeB)) return stock(call);
    const factors = {
      a: transposeA ? transposed(backend, a) : a,
      b: transposeB ? transposed(backend, b) : b,
    };
    const result = callKernel(tf.BatchMatMul, backend, factors, { transposeA: false, transposeB: false });
    if (transposeA) dispose(backend, factors.a);
    if (transposeB) dispose(backend, factors.b);
    return result;
  };

function transposed(backend: BackendWasm, matrix: tf.TensorInfo): tf.TensorInfo {
  const rows = matrix.shape.at(-2) ?? 1;
  const columns = matrix.shape.at(-1) ?? 1;
  const result = backend.makeOutput([...matrix.shape.slice(0, -2), columns, rows], "float32");
  const [from, to] = [addressOf(backend, matrix), addressOf(backend, result)];
  simdOf(backend).transpose(from, to, rows, columns, columns * 4, rows * 4, 1, 0, 0);
  return result;
}

/** A matrix copied into groups of `width` columns, `[⌈columns / width⌉, rows, width]`, the last one filled up with zeros. */
interface Panels {
  readonly info: tf.TensorInfo;
  readonly fill: (matrix: number) => void;
}

/**
 * @param inner whether `width` neighbours lie next to each other: the matrix is `[rows, columns]` on the heap. Otherwise
 *   it is `[columns, rows]`.
 */
function makePanels(
  backend: BackendWasm,
  matrices: tf.TensorInfo,
  rows: number,
  columns: number,
  width: number,
  inner: boolean,
): Panels {
  const whole = Math.floor(columns / width);
  const rest = columns - whole * width;
  const info = backend.makeOutput([Math.ceil(columns / width), rows, width], "float32");
  floatsOf(backend, info).fill(0);
  const { copyRows, transpose } = simdOf(backend);
  const panel = width * 4;
  const count = sizeOf(matrices.shape) / (rows * columns);
  const fill = (matrix: number): void => {
    const from = addressOf(backend, matrices) + (matrix % count) * rows * columns * 4;
    const to = addressOf(backend, info);
    const [lastFrom, lastTo] = [whole * panel * (inner ? 1 : rows), to + whole * rows * panel];
    if (inner) {
      copyRows(from, to, whole, rows, width, panel, columns * 4, rows * panel, panel);
      copyRows(from + lastFrom, lastTo, 1, rows, rest, 0, columns * 4, 0, panel);
    } else {
      transpose(from, to, width, rows, rows * 4, panel, whole, rows * panel, rows * panel);
      transpose(from + lastFrom, lastTo, rest, rows, rows * 4, panel, 1, 0, 0);
    }
  };
  return { info, fill };
}

function multiplyMany(
  backend: BackendWasm,
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  transposeA: boolean,
  transposeB: boolean,
): tf.TensorInfo {
  const [aRows = 0, aColumns = 0] = a.shape.slice(-2);
  const [bRows = 0, bColumns = 0] = b.shape.slice(-2);
  const [m, k] = transposeA ? [aColumns, aRows] : [aRows, aColumns];
  const [kOfB, n] = transposeB ? [bColumns, bRows] : [bRows, bColumns];
  if (k !== kOfB)
    throw new Error(`matMul: [${a.shape.join()}] and [${b.shape.join()}] have inner sizes ${k} and ${kOfB}.`);
  const outer = tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  for (const factor of [a, b]) {
    if (!repeatsAsAWhole(factor, outer)) {
      throw new Error(
        `matMul: [${factor.shape.join()}] would have to be repeated within its batch: tile it first.`,
      );
    }
  }
  const result = backend.makeOutput([...outer, m, n], "float32");
  if (sizeOf(a.shape) === 0 || sizeOf(b.shape) === 0) {
    floatsOf(backend, result).fill(0);
    return result;
  }
  const [height, width] = [Math.ceil(m / 4) * 4, Math.ceil(n / 8) * 8];
  const exact = height === m && width === n;
  const padded = exact ? undefined : backend.makeOutput([height, width], "float32");
  const left = makePanels(backend, a, k, m, 4, transposeA);
  const right = makePanels(backend, b, k, n, 8, !transposeB);
  const sums = floatsOf(backend, padded ?? result);
  const { addProducts, copyRows } = simdOf(backend);
  const [aAt, bAt] = [addressOf(backend, left.info), addressOf(backend, right.info)];
  for (let matrix = 0; matrix < sizeOf(outer); matrix += 1) {
    left.fill(matrix);
    right.fill(matrix);
    const resultAt = addressOf(backend, result) + matrix * m * n * 4;
    const target = padded ? addressOf(backend, padded) : resultAt;
    sums.fill(0, exact ? matrix * m * n : 0, exact ? (matrix + 1) * m * n : undefined);
    addProducts(aAt, bAt, target, height, width, 1, k, k * 16, 0, 16, k * 32, 0, 32, width * 4);
    if (padded) copyRows(target, resultAt, 1, m, n, 0, width * 4, 0, n * 4);
  }
  dispose(backend, left.info, right.info, ...(padded ? [padded] : []));
  return result;
}
