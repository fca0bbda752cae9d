import { defineNode, port } from "../../engine/node/define-node.ts";
import { requireSameShape } from "../checks.ts";
import { latentType, noiseSchedulerType, timestepType } from "../socket-types.ts";

export default defineNode({
  type: "sampling/add-noise",
  version: 1,
  title: "Add noise",
  doc: "The forward process: x_t = √ᾱ_t·x_0 + √(1−ᾱ_t)·ε (Ho et al. 2020, eq. 4).",
  keywords: ["forward process", "q sample", "diffuse"],
  inputs: {
    sample: port(latentType, "x_0, the clean pictures."),
    noise: port(latentType, "ε, noise of the same shape."),
    timesteps: port(timestepType, "t: one for all, or one for each picture."),
    noiseScheduler: port(noiseSchedulerType, "The schedule that says how much noise t means."),
  },
  params: {},
  outputs: { noisySample: port(latentType, "x_t.", "like sample") },
  run: ({ inputs: { sample, noise, timesteps, noiseScheduler } }) => {
    requireSameShape({ sample, noise });
    return { noisySample: noiseScheduler.addNoise(sample, noise, timesteps) as typeof sample };
  },
});
