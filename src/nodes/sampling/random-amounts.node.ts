import { defineNode, port } from "../../engine/node/define-node.ts";
import { amountType, generatorType, latentType } from "../socket-types.ts";

export default defineNode({
  type: "sampling/random-amounts",
  version: 1,
  title: "Random amounts",
  doc: "One number between 0 and 1 for each picture, as torch.rand does: how much noise Corrupt mixes into it.",
  keywords: ["rand", "uniform", "course", "training"],
  inputs: {
    generator: port(generatorType, "The random state to draw from."),
    like: port(latentType, "The batch: one amount is drawn for each of its pictures."),
  },
  params: {},
  outputs: {
    amounts: port(amountType, "One amount for each picture."),
    generator: port(generatorType, "The random state after the draw."),
  },
  run: ({ inputs }) => {
    const generator = inputs.generator.clone();
    return { amounts: Array.from(generator.rand(inputs.like.shape[0])), generator };
  },
});
