import type * as tf from "@tensorflow/tfjs";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { runProgram, sizeOf } from "./program.ts";

const lanes = 64;

/**
 * Adds `[parts, …]` over its first axis into a tensor of `shape`, and disposes of it. One invocation per sum: tfjs's
 * own transposes first and gives every sum a workgroup, which for few parts and many sums takes longer than the parts.
 */
export function sumParts(
  backend: WebGPUBackend,
  partial: tf.TensorInfo,
  shape: readonly number[],
): tf.TensorInfo {
  const parts = partial.shape[0] ?? 1;
  const size = sizeOf(shape);
  const components = size % 4 === 0 ? 4 : 1;
  const count = size / components;
  const total = runProgram(
    backend,
    {
      name: "sum-parts",
      variant: String(components),
      variables: ["partial"],
      outputShape: shape,
      workgroupSize: lanes,
      workgroups: Math.ceil(count / lanes),
      uniforms: [
        ["count", "int32", count],
        ["parts", "int32", parts],
      ],
      components,
      code: `
        fn main(index : i32) {
          if (index >= uniforms.count) { return; }
          var total = partial[index];
          for (var part = 1; part < uniforms.parts; part++) { total += partial[part * uniforms.count + index]; }
          result[index] = total;
        }`,
    },
    [partial],
  );
  backend.disposeData(partial.dataId);
  return total;
}
