import { defineNode, port } from "../../engine/node/define-node.ts";
import { int } from "../../engine/node/params.ts";
import { floatType } from "../../engine/node/socket-type.ts";
import { numbersType } from "../socket-types.ts";

export default defineNode({
  type: "inspect/loss-curve",
  version: 1,
  title: "Loss curve",
  doc: "Draws losses over the steps of a training run, and gives their mean over the last of them.",
  keywords: ["plot", "chart", "history"],
  inputs: { losses: port(numbersType, "The loss of every batch.") },
  params: {
    window: int({
      default: 0,
      min: 0,
      max: 1_000_000,
      unit: "steps",
      doc: "Steps that the mean is taken over; 0 for all.",
    }),
  },
  outputs: {
    losses: port(numbersType, "The same losses."),
    mean: port(floatType, "Their mean over the window."),
  },
  run: ({ inputs: { losses }, params: { window } }) => {
    const last = window === 0 ? losses : losses.slice(-window);
    if (last.length === 0) throw new Error("losses is empty: the training ran for no step.");
    return { losses, mean: last.reduce((sum, loss) => sum + loss, 0) / last.length };
  },
  preview: ({ inputs }) => Promise.resolve({ kind: "chart", label: "loss", y: inputs.losses }),
});
