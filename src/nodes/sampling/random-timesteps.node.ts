import { defineNode, port } from "../../engine/node/define-node.ts";
import { generatorType, latentType, noiseSchedulerType, timestepType } from "../socket-types.ts";

export default defineNode({
  type: "sampling/random-timesteps",
  version: 1,
  title: "Random timesteps",
  doc: "One training timestep for each picture, drawn evenly (Ho et al. 2020, algorithm 1, line 3), as torch.randint does.",
  keywords: ["randint", "training"],
  inputs: {
    generator: port(generatorType, "The random state to draw from."),
    like: port(latentType, "The batch: one timestep is drawn for each of its pictures."),
    noiseScheduler: port(noiseSchedulerType, "Says how many training timesteps there are."),
  },
  params: {},
  outputs: {
    timesteps: port(timestepType, "One t for each picture, from 0 to numTrainTimesteps - 1."),
    generator: port(generatorType, "The random state after the draw."),
  },
  run: ({ inputs }) => {
    const generator = inputs.generator.clone();
    const timesteps = generator.randint(0, inputs.noiseScheduler.numTrainTimesteps, inputs.like.shape[0]);
    return { timesteps, generator };
  },
});
