import * as tf from "@tensorflow/tfjs";
import { defineNode, port } from "../../engine/node/define-node.ts";
import { shrinkMask } from "../image/shrink-mask.ts";
import { repeatRows } from "../model/repeat-rows.ts";
import { imageType, latentType } from "../socket-types.ts";

export default defineNode({
  type: "sampling/inpaint-channels",
  version: 1,
  title: "Inpaint channels",
  doc: "The nine channels that an inpainting model reads: the sample, the mask, and the latent of the picture with the mask cut out.",
  keywords: ["mask", "concat", "inpainting", "9 channels"],
  inputs: {
    sample: port(latentType, "x_t."),
    mask: port(imageType, "1 where the picture is painted anew."),
    maskedLatent: port(latentType, "The latent of the picture with the painted part grayed out."),
  },
  params: {},
  outputs: { sample: port(latentType, "[batch, height, width, 9].") },
  run: ({ inputs: { sample, mask, maskedLatent } }) => {
    const batch = sample.shape[0];
    const small = repeatRows("mask", shrinkMask(mask, sample), batch);
    return { sample: tf.concat([sample, small, repeatRows("maskedLatent", maskedLatent, batch)], 3) };
  },
});
