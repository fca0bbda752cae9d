import type * as tf from "@tensorflow/tfjs";
import { defineNode, port } from "../../engine/node/define-node.ts";
import { latentType, tensorType } from "../socket-types.ts";

export default defineNode({
  type: "io/as-latent",
  version: 1,
  title: "As latent",
  doc: "Lets a loaded array of four axes (batch, height, width, channels) stand for a latent.",
  keywords: ["cast", "convert", "tensor"],
  inputs: { tensor: port(tensorType, "An array of four axes.") },
  params: {},
  outputs: { latent: port(latentType, "The same array.", "like tensor") },
  run: ({ inputs: { tensor } }) => {
    if (tensor.rank !== 4) {
      throw new Error(
        `tensor is [${tensor.shape.join(",")}]; a latent has four axes: batch, height, width, channels.`,
      );
    }
    return { latent: tensor as tf.Tensor4D };
  },
});
