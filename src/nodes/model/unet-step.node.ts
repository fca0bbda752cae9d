import { defineNode, optionalPort, port } from "../../engine/node/define-node.ts";
import { latentType, timestepType, unetType } from "../socket-types.ts";
import { runNetwork } from "./network-kinds.ts";

export default defineNode({
  type: "model/unet-step",
  version: 1,
  title: "U-Net step",
  doc: "Runs the network once. What it returns is noise, velocity or the clean picture, as it was trained to.",
  keywords: ["forward", "predict", "denoise", "model"],
  inputs: {
    unet: port(unetType, "The network."),
    sample: port(latentType, "x_t, the noisy pictures."),
    timestep: optionalPort(
      timestepType,
      "t: one for all, or one for each picture. Only a BasicUNet does without it.",
    ),
  },
  params: {},
  outputs: { modelOutput: port(latentType, "What the network makes of x_t.") },
  run: ({ inputs: { unet, sample, timestep } }) => ({ modelOutput: runNetwork(unet, { sample, timestep }) }),
});
