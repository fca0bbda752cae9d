import * as tf from "@tensorflow/tfjs";
import { gpuBackend, runProgram, sizeOf } from "./program.ts";
import { callKernel } from "./registry.ts";
import { sumParts } from "./webgpu-sum-parts.ts";

const lanes = 64;
const rowsPerPart = 64;

/**
 * The sum over all leading axes, as the gradient of every bias needs it. tfjs transposes first and then gives each sum
 * a workgroup; here one invocation adds a column of 64 rows, and the parts are added after that. Other sums stay tfjs's.
 */
export const mendSum =
  (stock: tf.KernelFunc): tf.KernelFunc =>
  (args) => {
    const x = args.inputs.x as tf.TensorInfo;
    const { axis, keepDims } = args.attrs as unknown as { axis: number | number[]; keepDims: boolean };
    const axes = new Set(tf.util.parseAxisParam(axis, x.shape));
    const leading =
      axes.size > 0 && axes.size < x.shape.length && [...axes].every((index) => index < axes.size);
    const kept = x.shape.slice(axes.size);
    const cols = sizeOf(kept);
    const rows = sizeOf(x.shape) / cols;
    if (x.dtype !== "float32" || !leading || rows < 2 || cols < 1) return stock(args);
    const backend = gpuBackend(args);
    const components = cols % 4 === 0 ? 4 : 1;
    const width = cols / components;
    const parts = Math.ceil(rows / rowsPerPart);
    const partial = runProgram(
      backend,
      {
        name: "column-sums",
        variant: String(components),
        variables: ["x"],
        outputShape: [parts, cols],
        workgroupSize: lanes,
        workgroups: Math.ceil((parts * width) / lanes),
        uniforms: [
          ["rows", "int32", rows],
          ["width", "int32", width],
        ],
        components,
        code: `
          fn main(index : i32) {
            let part = index / uniforms.width;
            let col = index - part * uniforms.width;
            let begin = part * ${rowsPerPart};
            if (begin >= uniforms.rows) { return; }
            var total = x[begin * uniforms.width + col];
            for (var row = begin + 1; row < min(begin + ${rowsPerPart}, uniforms.rows); row++) {
              total += x[row * uniforms.width + col];
            }
            result[index] = total;
          }`,
      },
      [x],
    );
    const shape = keepDims ? x.shape.map((size, index) => (index < axes.size ? 1 : size)) : kept;
    if (parts > 1) return sumParts(backend, partial, shape);
    const shaped = callKernel(backend, "webgpu", "Reshape", { x: partial }, { shape });
    backend.disposeData(partial.dataId);
    return shaped;
  };
