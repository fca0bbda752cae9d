import { defineNode, optionalPort, port } from "../../engine/node/define-node.ts";
import { intType } from "../../engine/node/socket-type.ts";
import { TorchGenerator } from "../../tensor/torch-generator.ts";
import { requireSameShape } from "../checks.ts";
import { latentPicture } from "../live/pictures.ts";
import { generatorType, latentType, samplingPlanType, schedulerStateType } from "../socket-types.ts";

export default defineNode({
  type: "sampling/scheduler-step",
  version: 1,
  title: "Scheduler step",
  doc: "One step x_t → x_{t-1} along the noise scheduler's timesteps (scheduler.step).",
  keywords: ["ddpm step", "ddim step", "denoise", "sampler"],
  inputs: {
    sample: port(latentType, "x_t."),
    modelOutput: port(latentType, "What the U-Net returned for x_t."),
    plan: port(samplingPlanType, "The timesteps."),
    stepIndex: port(intType, "The loop's counter."),
    state: optionalPort(
      schedulerStateType,
      "What a multi-step scheduler remembers; carry it through the loop.",
    ),
    generator: optionalPort(generatorType, "Random state, for schedulers that add noise (DDPM, ancestral)."),
  },
  params: {},
  outputs: {
    prevSample: port(latentType, "x_{t-1}.", "like sample"),
    predOriginalSample: port(latentType, "The current guess of x_0, for previews.", "like sample"),
    state: port(schedulerStateType, "What to remember for the next step."),
    generator: port(generatorType, "The random state after the step."),
  },
  run: ({ inputs: { sample, modelOutput, plan, stepIndex, state, generator } }) => {
    requireSameShape({ modelOutput, sample });
    if (plan.needsGenerator && !generator) {
      throw new Error(
        `generator is not wired, and ${plan.scheduler.className} draws noise at each step: wire a Seed into it.`,
      );
    }
    const remembered =
      state && (Object.keys(state.tensors).length > 0 || Object.keys(state.counters).length > 0)
        ? state
        : undefined;
    const result = plan.step({ sample, modelOutput, stepIndex, state: remembered, generator });
    return {
      prevSample: result.prevSample,
      predOriginalSample: result.predOriginalSample,
      state: result.state ?? { className: plan.scheduler.className, tensors: {}, counters: {} },
      generator: result.generator ?? generator ?? TorchGenerator.fromSeed(0),
    };
  },
  preview: async ({ outputs }) => ({ kind: "image", ...(await latentPicture(outputs.predOriginalSample)) }),
});
