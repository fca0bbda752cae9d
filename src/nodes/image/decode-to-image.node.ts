import * as tf from "@tensorflow/tfjs";
import { defineNode, port } from "../../engine/node/define-node.ts";
import { choice } from "../../engine/node/params.ts";
import { imageType, latentType } from "../socket-types.ts";
import { previewImages } from "./pixels.ts";

export default defineNode({
  type: "image/decode-to-image",
  version: 1,
  title: "Decode to image",
  doc: "Turns what a pixel-space U-Net works on into pictures from 0 to 1, clipped. (Latents of a VAE want VAE decode.)",
  keywords: ["preview", "picture", "show", "denormalize"],
  inputs: { sample: port(latentType, "Pictures in the model's range, with 1 or 3 channels.") },
  params: {
    range: choice(["minus-one-one", "zero-one"], {
      default: "minus-one-one",
      doc: "The model's range: diffusers' models use -1 to 1, the course's BasicUNet 0 to 1.",
    }),
  },
  outputs: { image: port(imageType, "Pictures from 0 to 1.", "like sample") },
  run: ({ inputs: { sample }, params: { range } }) => {
    const channels = sample.shape[3];
    if (channels !== 1 && channels !== 3) {
      throw new Error(
        `sample has ${String(channels)} channels; a picture has 1 or 3. Latents of a VAE want the node VAE decode.`,
      );
    }
    const unit: tf.Tensor4D = range === "zero-one" ? sample : tf.add(tf.mul(sample, 0.5), 0.5);
    return { image: tf.clipByValue(unit, 0, 1) };
  },
  preview: ({ outputs }) => previewImages(outputs.image),
});
