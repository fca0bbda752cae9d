import * as tf from "@tensorflow/tfjs";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { gpuBackend, sizeOf } from "./program.ts";
import { callKernel } from "./registry.ts";
import { inPieces, sliceAxis } from "./webgpu-tiling.ts";

interface MatMulAttrs {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** The fewest rows and columns of the product that one workgroup of tfjs's matmul shaders takes, for large sizes. */
const rowsPerWorkgroup = 32;
const colsPerWorkgroup = 16;

/** `MatMulProgramType.MatMulSmallOutputSizeProgram` in tfjs. */
const smallOutputProgram = 2;

/** The inner size from which tfjs splits the sum over workgroups. */
const splitFrom = 2000;

function dimensions({ a, b }: tf.NamedTensorInfoMap, { transposeA, transposeB }: MatMulAttrs) {
  if (!a || !b) throw new Error("matMul: it takes two matrices.");
  const batch = Math.max(sizeOf(a.shape.slice(0, -2)), sizeOf(b.shape.slice(0, -2)));
  const rows = a.shape.at(transposeA ? -1 : -2) ?? 1;
  const inner = a.shape.at(transposeA ? -2 : -1) ?? 1;
  const cols = b.shape.at(transposeB ? -2 : -1) ?? 1;
  return { a, b, batch, rows, inner, cols };
}

/**
 * Keeps tfjs off its split-K shader where b is transposed: that shader reads four columns of b as one vector along the
 * wrong axis.
 */
function withoutSplitK(stock: tf.KernelFunc): tf.KernelFunc {
  return (args) => {
    const attrs = args.attrs as unknown as MatMulAttrs;
    const { batch, inner, rows, cols } = dimensions(args.inputs, attrs);
    const workgroups = Math.ceil(rows / 32) * Math.ceil(cols / 32);
    const mayBeSplit =
      attrs.transposeB && batch === 1 && inner >= splitFrom && rows * cols > 128 && workgroups <= 32;
    if (!mayBeSplit) return stock(args);
    const chosen = tf.env().get("WEBGPU_MATMUL_PROGRAM_TYPE");
    tf.env().set("WEBGPU_MATMUL_PROGRAM_TYPE", smallOutputProgram);
    try {
      return stock(args);
    } finally {
      tf.env().set("WEBGPU_MATMUL_PROGRAM_TYPE", chosen ?? -1);
    }
  };
}

/**
 * tfjs's matmul without its wrong shader, and cut into pieces where the product exceeds the GPU's dispatch limits.
 *
 * @param maxWorkgroups Workgroups per dimension; by default what the device allows.
 */
export const mendMatMul = (stock: tf.KernelFunc, maxWorkgroups?: number): tf.KernelFunc => {
  const right = withoutSplitK(stock);
  return (args) => {
    const attrs = args.attrs as unknown as MatMulAttrs;
    const backend = gpuBackend(args);
    const limit = maxWorkgroups ?? backend.device.limits.maxComputeWorkgroupsPerDimension;
    const { batch, rows, cols } = dimensions(args.inputs, attrs);
    if (batch <= limit && rows <= limit * rowsPerWorkgroup && cols <= limit * colsPerWorkgroup)
      return right(args);
    return multiplyInPieces(backend, limit, args.inputs, attrs, right);
  };
};

function multiplyInPieces(
  backend: WebGPUBackend,
  limit: number,
  inputs: tf.NamedTensorInfoMap,
  attrs: MatMulAttrs,
  multiply: tf.KernelFunc,
): tf.TensorInfo {
  const { a, b, batch, rows, cols } = dimensions(inputs, attrs);
  const call = (left: tf.TensorInfo, right: tf.TensorInfo): tf.TensorInfo =>
    multiplyInPieces(backend, limit, { a: left, b: right }, attrs, multiply);
  const cut = (
    x: tf.TensorInfo,
    axis: number,
    begin: number,
    count: number,
    use: (part: tf.TensorInfo) => tf.TensorInfo,
  ) => {
    const part = sliceAxis(backend, x, axis, begin, count);
    const product = use(part);
    backend.disposeData(part.dataId);
    return product;
  };
  if (batch > limit) return inBatches(backend, limit, a, b, batch, rows, cols, call);
  if (rows > limit * rowsPerWorkgroup) {
    const axis = a.shape.length - (attrs.transposeA ? 1 : 2);
    const outputAxis = Math.max(a.shape.length, b.shape.length) - 2;
    return inPieces(backend, rows, limit * rowsPerWorkgroup, outputAxis, (begin, count) =>
      cut(a, axis, begin, count, (part) => call(part, b)),
    );
  }
  if (cols > limit * colsPerWorkgroup) {
    const axis = b.shape.length - (attrs.transposeB ? 2 : 1);
    const outputAxis = Math.max(a.shape.length, b.shape.length) - 1;
    return inPieces(backend, cols, limit * colsPerWorkgroup, outputAxis, (begin, count) =>
      cut(b, axis, begin, count, (part) => call(a, part)),
    );
  }
  return multiply({ inputs: { a, b }, attrs: { ...attrs }, backend }) as tf.TensorInfo;
}

function inBatches(
  backend: WebGPUBackend,
  limit: number,
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  batch: number,
  rows: number,
  cols: number,
  call: (left: tf.TensorInfo, right: tf.TensorInfo) => tf.TensorInfo,
): tf.TensorInfo {
  const reshape = (x: tf.TensorInfo, shape: number[]) =>
    callKernel(backend, "webgpu", "Reshape", { x }, { shape });
  const flat = [a, b].map((x) => reshape(x, [sizeOf(x.shape.slice(0, -2)), ...x.shape.slice(-2)]));
  const product = inPieces(backend, batch, limit, 0, (begin, count) => {
    const parts = flat.map((x) =>
      sliceAxis(backend, x, 0, x.shape[0] === 1 ? 0 : begin, x.shape[0] === 1 ? 1 : count),
    );
    const [left, right] = parts as [tf.TensorInfo, tf.TensorInfo];
    const piece = call(left, right);
    for (const part of parts) backend.disposeData(part.dataId);
    return piece;
  });
  const outerDims = a.shape.length >= b.shape.length ? a.shape.slice(0, -2) : b.shape.slice(0, -2);
  const shaped = reshape(product, [...(sizeOf(outerDims) === batch ? outerDims : [batch]), rows, cols]);
  for (const temporary of [...flat, product]) backend.disposeData(temporary.dataId);
  return shaped;
}

/** The same for the kernel that adds a bias and an activation; oversized products are left to the plain one. */
export const mendFusedMatMul = (stock: tf.KernelFunc): tf.KernelFunc => withoutSplitK(stock);
