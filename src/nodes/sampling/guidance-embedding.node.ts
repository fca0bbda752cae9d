import { defineNode, port } from "../../engine/node/define-node.ts";
import { float } from "../../engine/node/params.ts";
import { tensorType, unetType } from "../socket-types.ts";
import { embedGuidanceScale } from "./embed-guidance-scale.ts";

export default defineNode({
  type: "sampling/guidance-embedding",
  version: 1,
  title: "Guidance embedding",
  doc: "Tells a consistency model the guidance scale (Luo et al. 2023, §3.3): it needs no second run without the prompt.",
  keywords: ["lcm", "timestep_cond", "w embedding"],
  inputs: { unet: port(unetType, "A consistency model; its config says how wide the embedding is.") },
  params: {
    guidanceScale: float({ default: 8, min: 1, max: 30, step: 0.5, doc: "As for classifier-free guidance." }),
  },
  outputs: { timestepCond: port(tensorType, "[1, width].") },
  run: ({ inputs: { unet }, params: { guidanceScale } }) => ({
    timestepCond: embedGuidanceScale(unet, guidanceScale),
  }),
});
