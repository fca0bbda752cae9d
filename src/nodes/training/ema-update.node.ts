import { defaultEma, updateEma } from "../../diffusion/training/ema.ts";
import { defineNode, port } from "../../engine/node/define-node.ts";
import { boolean, float } from "../../engine/node/params.ts";
import { intType } from "../../engine/node/socket-type.ts";
import { unetType } from "../socket-types.ts";

export default defineNode({
  type: "training/ema-update",
  version: 1,
  title: "EMA update",
  doc: "Moves a running average of the weights towards the network; the average samples better than the weights of any one step. Formulas of diffusers' EMAModel.",
  keywords: ["exponential moving average", "average"],
  inputs: {
    ema: port(unetType, "The average so far; it starts as the untrained network."),
    unet: port(unetType, "The network after this step."),
    stepIndex: port(intType, "Steps before this one, from 0."),
  },
  params: {
    decay: float({
      default: 0.9999,
      min: 0,
      max: 1,
      step: 0.0001,
      doc: "Largest part of the old average that an update keeps.",
    }),
    warmup: boolean({
      default: false,
      advanced: true,
      doc: "Let the decay grow as 1 − (1 + step)^(−2/3) instead of (1 + step)/(10 + step).",
    }),
  },
  outputs: { ema: port(unetType, "The average after this step.") },
  run: ({ inputs: { ema, unet, stepIndex }, params: { decay, warmup } }) => {
    const config = { ...defaultEma, decay, useEmaWarmup: warmup };
    const next = updateEma(config, { step: stepIndex, weights: ema.weights }, unet.weights);
    return { ema: { ...ema, weights: next.weights } };
  },
});
