import type * as tf from "@tensorflow/tfjs";
import type { StoredDtype } from "../stored/stored-tensor.ts";
import { gpuBackend, runProgram, sizeOf } from "./program.ts";

/**
 * Kernels that read half-precision weights as they are: two in each int32 word, the first in its lower bits. Every value is
 * widened exactly, and all sums are in float32.
 */

/** WGSL: the two halves of a word. */
export const unpackFunction = (dtype: StoredDtype): string =>
  dtype === "bfloat16"
    ? `fn halves(word : i32) -> vec2<f32> {
    let bits = bitcast<u32>(word);
    return vec2<f32>(bitcast<f32>(bits << 16u), bitcast<f32>(bits & 0xffff0000u));
  }`
    : `fn halves(word : i32) -> vec2<f32> { return unpack2x16float(bitcast<u32>(word)); }`;

const lanes = 64;

/** Widens all values: `packed` → float32 of attribute `shape`. */
export const unpack: tf.KernelFunc = (args) => {
  const { packed } = args.inputs;
  const { dtype, shape } = args.attrs as unknown as { dtype: StoredDtype; shape: number[] };
  if (!packed) throw new Error("LoomUnpack: no input.");
  const size = sizeOf(shape);
  return runProgram(
    gpuBackend(args),
    {
      name: "unpack",
      variant: dtype,
      variables: ["packed"],
      outputShape: shape,
      workgroupSize: lanes,
      workgroups: Math.ceil(Math.ceil(size / 2) / lanes),
      uniforms: [["count", "int32", size]],
      code: `
        ${unpackFunction(dtype)}
        fn main(index : i32) {
          let at = 2 * index;
          if (at >= uniforms.count) { return; }
          let pair = halves(packed[index]);
          result[at] = pair.x;
          if (at + 1 < uniforms.count) { result[at + 1] = pair.y; }
        }`,
    },
    [packed],
  );
};

/** Rows of a packed table `[rows, dim]`: `indices` `[count]` → `[count, dim]`. */
export const packedGather: tf.KernelFunc = (args) => {
  const { packed, indices } = args.inputs;
  const { dtype, dim } = args.attrs as unknown as { dtype: StoredDtype; dim: number };
  if (!packed || !indices) throw new Error("LoomPackedGather: it takes a table and indices.");
  const shape = [sizeOf(indices.shape), dim];
  return runProgram(
    gpuBackend(args),
    {
      name: "packed-gather",
      variant: dtype,
      variables: ["packed", "indices"],
      outputShape: shape,
      workgroupSize: lanes,
      workgroups: Math.ceil(sizeOf(shape) / lanes),
      uniforms: [
        ["count", "int32", sizeOf(shape)],
        ["dim", "int32", dim],
      ],
      code: `
        ${unpackFunction(dtype)}
        fn main(index : i32) {
          if (index >= uniforms.count) { return; }
          let at = indices[index / uniforms.dim] * uniforms.dim + index % uniforms.dim;
          let pair = halves(packed[at / 2]);
          result[index] = select(pair.x, pair.y, at % 2 == 1);
        }`,
    },
    [packed, indices],
  );
};
