import { port } from "../../engine/node/define-node.ts";
import { defineZone } from "../../engine/node/define-zone.ts";
import { intType } from "../../engine/node/socket-type.ts";
import { samplingPlanType, timestepType } from "../socket-types.ts";

export default defineZone({
  kind: "denoise-loop",
  title: "Denoise loop",
  doc: "Runs its body once for each timestep of the plan, from the noisiest to the cleanest.",
  begin: {
    type: "zones/denoise-begin",
    version: 1,
    title: "Denoise begin",
    doc: "Start of the denoise loop: hands out the timestep and what the last iteration carried over.",
    inputs: { plan: port(samplingPlanType, "The timesteps to visit.") },
    params: {},
    outputs: {
      timestep: port(timestepType, "The current t, for the U-Net."),
      stepIndex: port(intType, "The loop's counter, from 0, for the scheduler step."),
    },
  },
  end: {
    type: "zones/denoise-end",
    version: 1,
    title: "Denoise end",
    doc: "End of the denoise loop: takes what is carried over, and hands out the last of it.",
    inputs: {},
    outputs: {},
  },
  start: ({ inputs: { plan } }) => ({
    total: plan.timesteps.length,
    next: (index) => {
      const timestep = plan.timesteps[index];
      return timestep === undefined ? undefined : { timestep: [timestep], stepIndex: index };
    },
    finish: () => ({}),
  }),
});
