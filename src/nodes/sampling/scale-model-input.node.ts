import { defineNode, port } from "../../engine/node/define-node.ts";
import { intType } from "../../engine/node/socket-type.ts";
import { latentType, samplingPlanType } from "../socket-types.ts";

export default defineNode({
  type: "sampling/scale-model-input",
  version: 1,
  title: "Scale model input",
  doc: "What the U-Net is given in place of x_t. Schedulers that count in sigmas (Euler, Heun, LMS) divide by √(σ²+1); the others change nothing.",
  keywords: ["scale_model_input", "sigma"],
  inputs: {
    sample: port(latentType, "x_t."),
    plan: port(samplingPlanType, "The timesteps."),
    stepIndex: port(intType, "The loop's counter."),
  },
  params: {},
  outputs: { sample: port(latentType, "x_t as the U-Net expects it.", "like sample") },
  run: ({ inputs: { sample, plan, stepIndex } }) => ({ sample: plan.scaleModelInput(sample, stepIndex) }),
});
