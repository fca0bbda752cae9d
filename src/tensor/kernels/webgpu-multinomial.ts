import type * as tf from "@tensorflow/tfjs";
import { gpuBackend, runProgram, type Program } from "./program.ts";
import { softmax } from "./webgpu-softmax.ts";

const code = `
  // PCG hash (Jarzynski and Olano 2020, "Hash functions for GPU rendering").
  fn scramble(value : u32) -> u32 {
    let state = value * 747796405u + 2891336453u;
    let word = ((state >> ((state >> 28u) + 4u)) ^ state) * 277803737u;
    return (word >> 22u) ^ word;
  }
  fn main(index : i32) {
    if (index >= uniforms.count) { return; }
    let bits = scramble(u32(index) ^ scramble(bitcast<u32>(uniforms.seed)));
    let draw = f32(bits >> 8u) / 16777216.0;
    let begin = (index / uniforms.samples) * uniforms.outcomes;
    var cumulative = 0.0;
    for (var outcome = 0; outcome < uniforms.outcomes - 1; outcome++) {
      cumulative += probs[begin + outcome];
      if (draw < cumulative) {
        result[index] = outcome;
        return;
      }
    }
    result[index] = uniforms.outcomes - 1;
  }
`;

/**
 * Draws classes by their probabilities. tfjs's own hash maps the first sample of the first row to 0 whatever the seed,
 * so that it is always class 0.
 */
export const multinomial: tf.KernelFunc = (args) => {
  const backend = gpuBackend(args);
  const { logits } = args.inputs;
  if (!logits) throw new Error("multinomial: no input.");
  const { numSamples, seed, normalized } = args.attrs as {
    numSamples: number;
    seed: number;
    normalized: boolean;
  };
  const probs = normalized
    ? logits
    : (softmax({ inputs: { logits }, attrs: { dim: 1 }, backend: args.backend }) as tf.TensorInfo);
  const [batch = 1, outcomes = 1] = probs.shape;
  const count = batch * numSamples;
  const program: Program = {
    name: "multinomial",
    variables: ["probs"],
    outputShape: [batch, numSamples],
    workgroupSize: 64,
    workgroups: Math.ceil(count / 64),
    uniforms: [
      ["count", "int32", count],
      ["samples", "int32", numSamples],
      ["outcomes", "int32", outcomes],
      ["seed", "float32", seed],
    ],
    code,
  };
  const drawn = runProgram(backend, program, [probs], "int32");
  if (!normalized) backend.disposeData(probs.dataId);
  return drawn;
};
