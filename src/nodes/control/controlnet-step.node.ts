import { controlnetForward } from "../../diffusion/models/controlnet.ts";
import type { ControlnetConfig } from "../../diffusion/models/controlnet-config.ts";
import { defineNode, port } from "../../engine/node/define-node.ts";
import { boolean, float } from "../../engine/node/params.ts";
import { repeatRows } from "../model/repeat-rows.ts";
import {
  conditioningType,
  controlnetType,
  controlResidualsType,
  imageType,
  latentType,
  timestepType,
} from "../socket-types.ts";

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
  outputs: { control: port(controlResidualsType, "What the U-Net step adds.") },
  run: ({ inputs: { controlnet, sample, timestep, conditioning, image }, params }) => {
    const batch = sample.shape[0];
    return {
      control: controlnetForward(controlnet.config as ControlnetConfig, controlnet.weights, {
        sample,
        timestep,
        encoderHiddenStates: repeatRows("conditioning", conditioning.states, batch),
        controlnetCond: repeatRows("image", image, batch),
        conditioningScale: params.conditioningScale,
        guessMode: params.guessMode,
      }),
    };
  },
});
