import {
  createScheduler,
  exchangeScheduler,
  parseSchedulerConfig,
} from "../../diffusion/schedulers/index.ts";
import { defineNode, port } from "../../engine/node/define-node.ts";
import { choice, source, text } from "../../engine/node/params.ts";
import { noiseSchedulerType } from "../socket-types.ts";
import { openRequired, servicesOf } from "../sources/sources.ts";
import { SCHEDULER_CLASSES } from "./scheduler-classes.ts";

export default defineNode({
  type: "sampling/load-noise-scheduler",
  version: 1,
  title: "Load noise scheduler",
  doc: "The noise schedule that a model was trained with, from its scheduler_config.json; another stepping rule may be put in its place.",
  keywords: ["ddpm", "ddim", "euler", "scheduler_config", "from_config", "sampler"],
  inputs: {},
  params: {
    source: source({ default: "bundled:mnist-ddpm", holds: "model", doc: "The model's folder." }),
    className: choice(["as saved", ...SCHEDULER_CLASSES], { default: "as saved", doc: "The stepping rule." }),
    subfolder: text({
      default: "scheduler",
      advanced: true,
      doc: "Where in the folder scheduler_config.json is; empty for its top.",
    }),
  },
  outputs: { noiseScheduler: port(noiseSchedulerType, "The scheduler.") },
  cacheKey: ({ params, context }) => servicesOf(context).sources.folder(params.source).identity(),
  runAsync: async ({ params, context }) => {
    const folder = servicesOf(context).sources.folder(params.source);
    const path =
      params.subfolder === "" ? "scheduler_config.json" : `${params.subfolder}/scheduler_config.json`;
    const file = await openRequired(folder, path, { signal: context.signal });
    const config = parseSchedulerConfig(new TextDecoder().decode(await file.read(0, file.size)));
    const saved = createScheduler(config);
    return {
      noiseScheduler: params.className === "as saved" ? saved : exchangeScheduler(saved, params.className),
    };
  },
});
