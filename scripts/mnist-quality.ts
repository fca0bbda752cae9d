/**
 * Measures the MNIST model that ships: samples digits with the default graph and lets a small classifier read them.
 *
 *   npx tsx scripts/mnist-quality.ts [--samples 1000] [--backend wasm]
 *
 * Goals: at least 90 % read with a confidence over 0.9; every digit between 5 % and 15 % of the samples. Exit code 1 if missed.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import * as tf from "@tensorflow/tfjs";
import { bytesSource } from "../src/diffusion/weights/byte-source.ts";
import { loadMnist } from "../src/diffusion/datasets/mnist.ts";
import { takeBatch, takeLabels } from "../src/diffusion/datasets/dataset.ts";
import { loadWeights } from "../src/diffusion/weights/load-weights.ts";
import type { ParameterSpec, Weights } from "../src/diffusion/weights/parameters.ts";
import { nodeServices, Runner } from "../src/index.ts";
import { conv2d, linear, maxPool2d } from "../src/tensor/ops.ts";

const BATCH = 50;
const CONFIDENT = 0.9;
const { values } = parseArgs({
  options: { samples: { type: "string", default: "1000" }, backend: { type: "string", default: "wasm" } },
});
const at = (path: string): URL => new URL(`../${path}`, import.meta.url);
const init = { kind: "zeros" } as const;

/** Three 3×3 convolutions, each followed by ReLU and max-pooling, and a linear layer: public/models/mnist-classifier/config.json. */
const channels = [1, 16, 32, 64] as const;
const specs: ParameterSpec[] = [
  ...[1, 2, 3].flatMap((layer): ParameterSpec[] => [
    {
      name: `conv${String(layer)}.weight`,
      kind: "conv",
      shape: [channels[layer] ?? 0, channels[layer - 1] ?? 0, 3, 3],
      init,
    },
    { name: `conv${String(layer)}.bias`, kind: "vector", shape: [channels[layer] ?? 0], init },
  ]),
  { name: "linear.weight", kind: "linear", shape: [10, 576], init },
  { name: "linear.bias", kind: "vector", shape: [10], init },
];

/** Probabilities `[batch, 10]` of pictures `[batch, 28, 28, 1]` from -1 to 1. */
function classify(weights: Weights, pictures: tf.Tensor4D): tf.Tensor2D {
  return tf.tidy(() => {
    let x = pictures;
    for (const layer of ["conv1", "conv2", "conv3"]) {
      const [filter, bias] = [
        weights[`${layer}.weight`] as tf.Tensor4D,
        weights[`${layer}.bias`] as tf.Tensor1D,
      ];
      x = maxPool2d(tf.relu(conv2d(x, filter, bias, { padding: 1 })), 2);
    }
    // The linear layer was trained on channels first.
    const flat = tf.reshape(tf.transpose(x, [0, 3, 1, 2]), [x.shape[0], -1]);
    return tf.softmax(
      linear(flat, weights["linear.weight"] as tf.Tensor2D, weights["linear.bias"] as tf.Tensor1D),
    ) as tf.Tensor2D;
  });
}

async function readDigits(
  weights: Weights,
  pictures: tf.Tensor4D,
): Promise<{ digit: number; confidence: number }[]> {
  const probabilities = classify(weights, pictures);
  const rows = await probabilities.array();
  probabilities.dispose();
  return rows.map((row) => {
    const confidence = Math.max(...row);
    return { digit: row.indexOf(confidence), confidence };
  });
}

const runner = new Runner({ services: nodeServices() });
const runtime = await runner.init(values.backend as "wasm");
console.log(`backend ${runtime.backend}: ${runtime.reason}`);
const file = readFileSync(at("public/models/mnist-classifier/model.safetensors"));
const weights = await loadWeights(bytesSource("mnist-classifier/model.safetensors", file), specs);

const folder = nodeServices().sources.folder("bundled:mnist");
const test = await loadMnist((name) => folder.open(name), "test");
let right = 0;
for (let first = 0; first < test.count; first += 500) {
  const indices = Array.from({ length: 500 }, (_, i) => first + i);
  const pictures = takeBatch(test, indices);
  const labels = takeLabels(test, indices);
  right += (await readDigits(weights, pictures)).filter(({ digit }, i) => digit === labels[i]).length;
  pictures.dispose();
}
const accuracy = right / test.count;
console.log(`classifier on the 10,000 test pictures: ${(accuracy * 100).toFixed(2)} %`);

const graph = readFileSync(at("graphs/sample-digits.graph.json"), "utf8");
const samples = Number(values.samples);
const counts = new Array<number>(10).fill(0);
let confident = 0;
const started = performance.now();
for (let done = 0; done < samples; done += BATCH) {
  const batch = Math.min(BATCH, samples - done);
  const { outputs, dispose } = await runner.run(graph, {
    backend: values.backend as "wasm",
    set: { "seed.seed": done / BATCH, "noise.batch": batch },
    keep: ["end.sample"],
  });
  for (const { digit, confidence } of await readDigits(weights, outputs["end"]?.["sample"] as tf.Tensor4D)) {
    counts[digit] = (counts[digit] ?? 0) + 1;
    if (confidence > CONFIDENT) confident += 1;
  }
  dispose();
  runner.clear();
}
const share = confident / samples;
const shares = counts.map((count) => count / samples);
console.log(
  `${String(samples)} samples, DDIM, 50 steps, ${((performance.now() - started) / 1000).toFixed(0)} s`,
);
console.log(`read with a confidence over ${String(CONFIDENT)}: ${(share * 100).toFixed(1)} % (goal: 90 %)`);
console.log(
  `digits 0 to 9: ${shares.map((value) => `${(value * 100).toFixed(1)} %`).join(", ")} (goal: each 5 to 15 %)`,
);
const reached = accuracy >= 0.99 && share >= 0.9 && shares.every((value) => value >= 0.05 && value <= 0.15);
process.exit(reached ? 0 : 1);
