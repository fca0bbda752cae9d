import * as tf from "@tensorflow/tfjs";
import type { Timesteps } from "../models/layers/timestep-embedding.ts";
import type { Scheduler } from "../schedulers/scheduler.ts";
import { trainingTarget } from "../schedulers/training-target.ts";
import { disposeWeights } from "../weights/dispose.ts";
import type { DenseWeights } from "../weights/parameters.ts";
import { adamStep, type AdamConfig } from "./adam.ts";
import { clipByGlobalNorm, globalNorm, lossAndGradients } from "./gradients.ts";
import { mseLoss } from "./losses.ts";
import type { OptimizerState } from "./optimizer.ts";

export interface TrainStepInputs {
  readonly weights: DenseWeights;
  readonly optimizerState: OptimizerState;
  readonly optimizer: AdamConfig;
  readonly learningRate: number;
  /** Global norm that gradients are clipped to; absent for no clipping. */
  readonly maxGradNorm?: number | undefined;
  /** Synchronous. */
  readonly loss: (weights: DenseWeights) => tf.Scalar;
}

export interface TrainStepResult {
  readonly weights: DenseWeights;
  readonly optimizerState: OptimizerState;
  readonly loss: tf.Scalar;
  /** Global norm of the gradients before clipping. */
  readonly gradientNorm: tf.Scalar;
}

/**
 * Loss, gradients, clipping, optimizer. All that is returned is new; the caller disposes the old weights and state once the
 * loss has proved finite, so that the last good ones are never lost.
 */
export function trainStep(inputs: TrainStepInputs): TrainStepResult {
  const { weights, optimizerState, optimizer, learningRate, maxGradNorm } = inputs;
  const { loss, gradients } = lossAndGradients(weights, inputs.loss);
  const clipped =
    maxGradNorm === undefined
      ? { gradients, norm: globalNorm(gradients) }
      : clipByGlobalNorm(gradients, maxGradNorm);
  const next = adamStep(optimizer, learningRate, weights, clipped.gradients, optimizerState);
  disposeWeights(gradients);
  if (clipped.gradients !== gradients) disposeWeights(clipped.gradients);
  return { weights: next.weights, optimizerState: next.state, loss, gradientNorm: clipped.norm };
}

export interface DdpmTrainStepInputs extends Omit<TrainStepInputs, "loss"> {
  /** The network, for example `(weights, inputs) => unet2dForward(config, weights, inputs)`. */
  readonly forward: (
    weights: DenseWeights,
    inputs: { readonly sample: tf.Tensor4D; readonly timestep: Timesteps },
  ) => tf.Tensor4D;
  readonly scheduler: Scheduler;
  /** Clean pictures, `[batch, height, width, channels]`, usually from -1 to 1. */
  readonly sample: tf.Tensor4D;
  /** Normal, of the sample's shape. */
  readonly noise: tf.Tensor4D;
  /** One a picture. */
  readonly timesteps: ArrayLike<number>;
  /** Channels joined to the noisy sample, such as class maps of a class-conditioned model. */
  readonly condition?: tf.Tensor4D;
}

/** One step of algorithm 1 of Ho et al. 2020, for whatever the scheduler's `predictionType` asks the network to predict. */
export function ddpmTrainStep(inputs: DdpmTrainStepInputs): TrainStepResult {
  const { scheduler, sample, noise, timesteps, condition, forward } = inputs;
  const [noisy, target] = tf.tidy(() => [
    scheduler.addNoise(sample, noise, timesteps) as tf.Tensor4D,
    trainingTarget(scheduler, sample, noise, timesteps),
  ]);
  if (!noisy || !target) throw new Error("The scheduler returned no noisy sample.");
  try {
    return trainStep({
      ...inputs,
      loss: (weights) => {
        const input = condition ? tf.concat([noisy, condition], 3) : noisy;
        return mseLoss(forward(weights, { sample: input, timestep: timesteps }), target);
      },
    });
  } finally {
    tf.dispose([noisy, target]);
  }
}
