import * as tf from "@tensorflow/tfjs";
import { defineNode, port } from "../../engine/node/define-node.ts";
import { indicesType, latentType } from "../socket-types.ts";

export default defineNode({
  type: "data/pick",
  version: 1,
  title: "Pick from batch",
  doc: "Takes some of a batch: in a training loop those that are next, of latents that were encoded once before it.",
  keywords: ["gather", "select", "rows", "indices", "cached latents"],
  inputs: {
    samples: port(latentType, "All of them, [count, height, width, channels]."),
    indices: port(indicesType, "Which ones, counted from 0."),
  },
  params: {},
  outputs: { samples: port(latentType, "Those, in the order of indices.") },
  run: ({ inputs: { samples, indices } }) => {
    const count = samples.shape[0];
    const wrong = indices.find((index) => !Number.isInteger(index) || index < 0 || index >= count);
    if (wrong !== undefined)
      throw new Error(
        `indices has ${String(wrong)}, and samples has 0 to ${String(count - 1)}: give it as many as the data set of the loop.`,
      );
    return { samples: tf.gather(samples, tf.tensor1d([...indices], "int32")) };
  },
});
