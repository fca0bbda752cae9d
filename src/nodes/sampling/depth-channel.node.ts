import { defineNode, port } from "../../engine/node/define-node.ts";
import { imageType, latentType } from "../socket-types.ts";
import { addDepthChannel } from "./extra-channels.ts";

export default defineNode({
  type: "sampling/depth-channel",
  version: 1,
  title: "Depth channel",
  doc: "The five channels that a depth-to-image model reads: the sample, and a depth picture stretched to -1…1 and made as small as the latent.",
  keywords: ["depth2img", "concat", "5 channels"],
  inputs: {
    sample: port(latentType, "x_t."),
    depth: port(imageType, "Brighter is nearer; its first channel counts."),
  },
  params: {},
  outputs: { sample: port(latentType, "[batch, height, width, 5].") },
  run: ({ inputs: { sample, depth } }) => ({ sample: addDepthChannel(sample, depth) }),
});
