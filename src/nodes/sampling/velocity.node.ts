import { defineNode, port } from "../../engine/node/define-node.ts";
import { requireSameShape } from "../checks.ts";
import { latentType, noiseSchedulerType, timestepType } from "../socket-types.ts";

export default defineNode({
  type: "sampling/velocity",
  version: 1,
  title: "Velocity",
  doc: "The target of a U-Net that predicts velocity: v = √ᾱ_t·ε − √(1−ᾱ_t)·x_0 (Salimans and Ho 2022, appendix D).",
  keywords: ["v_prediction", "training target"],
  inputs: {
    sample: port(latentType, "x_0, the clean pictures."),
    noise: port(latentType, "ε, noise of the same shape."),
    timesteps: port(timestepType, "t: one for all, or one for each picture."),
    noiseScheduler: port(noiseSchedulerType, "The schedule that says how much noise t means."),
  },
  params: {},
  outputs: { velocity: port(latentType, "v.", "like sample") },
  run: ({ inputs: { sample, noise, timesteps, noiseScheduler } }) => {
    requireSameShape({ sample, noise });
    return { velocity: noiseScheduler.getVelocity(sample, noise, timesteps) as typeof sample };
  },
});
