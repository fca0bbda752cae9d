import { port } from "../../engine/node/define-node.ts";
import { defineZone } from "../../engine/node/define-zone.ts";
import { intType } from "../../engine/node/socket-type.ts";
import type { SamplingPlan } from "../../diffusion/schedulers/scheduler.ts";
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
    afterIteration: (index) => noiseLevel(plan, index),
    finish: () => ({}),
  }),
});

/**
 * t and σ of a step. Schedulers that know no σ have that of their ᾱ: √((1 − ᾱ)/ᾱ), the deviation of the noise beside x_0 of
 * weight 1 (Karras et al. 2022, table 1).
 */
function noiseLevel(plan: SamplingPlan, index: number): { timestep: number; sigma?: number } {
  const timestep = plan.timesteps[index] ?? 0;
  const alpha = plan.scheduler.alphasCumprod?.[Math.round(timestep)];
  const sigma = plan.sigmas?.[index] ?? (alpha === undefined ? undefined : Math.sqrt((1 - alpha) / alpha));
  return { timestep, ...(sigma !== undefined && { sigma }) };
}
