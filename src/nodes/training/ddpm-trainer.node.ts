import { takeBatch } from "../../diffusion/datasets/dataset.ts";
import { defaultEma, updateEma } from "../../diffusion/training/ema.ts";
import {
  disposeOptimizerState,
  initOptimizer,
  type OptimizerState,
} from "../../diffusion/training/optimizer.ts";
import { ddpmTrainStep } from "../../diffusion/training/train-step.ts";
import { expandWeights } from "../../diffusion/weights/dense.ts";
import { disposeWeights } from "../../diffusion/weights/dispose.ts";
import type { DenseWeights, Model, Weights } from "../../diffusion/weights/parameters.ts";
import { learningRateFactor } from "../../diffusion/training/learning-rate.ts";
import { defineNode, port, type RunContext } from "../../engine/node/define-node.ts";
import { PartialOutputsError } from "../../engine/node/partial-outputs.ts";
import { choice, float } from "../../engine/node/params.ts";
import { TorchGenerator } from "../../tensor/torch-generator.ts";
import { tensorHost } from "../host.ts";
import { runNetwork } from "../model/run-network.ts";
import { drawNoise } from "../../diffusion/schedulers/index.ts";
import { datasetType, generatorType, noiseSchedulerType, numbersType, unetType } from "../socket-types.ts";
import { epochOrder, epochParams } from "./epoch-order.ts";
import { guardedLoss, notFinite } from "./not-finite.ts";
import { optimizerParams, optimizerSettings } from "./optimizer-value.ts";

/** What changes from step to step; freed as it is replaced. */
interface TrainingState {
  readonly weights: DenseWeights;
  readonly ema: Weights;
  readonly optimizerState: OptimizerState;
}

const disposeState = ({ weights, ema, optimizerState }: TrainingState): void => {
  disposeWeights(weights);
  disposeWeights(ema);
  disposeOptimizerState(optimizerState);
};

export default defineNode({
  type: "training/ddpm-trainer",
  version: 1,
  title: "DDPM trainer",
  doc: "Trains a network to predict noise (Ho et al. 2020, algorithm 1): what the open training loop does, in one node. The same seeds give the same weights.",
  keywords: ["train", "fit", "algorithm 1"],
  inputs: {
    dataset: port(datasetType, "The pictures to train on."),
    unet: port(unetType, "The network to start from."),
    noiseScheduler: port(noiseSchedulerType, "The noise schedule, and what the network is to predict."),
    generator: port(generatorType, "Random state for timesteps and noise."),
  },
  params: {
    ...epochParams,
    range: choice(["minus-one-one", "zero-one"], {
      default: "minus-one-one",
      doc: "What pixel values become; -1 to 1 for DDPM.",
    }),
    ...optimizerParams,
    maxGradNorm: float({
      default: 0,
      min: 0,
      max: 1000,
      step: 0.1,
      doc: "Gradients longer than this are shortened to it; 0 for no limit.",
    }),
    emaDecay: float({
      default: 0.9999,
      min: 0,
      max: 1,
      step: 0.0001,
      doc: "Largest part of the old average that an update keeps.",
    }),
  },
  outputs: {
    unet: port(unetType, "The network after the last step."),
    ema: port(unetType, "The running average of its weights: sample with this one."),
    losses: port(numbersType, "The loss of every batch."),
    generator: port(generatorType, "The random state after the training."),
  },
  loops: true,
  runAsync: async ({ inputs, params, context }) => {
    const { dataset, unet, noiseScheduler } = inputs;
    const batches = epochOrder(dataset.count, params, TorchGenerator.fromSeed(params.seed));
    const settings = optimizerSettings(params, batches.total);
    const emaConfig = { ...defaultEma, decay: params.emaDecay };
    const losses: number[] = [];
    const trained = (weights: Weights): Model<unknown> => ({ ...unet, weights });
    let generator = inputs.generator;
    let state: TrainingState = {
      weights: expandWeights(unet.weights),
      ema: expandWeights(unet.weights),
      optimizerState: initOptimizer(unet.weights),
    };
    try {
      for (let step = 0; step < batches.total; step++) {
        if ((await context.pass?.(step)) === "finish") break;
        context.signal.throwIfAborted();
        const indices = batches.at(step)?.indices ?? [];
        const next = tensorHost.scope(() => {
          const sample = takeBatch(dataset, indices, { range: params.range });
          const timed = generator.clone();
          const timesteps = timed.randint(0, noiseScheduler.numTrainTimesteps, indices.length);
          const drawn = drawNoise(timed, sample.shape);
          const result = ddpmTrainStep({
            weights: state.weights,
            optimizerState: state.optimizerState,
            optimizer: settings.adam,
            learningRate: settings.learningRate * learningRateFactor(settings.schedule, step),
            maxGradNorm: params.maxGradNorm === 0 ? undefined : params.maxGradNorm,
            forward: (weights, { sample: noisy, timestep }) =>
              runNetwork({ ...unet, weights }, { sample: noisy, timestep: timestep as readonly number[] }),
            scheduler: noiseScheduler,
            sample,
            noise: drawn.noise,
            timesteps,
          });
          const ema = updateEma(emaConfig, { step, weights: state.ema }, result.weights).weights;
          const { weights, optimizerState } = result;
          return {
            state: { weights, ema, optimizerState },
            loss: guardedLoss(result),
            generator: drawn.generator,
          };
        });
        const [loss = Number.NaN] = await next.loss.data();
        next.loss.dispose();
        if (!Number.isFinite(loss)) {
          disposeState(next.state);
          throw new BrokenTraining(notFinite(loss, step));
        }
        disposeState(state);
        ({ state, generator } = next);
        losses.push(loss);
        await reportStep(context, step, batches.total, loss);
      }
    } catch (error) {
      if (!(error instanceof BrokenTraining)) {
        disposeState(state);
        throw error;
      }
      disposeOptimizerState(state.optimizerState);
      throw new PartialOutputsError(error.message, {
        unet: trained(state.weights),
        ema: trained(state.ema),
        losses,
      });
    }
    disposeOptimizerState(state.optimizerState);
    return { unet: trained(state.weights), ema: trained(state.ema), losses, generator };
  },
});

/** A loss that is not finite: what was trained before it is kept. */
class BrokenTraining extends Error {}

async function reportStep(context: RunContext, step: number, total: number, loss: number): Promise<void> {
  context.signal.throwIfAborted();
  context.progress(step + 1, total, `loss ${loss.toPrecision(4)}`, { loss });
  // Reading the loss back resolves at once on wasm and cpu; events and a cancel need a turn of the event loop.
  await new Promise((resolve) => setTimeout(resolve, 0));
}
