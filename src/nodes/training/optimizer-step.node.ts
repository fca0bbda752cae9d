import { withStands } from "../../tensor/stored/expand.ts";
import { pairWeights, widenWeights } from "../../diffusion/weights/dense.ts";
import { trainStep } from "../../diffusion/training/train-step.ts";
import { defineNode, lazyPort, port } from "../../engine/node/define-node.ts";
import { float } from "../../engine/node/params.ts";
import { lossType, optimizerStateType, tensorType, unetType } from "../socket-types.ts";
import { guardedLoss } from "./not-finite.ts";
import { currentLearningRate } from "./optimizer-value.ts";

export default defineNode({
  type: "training/optimizer-step",
  version: 1,
  title: "Optimizer step",
  doc: "Differentiates the loss with respect to the network's weights and moves them one step. What leads to the loss runs inside this node's gradient tape.",
  keywords: ["backward", "gradient", "adam", "train"],
  inputs: {
    loss: lazyPort(lossType, "The loss of this batch, computed with the network below."),
    unet: port(unetType, "The network to improve: the one that the loss was computed with."),
    optimizerState: port(optimizerStateType, "The optimizer."),
  },
  params: {
    maxGradNorm: float({
      default: 0,
      min: 0,
      max: 1000,
      step: 0.1,
      doc: "Gradients longer than this are shortened to it; 0 for no limit.",
    }),
  },
  outputs: {
    unet: port(unetType, "The network after the step."),
    optimizerState: port(optimizerStateType, "The optimizer after the step."),
    loss: port(lossType, "The loss before the step; NaN if its gradient is not finite."),
    gradientNorm: port(tensorType, "Length of the gradient before it was shortened, []."),
  },
  run: ({ inputs: { loss, unet, optimizerState }, params: { maxGradNorm } }) => {
    // A network in half precision is trained in float32: what the loss reads of it stands for its widened weights.
    const weights = widenWeights(unet.weights);
    const result = trainStep({
      weights,
      optimizerState: optimizerState.state,
      optimizer: optimizerState.adam,
      learningRate: currentLearningRate(optimizerState),
      maxGradNorm: maxGradNorm === 0 ? undefined : maxGradNorm,
      // The tape hands back the value that it was given; a copy keeps the wire's own value apart from it.
      loss: () => withStands(pairWeights(unet.weights, weights), () => loss().clone()),
    });
    return {
      unet: { ...unet, weights: result.weights },
      optimizerState: { ...optimizerState, state: result.optimizerState },
      loss: guardedLoss(result),
      gradientNorm: result.gradientNorm,
    };
  },
});
