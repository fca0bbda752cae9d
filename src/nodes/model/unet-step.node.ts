import type * as tf from "@tensorflow/tfjs";
import { defineNode, optionalPort, port } from "../../engine/node/define-node.ts";
import {
  conditioningType,
  controlResidualsType,
  latentType,
  tensorType,
  timestepType,
  unetType,
} from "../socket-types.ts";
import { unetWorkingBytes } from "../memory/estimates.ts";
import { precisionOf } from "../memory/precision.ts";
import { runNetwork } from "./run-network.ts";

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
    conditioning: optionalPort(
      conditioningType,
      "The prompt, for networks that follow one (Stable Diffusion).",
    ),
    timestepCond: optionalPort(tensorType, "The guidance scale's embedding, for consistency models (LCM)."),
    control: optionalPort(controlResidualsType, "What a ControlNet adds."),
  },
  params: {},
  workingBytes: ({ inputs: { unet, sample } }) => unetWorkingBytes(unet, sample.shape, precisionOf(unet)),
  outputs: {
    modelOutput: port(latentType, "What the network makes of x_t.", "like sample [*, *, *, channels]"),
  },
  run: ({ inputs: { unet, sample, timestep, conditioning, timestepCond, control } }) => ({
    modelOutput: runNetwork(unet, {
      sample,
      timestep,
      encoderHiddenStates: conditioning?.states,
      timestepCond: timestepCond as tf.Tensor2D | undefined,
      controlResiduals: control,
    }),
  }),
});
