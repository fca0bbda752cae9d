import { defineNode, port } from "../../engine/node/define-node.ts";
import { source, text } from "../../engine/node/params.ts";
import { unetType } from "../socket-types.ts";
import { servicesOf } from "../sources/sources.ts";
import { UNET_CLASSES } from "./unet-classes.ts";
import { openComponent } from "./model-files.ts";

export default defineNode({
  type: "model/load-unet",
  version: 1,
  title: "Load U-Net",
  doc: "Loads a trained network in the diffusers layout: config.json and safetensors weights.",
  keywords: ["model", "checkpoint", "from_pretrained", "weights", "safetensors"],
  inputs: {},
  params: {
    source: source({ default: "bundled:mnist-ddpm", holds: "model", doc: "The model's folder." }),
    subfolder: text({
      default: "unet",
      advanced: true,
      doc: "Where in the folder it is; its top is looked at too.",
    }),
  },
  outputs: { unet: port(unetType, "The network.") },
  cacheKey: ({ params, context }) => servicesOf(context).sources.folder(params.source).identity(),
  runAsync: async ({ params, context }) => {
    const folder = servicesOf(context).sources.folder(params.source);
    return { unet: await openComponent(folder, params.subfolder, context, UNET_CLASSES) };
  },
});
