import { defineNode, port } from "../../engine/node/define-node.ts";
import { seed } from "../../engine/node/params.ts";
import { TorchGenerator } from "../../tensor/torch-generator.ts";
import { generatorType } from "../socket-types.ts";

export default defineNode({
  type: "value/seed",
  version: 1,
  title: "Seed",
  doc: "Starts a random number generator. The same seed gives the same numbers as torch.Generator().manual_seed(seed) on the CPU.",
  keywords: ["random", "generator", "manual_seed"],
  inputs: {},
  params: {
    seed: seed({ default: 0, doc: "Any whole number; 64-bit seeds as text." }),
  },
  outputs: {
    generator: port(generatorType, "A generator that has drawn nothing yet."),
  },
  run: ({ params }) => ({ generator: TorchGenerator.fromSeed(params.seed) }),
});
