import type * as tf from "@tensorflow/tfjs";
import { gpuBackend, sizeOf } from "./program.ts";

/**
 * tfjs's shaders read integers as f32, which keeps 24 bits: moving or adding larger ones changes them, and
 * unsortedSegmentSum adds the bits of floats. For the programs below nothing but the type is wrong, so their source is
 * compiled with i32 in its place.
 */
const exactPrograms = new Set([
  ...["slice", "stridedSlice", "gather", "gathernd", "concat", "pad", "reverse", "tile", "select"],
  ...["transpose", "transposeShared", "scatter", "unsortedSegmentSum"],
]);

/** `BinaryOpType` of tfjs: add, equal, greater, greaterEqual, less, lessEqual, multiply, subtract. */
const exactBinary = /^binary_(0|6|8|9|10|11|17|22)_/;

const isInteger = (dtype: tf.DataType): boolean => dtype === "int32" || dtype === "bool";

/** Whether a program over these types is to be compiled with {@link withIntegers}. */
export function wantsIntegers(
  shaderKey: string,
  inputs: readonly tf.TensorInfo[],
  output: tf.DataType,
): boolean {
  if (!isInteger(output) || !inputs.every(({ dtype }) => isInteger(dtype))) return false;
  return exactPrograms.has(shaderKey.split("_")[0] ?? "") || exactBinary.test(shaderKey);
}

/** A shader's source with i32 for f32. */
export function withIntegers(source: string): string {
  return source
    .replace(/\bf32\b/g, "i32")
    .replace(/\b(\d+)\.0\b/g, "$1")
    .replace(/\bround\(/g, "(");
}

/** The largest integer to which all smaller ones are exact in f32. */
const exactInFloat = 2 ** 24;

/** tfjs passes the value as f32; larger integers are filled in on the CPU. */
export const mendFill =
  (stock: tf.KernelFunc): tf.KernelFunc =>
  (args) => {
    const { shape, value, dtype } = args.attrs as unknown as {
      shape: number[];
      value: number;
      dtype?: tf.DataType;
    };
    if (dtype !== "int32" || Math.abs(value) <= exactInFloat) return stock(args);
    return gpuBackend(args).makeTensorInfo(shape, "int32", new Int32Array(sizeOf(shape)).fill(value));
  };
