import * as tf from "@tensorflow/tfjs";
import { defineNode, port } from "../../engine/node/define-node.ts";
import { float } from "../../engine/node/params.ts";
import { latentType } from "../socket-types.ts";

export default defineNode({
  type: "sampling/scale-noise",
  version: 1,
  title: "Scale noise",
  doc: "Multiplies noise so that it has the standard deviation the scheduler starts from (initNoiseSigma).",
  keywords: ["init_noise_sigma", "multiply"],
  inputs: { noise: port(latentType, "Noise of standard deviation 1.") },
  params: { scale: float({ default: 1, doc: "The factor; wire initNoiseSigma into it." }) },
  outputs: { sample: port(latentType, "The start of sampling.", "like noise") },
  run: ({ inputs, params }) => ({ sample: tf.mul(inputs.noise, params.scale) }),
});
