import { defineNode, port } from "../../engine/node/define-node.ts";
import { latentType, noiseSchedulerType, timestepType } from "../socket-types.ts";

export default defineNode({
  type: "sampling/spread-timesteps",
  version: 1,
  title: "Spread timesteps",
  doc: "Timesteps at even distances from 0 to the last, one for each picture: to look at the forward process side by side.",
  keywords: ["linspace", "forward process"],
  inputs: {
    like: port(latentType, "The batch: one timestep for each of its pictures."),
    noiseScheduler: port(noiseSchedulerType, "Says how many training timesteps there are."),
  },
  params: {},
  outputs: { timesteps: port(timestepType, "One t for each picture.") },
  run: ({ inputs }) => {
    const count = inputs.like.shape[0];
    const last = inputs.noiseScheduler.numTrainTimesteps - 1;
    return {
      timesteps: Array.from({ length: count }, (_, i) =>
        count === 1 ? last : Math.round((last * i) / (count - 1)),
      ),
    };
  },
});
