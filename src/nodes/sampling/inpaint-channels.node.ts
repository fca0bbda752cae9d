import { defineNode, port } from "../../engine/node/define-node.ts";
import { imageType, latentType } from "../socket-types.ts";
import { addMaskChannels } from "./extra-channels.ts";

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
  run: ({ inputs: { sample, mask, maskedLatent } }) => ({
    sample: addMaskChannels(sample, mask, maskedLatent),
  }),
});
