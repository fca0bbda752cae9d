import type * as tf from "@tensorflow/tfjs";
import { gpuBackend, runProgram, sizeOf, type Uniform } from "./program.ts";

const lanes = 64;
/** The widest head whose query and running sum fit into registers. */
const widestHead = 64;

type Shape4D = [number, number, number, number];

/** Whether {@link attention} takes heads of this width. */
export const suitsFusedAttention = (dim: number): boolean => dim % 4 === 0 && dim <= widestHead;

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/**
 * Attention without its matrix of scores (Dao et al. 2022; the running softmax is Milakov and Gimelshein's, 2018): one
 * invocation goes over all keys for one query and keeps the largest score, the sum of exponents and the weighted sum of
 * values, rescaling both sums whenever a larger score turns up. One key at a time: to hold the scores of four takes lavapipe
 * eight times as long to compile (47 s of processor time for a head of 64) and runs no faster.
 */
export const attention: tf.KernelFunc = (args) => {
  const { q, k, v, mask } = args.inputs as {
    q: tf.TensorInfo;
    k: tf.TensorInfo;
    v: tf.TensorInfo;
    mask?: tf.TensorInfo;
  };
  const { scale } = args.attrs as unknown as { scale: number };
  const [batch, heads, queries, dim] = q.shape as Shape4D;
  const keys = k.shape[2] ?? 0;
  const vectors = dim / 4;
  const uniforms: Uniform[] = [
    ["rows", "int32", batch * heads * queries],
    ["queries", "int32", queries],
    ["keys", "int32", keys],
    ["scale", "float32", scale],
  ];
  if (mask) uniforms.push(["heads", "int32", heads], ...maskStrides(mask.shape));
  return runProgram(
    gpuBackend(args),
    {
      name: "attention",
      variant: `${dim}_${Boolean(mask)}`,
      variables: ["q", "k", "v", ...(mask ? ["bias"] : [])],
      outputShape: [batch, heads, queries, dim],
      workgroupSize: lanes,
      // A workgroup stays within one head, so that all its invocations read the same keys at the same time.
      workgroups: batch * heads * Math.ceil(queries / lanes),
      uniforms,
      components: 4,
      ...(mask ? { variableComponents: [4, 4, 4, 1] } : {}),
      code: attentionCode(vectors, mask !== undefined),
    },
    mask ? [q, k, v, mask] : [q, k, v],
  );
};

/** Strides of a mask that broadcasts to `[batch, heads, queries, keys]`: 0 along axes of size 1. */
function maskStrides(shape: readonly number[]): Uniform[] {
  const padded = [...range(4 - shape.length).map(() => 1), ...shape];
  return (["maskBatch", "maskHead", "maskQuery", "maskKey"] as const).map((name, axis) => [
    name,
    "int32",
    padded[axis] === 1 ? 0 : sizeOf(padded.slice(axis + 1)),
  ]);
}

function attentionCode(vectors: number, masked: boolean): string {
  const all = range(vectors);
  const maskBase =
    "(head / uniforms.heads) * uniforms.maskBatch + (head % uniforms.heads) * uniforms.maskHead + query * uniforms.maskQuery";
  return `
    fn main(index : i32) {
      let groupsPerHead = (uniforms.queries + ${lanes - 1}) / ${lanes};
      let group = index / ${lanes};
      let head = group / groupsPerHead;
      let position = (group - head * groupsPerHead) * ${lanes} + i32(localId.x);
      if (head * uniforms.queries >= uniforms.rows) { return; }
      let query = min(position, uniforms.queries - 1);
      let row = (head * uniforms.queries + query) * ${vectors};
      ${all.map((i) => `let q${i} = q[row + ${i}] * uniforms.scale; var sum${i} = vec4<f32>(0.0);`).join("\n")}
      ${masked ? `let maskRow = ${maskBase};` : ""}
      var largest = -3.0e+38f;
      var total = 0.0;
      let keyBase = head * uniforms.keys;
      for (var key = 0; key < uniforms.keys; key++) {
        let at = (keyBase + key) * ${vectors};
        var score = ${all.map((i) => `dot(q${i}, k[at + ${i}])`).join(" + ")};
        ${masked ? "score += bias[maskRow + key * uniforms.maskKey];" : ""}
        let next = max(largest, score);
        let rescale = exp(largest - next);
        let weight = exp(score - next);
        largest = next;
        total = total * rescale + weight;
        ${all.map((i) => `sum${i} = sum${i} * rescale + weight * v[at + ${i}];`).join("\n")}
      }
      if (position >= uniforms.queries) { return; }
      ${all.map((i) => `result[row + ${i}] = sum${i} / total;`).join("\n")}
    }`;
}
