import { initOptimizer } from "../../diffusion/training/optimizer.ts";
import { defineNode, port } from "../../engine/node/define-node.ts";
import { int } from "../../engine/node/params.ts";
import { optimizerStateType, unetType } from "../socket-types.ts";
import { optimizerParams, optimizerSettings } from "./optimizer-value.ts";

export default defineNode({
  type: "training/optimizer",
  version: 1,
  title: "Optimizer",
  doc: "An optimizer that has taken no step yet. Carry it through the training loop beside the network that it is for.",
  keywords: ["adam", "adamw", "learning rate", "scheduler"],
  inputs: { unet: port(unetType, "The network that will be trained.") },
  params: {
    ...optimizerParams,
    totalSteps: int({
      default: 469,
      min: 0,
      max: 100_000_000,
      unit: "steps",
      doc: "Length of the run, for the linear and cosine schedules.",
    }),
  },
  outputs: { optimizerState: port(optimizerStateType, "The optimizer.") },
  run: ({ inputs: { unet }, params }) => ({
    optimizerState: { ...optimizerSettings(params, params.totalSteps), state: initOptimizer(unet.weights) },
  }),
});
