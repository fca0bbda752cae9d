import { corrupt } from "../../diffusion/training/corrupt.ts";
import { defineNode, port } from "../../engine/node/define-node.ts";
import { requireSameShape } from "../checks.ts";
import { amountType, latentType } from "../socket-types.ts";

export default defineNode({
  type: "sampling/corrupt",
  version: 1,
  title: "Corrupt",
  doc: "The Hugging Face course's first corruption: x(1 − a) + noise·a.",
  keywords: ["course", "mix", "lerp", "add noise"],
  inputs: {
    sample: port(latentType, "x, the clean pictures."),
    noise: port(latentType, "Noise of the same shape; the course draws it evenly from 0 to 1."),
    amounts: port(amountType, "a, one for each picture: 0 leaves it clean, 1 leaves only noise."),
  },
  params: {},
  outputs: { noisySample: port(latentType, "The mix.", "like sample") },
  run: ({ inputs: { sample, noise, amounts } }) => {
    requireSameShape({ sample, noise });
    return { noisySample: corrupt(sample, noise, amounts) };
  },
});
