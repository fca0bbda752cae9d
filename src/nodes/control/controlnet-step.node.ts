import { defineNode, port } from "../../engine/node/define-node.ts";
import { boolean, float } from "../../engine/node/params.ts";
import { controlnetWorkingBytes } from "../memory/controlnet-estimate.ts";
import {
  conditioningType,
  controlnetType,
  controlResidualsType,
  imageType,
  latentType,
  timestepType,
} from "../socket-types.ts";
import { runControlnet } from "./run-controlnet.ts";

export default defineNode({
  type: "control/controlnet-step",
  version: 1,
  title: "ControlNet step",
  doc: "Runs a ControlNet once: what it returns makes the U-Net follow a picture of edges, poses or depth (Zhang et al. 2023).",
  keywords: ["control", "canny", "pose"],
  inputs: {
    controlnet: port(controlnetType, "The ControlNet."),
    sample: port(latentType, "x_t, as the U-Net is given it."),
    timestep: port(timestepType, "t."),
    conditioning: port(conditioningType, "The prompt."),
    image: port(imageType, "The picture to follow, eight times the latent's size."),
  },
  params: {
    conditioningScale: float({ default: 1, min: 0, max: 2, step: 0.05, doc: "How strongly it counts." }),
    guessMode: boolean({ default: false, advanced: true, doc: "Follow the picture even without a prompt." }),
  },
  workingBytes: ({ inputs: { controlnet, sample } }) => controlnetWorkingBytes(controlnet, sample.shape),
  outputs: { control: port(controlResidualsType, "What the U-Net step adds.") },
  run: ({ inputs: { controlnet, conditioning, ...rest }, params }) => ({
    control: runControlnet(controlnet, { ...rest, ...params, encoderHiddenStates: conditioning.states }),
  }),
});
