import * as tf from "@tensorflow/tfjs";
import {
  basicUnetForward,
  basicUnetParameters,
  defaultBasicUnetConfig,
} from "../../src/diffusion/models/basic-unet.ts";
import { parseUnet2dConfig } from "../../src/diffusion/models/unet-2d-config.ts";
import { unet2dForward, unet2dParameters } from "../../src/diffusion/models/unet-2d.ts";
import { defaultAdam } from "../../src/diffusion/training/adam.ts";
import { mseLoss } from "../../src/diffusion/training/losses.ts";
import { disposeOptimizerState, initOptimizer } from "../../src/diffusion/training/optimizer.ts";
import { trainStep } from "../../src/diffusion/training/train-step.ts";
import { disposeWeights } from "../../src/diffusion/weights/dispose.ts";
import { initWeights } from "../../src/diffusion/weights/init-weights.ts";
import type { ParameterSpec, Weights } from "../../src/diffusion/weights/parameters.ts";

/** A network of the diffusion course's first unit, ready to be trained on noise of MNIST's shape. */
export interface TrainingCase {
  readonly name: "BasicUNet" | "UNet2DModel";
  readonly parameters: readonly ParameterSpec[];
  forward(weights: Weights, sample: tf.Tensor4D): tf.Tensor4D;
}

const courseUnet = parseUnet2dConfig({
  sample_size: 28,
  in_channels: 1,
  out_channels: 1,
  layers_per_block: 2,
  block_out_channels: [32, 64, 64],
  down_block_types: ["DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"],
  up_block_types: ["AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D"],
});

export const trainingCases: readonly TrainingCase[] = [
  {
    name: "BasicUNet",
    parameters: basicUnetParameters(defaultBasicUnetConfig),
    forward: (weights, sample) => basicUnetForward(defaultBasicUnetConfig, weights, { sample }),
  },
  {
    name: "UNet2DModel",
    parameters: unet2dParameters(courseUnet),
    forward: (weights, sample) => unet2dForward(courseUnet, weights, { sample, timestep: 0 }),
  },
];

/**
 * Milliseconds of each of `steps` training steps (loss, gradients, Adam) on the current backend, after one that is not counted.
 * @param batch Pictures a step; the course has 128.
 */
export async function timeTrainingSteps(
  training: TrainingCase,
  { batch = 128, steps = 3 } = {},
): Promise<number[]> {
  let weights = initWeights(training.parameters, 0);
  let optimizerState = initOptimizer(weights);
  const sample = tf.randomUniform<tf.Rank.R4>([batch, 28, 28, 1], 0, 1, "float32", 1);
  const target = tf.randomUniform<tf.Rank.R4>([batch, 28, 28, 1], 0, 1, "float32", 2);
  const times: number[] = [];
  for (let step = 0; step <= steps; step++) {
    const start = performance.now();
    const next = trainStep({
      weights,
      optimizerState,
      optimizer: defaultAdam,
      learningRate: 1e-3,
      loss: (current) => mseLoss(training.forward(current, sample), target),
    });
    await next.loss.data();
    // The last weights too: on a GPU the loss is there before the optimizer has run.
    await Object.values(next.weights).at(-1)?.data();
    if (step > 0) times.push(performance.now() - start);
    tf.dispose([next.loss, next.gradientNorm]);
    disposeWeights(weights);
    disposeOptimizerState(optimizerState);
    ({ weights, optimizerState } = next);
  }
  disposeWeights(weights);
  disposeOptimizerState(optimizerState);
  tf.dispose([sample, target]);
  return times;
}
