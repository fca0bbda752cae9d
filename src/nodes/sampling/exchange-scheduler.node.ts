import { exchangeScheduler } from "../../diffusion/schedulers/index.ts";
import { defineNode, port } from "../../engine/node/define-node.ts";
import { choice } from "../../engine/node/params.ts";
import { noiseSchedulerType } from "../socket-types.ts";
import { SCHEDULER_CLASSES } from "./scheduler-classes.ts";

export default defineNode({
  type: "sampling/exchange-scheduler",
  version: 1,
  title: "Exchange scheduler",
  doc: "Puts another stepping rule in place of a model's own, on the same noise schedule (scheduler.from_config).",
  keywords: ["from_config", "sampler", "ddim", "euler", "dpm solver", "inverse"],
  inputs: { noiseScheduler: port(noiseSchedulerType, "The scheduler that came with the model.") },
  params: {
    className: choice(SCHEDULER_CLASSES, {
      default: "DPMSolverMultistepScheduler",
      doc: "The stepping rule, by its diffusers class.",
    }),
    timestepSpacing: choice(["as saved", "leading", "trailing", "linspace"], {
      default: "as saved",
      advanced: true,
      doc: "Which training timesteps a shorter run visits.",
    }),
  },
  outputs: { noiseScheduler: port(noiseSchedulerType, "The other scheduler.") },
  run: ({ inputs: { noiseScheduler }, params: { className, timestepSpacing } }) => ({
    noiseScheduler: exchangeScheduler(
      noiseScheduler,
      className,
      timestepSpacing === "as saved" ? {} : { timestep_spacing: timestepSpacing },
    ),
  }),
});
