import type { DptConfig } from "../../diffusion/models/depth-dpt-config.ts";
import type { DepthPreprocessing } from "../../diffusion/models/depth-map.ts";
import { defineNode, port } from "../../engine/node/define-node.ts";
import { source, text } from "../../engine/node/params.ts";
import { depthEstimatorType } from "../socket-types.ts";
import { servicesOf, type SourceFolder } from "../sources/sources.ts";
import { DPT_CLASS_NAME } from "./component-kinds.ts";
import { openComponent, readJson } from "./model-files.ts";

/** What a depth estimator's wire carries as its config. */
export interface DepthEstimatorConfig {
  readonly dpt: DptConfig;
  readonly preprocessing: DepthPreprocessing;
}

export default defineNode({
  type: "model/load-depth-estimator",
  version: 1,
  title: "Load depth estimator",
  doc: "Loads the network that sees how far away things are (DPT, Ranftl et al. 2021); depth-to-image pipelines bring one along.",
  keywords: ["dpt", "midas", "depth2img"],
  inputs: {},
  params: {
    source: source({
      default: "hf:sd2-community/stable-diffusion-2-depth",
      holds: "model",
      doc: "The model's folder, or that of a depth-to-image pipeline.",
    }),
    subfolder: text({
      default: "depth_estimator",
      advanced: true,
      doc: "Where in the folder it is; its top is looked at too.",
    }),
  },
  outputs: { depthEstimator: port(depthEstimatorType, "The network.") },
  cacheKey: ({ params, context }) => servicesOf(context).sources.folder(params.source).identity(),
  runAsync: async ({ params, context }) => {
    const folder = servicesOf(context).sources.folder(params.source);
    const preprocessing = await readPreprocessing(folder, context.signal);
    const model = await openComponent(folder, params.subfolder, context, [DPT_CLASS_NAME]);
    const dpt = model.config as DptConfig;
    const config: DepthEstimatorConfig = { dpt, preprocessing: { size: dpt.imageSize, ...preprocessing } };
    return { depthEstimator: model.withConfig(config) };
  },
});

/** Mean and deviation that pictures are brought to; transformers keeps them beside the model. */
async function readPreprocessing(folder: SourceFolder, signal: AbortSignal): Promise<DepthPreprocessing> {
  for (const path of ["feature_extractor/preprocessor_config.json", "preprocessor_config.json"]) {
    if (!(await folder.open(path, { signal }))) continue;
    const json = (await readJson(folder, path, signal)) as { image_mean?: unknown; image_std?: unknown };
    const [mean, std] = [json.image_mean, json.image_std].map((values) =>
      Array.isArray(values) && values.length === 3 ? values.map(Number) : undefined,
    );
    return { ...(mean && { mean }), ...(std && { std }) };
  }
  return {};
}
