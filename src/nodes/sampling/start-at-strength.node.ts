import { sliceForStrength } from "../../diffusion/schedulers/index.ts";
import { defineNode, port } from "../../engine/node/define-node.ts";
import { float } from "../../engine/node/params.ts";
import { requireSameShape } from "../checks.ts";
import { latentType, samplingPlanType } from "../socket-types.ts";

export default defineNode({
  type: "sampling/start-at-strength",
  version: 1,
  title: "Start at strength",
  doc: "Image-to-image (Meng et al. 2022): begins in the middle of the timesteps, with a picture that has as much noise as belongs there.",
  keywords: ["img2img", "denoising strength", "sdedit"],
  inputs: {
    plan: port(samplingPlanType, "All timesteps."),
    sample: port(latentType, "The picture, or its latent."),
    noise: port(latentType, "Noise of the same shape."),
  },
  params: {
    strength: float({
      default: 0.8,
      min: 0,
      max: 1,
      step: 0.05,
      doc: "Part of the timesteps that is run: 0 keeps the picture, 1 forgets it.",
    }),
  },
  outputs: {
    plan: port(samplingPlanType, "The timesteps that are left."),
    noisySample: port(latentType, "The picture with the noise of the first of them."),
  },
  run: ({ inputs: { plan, sample, noise }, params: { strength } }) => {
    requireSameShape({ sample, noise });
    const rest = sliceForStrength(plan, strength);
    return { plan: rest, noisySample: rest.addNoise(sample, noise, 0) as typeof sample };
  },
});
