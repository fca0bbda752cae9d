import {
  BASIC_UNET_CLASS_NAME,
  basicUnetParameters,
  defaultBasicUnetConfig,
} from "../../diffusion/models/basic-unet.ts";
import { initWeights } from "../../diffusion/weights/init-weights.ts";
import { defineNode, port } from "../../engine/node/define-node.ts";
import { int, seed } from "../../engine/node/params.ts";
import { unetType } from "../socket-types.ts";

export default defineNode({
  type: "model/create-basic-unet",
  version: 1,
  title: "Create BasicUNet",
  doc: "A new, untrained BasicUNet of the Hugging Face diffusion course (unit 1): 309,057 parameters, and no timestep.",
  keywords: ["course", "new model", "init"],
  inputs: {},
  params: {
    channels: int({
      default: defaultBasicUnetConfig.inChannels,
      min: 1,
      max: 64,
      doc: "Channels in and out: 1 for gray pictures.",
    }),
    seed: seed({ default: 0, doc: "Of the first weights." }),
  },
  outputs: { unet: port(unetType, "The network.") },
  run: ({ params: { channels, seed: first } }) => {
    const config = { inChannels: channels, outChannels: channels };
    const weights = initWeights(basicUnetParameters(config), BigInt(first));
    return { unet: { className: BASIC_UNET_CLASS_NAME, config, weights } };
  },
});
