/**
 * Trains the tiny U-Net of this folder for some steps and saves it as diffusers would, beside a sample and what the network
 * makes of it: `npx tsx tests/golden/training/save-trained.ts <folder>`, then `python check_saved.py <folder>`.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs";
import { parseUnet2dConfig, unet2dConfigToJson } from "../../../src/diffusion/models/unet-2d-config.ts";
import { unet2dForward, unet2dParameters } from "../../../src/diffusion/models/unet-2d.ts";
import { defaultAdamW } from "../../../src/diffusion/training/adam.ts";
import { mseLoss } from "../../../src/diffusion/training/losses.ts";
import { initOptimizer } from "../../../src/diffusion/training/optimizer.ts";
import { trainStep } from "../../../src/diffusion/training/train-step.ts";
import { initWeights } from "../../../src/diffusion/weights/init-weights.ts";
import { serializeSafetensors } from "../../../src/diffusion/weights/safetensors.ts";
import { saveWeights } from "../../../src/diffusion/weights/save-weights.ts";
import { TorchGenerator } from "../../../src/tensor/torch-generator.ts";

const STEPS = 5;
const [folder] = process.argv.slice(2);
if (!folder) throw new Error("Give the folder to write to.");
await tf.setBackend("cpu");

const configPath = fileURLToPath(new URL("tiny-unet/config.json", import.meta.url));
const config = parseUnet2dConfig(JSON.parse(await readFile(configPath, "utf8")));
const specs = unet2dParameters(config);
const generator = TorchGenerator.fromSeed(5);
const draw = (): tf.Tensor4D => tf.tensor4d(generator.randn(3 * 8 * 8), [3, 8, 8, 1]);

let weights = initWeights(specs, 77);
let optimizerState = initOptimizer(weights);
for (let step = 0; step < STEPS; step++) {
  const [sample, target] = [draw(), draw()];
  const loss = (current: typeof weights): tf.Scalar =>
    mseLoss(unet2dForward(config, current, { sample, timestep: [step, 100, 999] }), target);
  ({ weights, optimizerState } = trainStep({
    weights,
    optimizerState,
    optimizer: defaultAdamW,
    learningRate: 1e-2,
    loss,
  }));
}

const sample = draw();
const timesteps = [3, 500, 998];
const output = unet2dForward(config, weights, { sample, timestep: timesteps });
const nchw = async (x: tf.Tensor4D): Promise<Float32Array> =>
  (await tf.transpose(x, [0, 3, 1, 2]).data()) as Float32Array;
await mkdir(folder, { recursive: true });
await writeFile(join(folder, "config.json"), JSON.stringify(unet2dConfigToJson(config), null, 2));
await writeFile(join(folder, "diffusion_pytorch_model.safetensors"), await saveWeights(weights, specs));
await writeFile(
  join(folder, "check.safetensors"),
  serializeSafetensors([
    { name: "sample", shape: [3, 1, 8, 8], data: await nchw(sample) },
    { name: "timesteps", shape: [3], data: Int32Array.from(timesteps) },
    { name: "output", shape: [3, 1, 8, 8], data: await nchw(output) },
  ]),
);
