import { defineNode, port } from "../../engine/node/define-node.ts";
import { source, text } from "../../engine/node/params.ts";
import { openComponent } from "../model/model-files.ts";
import { controlnetType } from "../socket-types.ts";
import { servicesOf } from "../sources/sources.ts";

export default defineNode({
  type: "control/load-controlnet",
  version: 1,
  title: "Load ControlNet",
  doc: "Loads a ControlNet for Stable Diffusion 1.x (Zhang et al. 2023).",
  keywords: ["canny", "openpose", "scribble", "conditioning"],
  inputs: {},
  params: {
    source: source({
      default: "hf:lllyasviel/control_v11p_sd15_canny",
      holds: "model",
      doc: "The model's folder.",
    }),
    subfolder: text({
      default: "",
      advanced: true,
      doc: "Where in the folder it is; its top is looked at too.",
    }),
  },
  outputs: { controlnet: port(controlnetType, "The model.") },
  cacheKey: ({ params, context }) => servicesOf(context).sources.folder(params.source).identity(),
  runAsync: async ({ params, context }) => {
    const folder = servicesOf(context).sources.folder(params.source);
    return { controlnet: await openComponent(folder, params.subfolder, context, ["ControlNetModel"]) };
  },
});
