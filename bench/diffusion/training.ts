import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs";
import { findAdapter } from "../../src/tensor/adapter.ts";
import { initRuntime } from "../../src/tensor/runtime.ts";
import { onStockWebgpu } from "../../tests/support/stock-webgpu.ts";
import { findPython, runPython } from "../python.ts";
import { median, type Result, type Row } from "../support.ts";
import { timeTrainingSteps, trainingCases, type TrainingCase } from "./training-step.ts";

const BATCH = 128;
/** The software adapter takes minutes for 128 pictures of the larger network; ratios are the same for fewer. */
const WEBGPU_BATCH = 16;
const ROUNDS = 3;

interface TorchTimes {
  readonly BasicUNet: number[];
  readonly UNet2DModel: number[];
  readonly threads: number;
}

/** A training step (loss, gradients, Adam) of the course's two networks, beside PyTorch and stock tfjs. */
export async function benchTraining(): Promise<Result[]> {
  const found = findPython(["torch", "diffusers"]);
  const script = fileURLToPath(new URL("./training_step.py", import.meta.url));
  const torch =
    "python" in found
      ? (runPython(found.python, script, [String(BATCH), String(ROUNDS)]) as TorchTimes)
      : undefined;
  await initRuntime({ backend: "wasm" });
  const results: Result[] = [];
  for (const training of trainingCases) {
    const name = `training step of ${training.name}, batch ${String(BATCH)}, wasm`;
    const value = median(await timeTrainingSteps(training, { batch: BATCH, steps: ROUNDS }));
    const peer = torch && {
      name: `PyTorch CPU (${String(torch.threads)} threads)`,
      value: median(torch[training.name]),
    };
    results.push({ name, value, unit: "ms", ...(peer && { peer }) });
  }
  results.push({
    name: "the same against stock tfjs on wasm",
    skipped: "stock tfjs cannot train there: it has no Conv2DBackpropFilter",
  });
  if ("reason" in found) results.push({ name: "the same against PyTorch", skipped: found.reason });
  const search = await findAdapter();
  if (!search.adapter) return [...results, { name: "training step, webgpu", skipped: search.reason }];
  await initRuntime({ backend: "webgpu" });
  for (const training of trainingCases) results.push(await againstStock(training));
  return results;
}

/** Ours and stock tfjs in turn, on the same device. */
async function againstStock(training: TrainingCase): Promise<Row> {
  const [ours, stock]: [number[], number[]] = [[], []];
  const time = async (): Promise<number> =>
    median(await timeTrainingSteps(training, { batch: WEBGPU_BATCH, steps: 1 }));
  for (let round = 0; round < ROUNDS; round++) {
    ours.push(await time());
    stock.push(await onStockWebgpu(time));
  }
  await tf.ready();
  return {
    name: `training step of ${training.name}, batch ${String(WEBGPU_BATCH)}, webgpu`,
    value: median(ours),
    unit: "ms",
    peer: { name: "stock tfjs on the same adapter", value: median(stock) },
  };
}
