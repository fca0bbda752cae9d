import * as tf from "@tensorflow/tfjs";
import { depthLatents } from "../../diffusion/models/depth-map.ts";
import { defineNode, port } from "../../engine/node/define-node.ts";
import { repeatRows } from "../model/repeat-rows.ts";
import { imageType, latentType } from "../socket-types.ts";

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
  run: ({ inputs: { sample, depth } }) => {
    const [batch, height, width] = sample.shape;
    const gray = tf.squeeze<tf.Tensor3D>(tf.slice(depth, [0, 0, 0, 0], [-1, -1, -1, 1]), [3]);
    const channel = repeatRows("depth", depthLatents(gray, height, width), batch);
    return { sample: tf.concat([sample, channel], 3) };
  },
});
