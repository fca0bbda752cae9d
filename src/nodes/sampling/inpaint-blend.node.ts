import { defineNode, port } from "../../engine/node/define-node.ts";
import { intType } from "../../engine/node/socket-type.ts";
import { imageType, latentType, samplingPlanType } from "../socket-types.ts";
import { layAroundMask } from "./lay-around-mask.ts";

export default defineNode({
  type: "sampling/inpaint-blend",
  version: 1,
  title: "Inpaint blend",
  doc: "Inpainting with an ordinary model (Lugmayr et al. 2022): after each step, what the mask keeps is laid back over the sample, with the noise of the next step.",
  keywords: ["mask", "repaint", "inpainting"],
  inputs: {
    sample: port(latentType, "x_{t-1}, after the scheduler step."),
    original: port(latentType, "The latent of the picture."),
    noise: port(latentType, "The noise that the run started from."),
    mask: port(imageType, "1 where the picture is painted anew."),
    plan: port(samplingPlanType, "The timesteps."),
    stepIndex: port(intType, "The loop's counter."),
  },
  params: {},
  outputs: { sample: port(latentType, "x_{t-1}, with the kept part in place.") },
  run: ({ inputs: { sample, plan, stepIndex, ...kept } }) => ({
    sample: layAroundMask(sample, kept, plan, stepIndex),
  }),
});
