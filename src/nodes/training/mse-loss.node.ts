import { mseLoss } from "../../diffusion/training/losses.ts";
import { defineNode, port } from "../../engine/node/define-node.ts";
import { requireSameShape } from "../checks.ts";
import { latentType, lossType } from "../socket-types.ts";

export default defineNode({
  type: "training/mse-loss",
  version: 1,
  title: "MSE loss",
  doc: "Mean of the squared differences (Ho et al. 2020, eq. 14, when the target is the noise).",
  keywords: ["mean squared error", "l2", "loss"],
  inputs: {
    prediction: port(latentType, "What the network returned."),
    target: port(latentType, "What it should have returned: the noise, the velocity or the clean pictures."),
  },
  params: {},
  outputs: { loss: port(lossType, "One number.") },
  run: ({ inputs: { prediction, target } }) => {
    requireSameShape({ prediction, target });
    return { loss: mseLoss(prediction, target) };
  },
});
