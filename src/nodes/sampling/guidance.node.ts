import { applyGuidance } from "../../diffusion/guidance/index.ts";
import { defineNode, port } from "../../engine/node/define-node.ts";
import { choice, float } from "../../engine/node/params.ts";
import { requireSameShape } from "../checks.ts";
import { latentType } from "../socket-types.ts";

export default defineNode({
  type: "sampling/guidance",
  version: 1,
  title: "Guidance",
  doc: "Leads the prediction away from the negative prompt and towards the prompt: u + s(c − u) (Ho and Salimans 2021), or rescaled (Lin et al. 2023).",
  keywords: ["cfg", "classifier-free", "guidance scale", "negative prompt"],
  inputs: {
    conditional: port(latentType, "What the U-Net returned with the prompt."),
    unconditional: port(latentType, "What it returned with the negative prompt."),
  },
  params: {
    guidanceScale: float({
      default: 7.5,
      min: 0,
      max: 30,
      step: 0.5,
      doc: "1 follows the prompt as the U-Net does by itself; more insists.",
    }),
    method: choice(["classifier-free", "rescaled", "none"], {
      default: "classifier-free",
      doc: "How the two become one.",
    }),
    guidanceRescale: float({
      default: 0.7,
      min: 0,
      max: 1,
      step: 0.05,
      advanced: true,
      doc: "Part of the rescaled prediction in the mix.",
    }),
  },
  outputs: { modelOutput: port(latentType, "The guided prediction.", "like conditional") },
  run: ({
    inputs: { conditional, unconditional },
    params: { method: kind, guidanceScale, guidanceRescale },
  }) => {
    requireSameShape({ conditional, unconditional });
    return {
      modelOutput: applyGuidance({ kind, guidanceScale, guidanceRescale }, { conditional, unconditional }),
    };
  },
});
