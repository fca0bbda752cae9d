import * as tf from "@tensorflow/tfjs";
import * as ops from "../../src/tensor/ops.ts";
import { trainingCases, timeTrainingSteps } from "../diffusion/training-step.ts";
import { median, sideBySide, type Result } from "../support.ts";
import { wasmKernelSets, type KernelSets } from "./stock-wasm.ts";

const BATCH = 128;

/**
 * Our WASM kernels against tfjs's own, in one thread, at shapes of the course's networks: a convolution and its two
 * gradients, attention's products, GroupNorm with SiLU and its gradient, and a whole training step.
 */
export async function benchWasmKernels(): Promise<readonly Result[]> {
  const sets = await wasmKernelSets();
  const results: Result[] = [];
  for (const [name, run] of Object.entries(operations())) {
    const { ours, peer } = await sideBySide(5, timed(sets.useOurs, run), timed(sets.useStock, run));
    results.push({ name, value: ours, unit: "ms", peer: { name: "stock tfjs", value: peer } });
  }
  results.push(await trainingStep(sets));
  sets.useOurs();
  return results;
}

const timed =
  (use: () => void, run: () => tf.Tensor): (() => Promise<void>) =>
  async () => {
    use();
    const result = tf.tidy(run);
    await result.data();
    result.dispose();
  };

function operations(): Record<string, () => tf.Tensor> {
  const x = tf.randomNormal<tf.Rank.R4>([BATCH, 14, 14, 32], 0, 1, "float32", 1);
  const dy = tf.randomNormal<tf.Rank.R4>([BATCH, 14, 14, 64], 0, 1, "float32", 2);
  const filter = tf.randomNormal<tf.Rank.R4>([5, 5, 32, 64], 0, 1, "float32", 3);
  const pad = [
    [0, 0],
    [2, 2],
    [2, 2],
    [0, 0],
  ];
  const attrs = { strides: [1, 1], pad, dataFormat: "NHWC", dilations: [1, 1] };
  const kernel = (name: string, inputs: tf.NamedTensorMap, more: Record<string, number[]> = {}): tf.Tensor =>
    tf.engine().runKernel(name, inputs, { ...attrs, ...more } as unknown as tf.NamedAttrMap);

  const queries = tf.randomNormal<tf.Rank.R4>([BATCH, 8, 49, 8], 0, 1, "float32", 4);
  const pictures = tf.randomNormal<tf.Rank.R4>([BATCH, 28, 28, 32], 0, 1, "float32", 5);
  const [gamma, beta] = [tf.ones<tf.Rank.R1>([32]), tf.zeros<tf.Rank.R1>([32])];
  const normSilu = (input: tf.Tensor): tf.Tensor => ops.silu(ops.groupNorm(input, gamma, beta, 8, 1e-5));
  return {
    "conv 5×5, 32 to 64 channels, 14², batch 128": () => kernel(tf.Conv2D, { x, filter }),
    "its gradient by the input": () =>
      kernel(tf.Conv2DBackpropInput, { dy, filter }, { inputShape: x.shape }),
    "its gradient by the filter": () =>
      kernel(tf.Conv2DBackpropFilter, { x, dy }, { filterShape: filter.shape }),
    "1,024 products q·kᵀ of 49 × 8": () => tf.matMul(queries, queries, false, true),
    "GroupNorm + SiLU and gradient, 28² × 32": () => tf.grad(normSilu)(pictures, pictures),
  };
}

async function trainingStep({ useOurs, useStock }: KernelSets): Promise<Result> {
  const [basic] = trainingCases;
  if (!basic) throw new Error("No training case.");
  const times: { ours: number[]; stock: number[] } = { ours: [], stock: [] };
  for (let round = 0; round < 2; round += 1) {
    useOurs();
    times.ours.push(...(await timeTrainingSteps(basic, { batch: BATCH, steps: 2 })));
    useStock();
    times.stock.push(...(await timeTrainingSteps(basic, { batch: BATCH, steps: 1 })));
  }
  const peer = { name: "stock tfjs with a composed filter gradient", value: median(times.stock) };
  return {
    name: `training step of ${basic.name}, batch ${BATCH}`,
    value: median(times.ours),
    unit: "ms",
    peer,
  };
}
