import type * as tf from "@tensorflow/tfjs";
import { gpuBackend, runProgram, sizeOf, workgroupReductions, type Program } from "./program.ts";

/** Up to this many columns one invocation takes a whole row; above, a workgroup shares it. */
const shortRow = 32;
const lanes = 64;

const shortRowCode = `
  fn main(index : i32) {
    if (index >= uniforms.rows) { return; }
    let begin = index * uniforms.cols;
    let end = begin + uniforms.cols;
    var largest = logits[begin];
    for (var i = begin + 1; i < end; i++) { largest = max(largest, logits[i]); }
    var total = 0.0;
    for (var i = begin; i < end; i++) { total += exp(logits[i] - largest); }
    for (var i = begin; i < end; i++) { result[i] = exp(logits[i] - largest) / total; }
  }
`;

// tfjs spreads more than 65,535 workgroups over a square, so some have no row. They redo the last one without writing:
// leaving early would put the barriers into non-uniform control flow.
const longRowCode = `
  ${workgroupReductions(lanes, "Sum", "Max")}
  fn main(index : i32) {
    let group = index / ${lanes};
    let row = min(group, uniforms.rows - 1);
    let lane = i32(localId.x);
    let begin = row * uniforms.cols;
    let end = begin + uniforms.cols;
    var largest = -3.402823e+38f;
    for (var i = begin + lane; i < end; i += ${lanes}) { largest = max(largest, logits[i]); }
    largest = workgroupMax(largest, lane);
    var total = 0.0;
    for (var i = begin + lane; i < end; i += ${lanes}) { total += exp(logits[i] - largest); }
    total = workgroupSum(total, lane);
    if (group >= uniforms.rows) { return; }
    for (var i = begin + lane; i < end; i += ${lanes}) { result[i] = exp(logits[i] - largest) / total; }
  }
`;

/**
 * Softmax over the last axis. tfjs's own has no guard for workgroups past the last row, so above 65,535 rows the
 * superfluous ones overwrite rows while others read them.
 */
export const softmax: tf.KernelFunc = (args) => {
  const { logits } = args.inputs;
  if (!logits) throw new Error("softmax: no input.");
  const cols = logits.shape.at(-1) ?? 1;
  const rows = sizeOf(logits.shape) / cols;
  const short = cols <= shortRow;
  const program: Program = {
    name: short ? "softmax-short" : "softmax",
    variables: ["logits"],
    outputShape: logits.shape,
    workgroupSize: lanes,
    workgroups: short ? Math.ceil(rows / lanes) : rows,
    uniforms: [
      ["rows", "int32", rows],
      ["cols", "int32", cols],
    ],
    code: short ? shortRowCode : longRowCode,
  };
  return runProgram(gpuBackend(args), program, [logits]);
};
