import { defineNode, port } from "../../engine/node/define-node.ts";
import { float, int } from "../../engine/node/params.ts";
import { floatType } from "../../engine/node/socket-type.ts";
import type { SchedulerState } from "../../diffusion/schedulers/scheduler.ts";
import { noiseSchedulerType, samplingPlanType, schedulerStateType } from "../socket-types.ts";

export default defineNode({
  type: "sampling/timesteps",
  version: 1,
  title: "Timesteps",
  doc: "Chooses which of the training timesteps are visited, and in what order (scheduler.set_timesteps).",
  keywords: ["steps", "set_timesteps", "num_inference_steps"],
  inputs: { noiseScheduler: port(noiseSchedulerType, "The schedule and its stepping rule.") },
  params: {
    numInferenceSteps: int({
      default: 50,
      min: 1,
      max: 1000,
      unit: "steps",
      doc: "More steps: slower, and up to a point better.",
    }),
    eta: float({
      default: 0,
      min: 0,
      max: 1,
      step: 0.1,
      advanced: true,
      doc: "DDIM only: 0 is deterministic, 1 as noisy as DDPM (Song et al. 2021, eq. 16).",
    }),
  },
  outputs: {
    plan: port(samplingPlanType, "The timesteps, for the denoise loop and the scheduler step."),
    state: port(schedulerStateType, "What a multi-step scheduler starts from: nothing yet."),
    initNoiseSigma: port(floatType, "The standard deviation that the first noise must have."),
  },
  run: ({ inputs: { noiseScheduler }, params: { numInferenceSteps, eta } }) => {
    const plan = noiseScheduler.setTimesteps(numInferenceSteps, eta === 0 ? {} : { eta });
    const state: SchedulerState = { className: noiseScheduler.className, tensors: {}, counters: {} };
    return { plan, state, initNoiseSigma: plan.initNoiseSigma };
  },
});
