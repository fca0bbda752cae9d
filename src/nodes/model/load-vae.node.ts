import { defineNode, port } from "../../engine/node/define-node.ts";
import { source, text } from "../../engine/node/params.ts";
import { openComponent } from "../model/model-files.ts";
import { vaeType } from "../socket-types.ts";
import { servicesOf } from "../sources/sources.ts";

export default defineNode({
  type: "model/load-vae",
  version: 1,
  title: "Load VAE",
  doc: "Loads an autoencoder by itself: another VAE for a model, or AutoencoderTiny for quick previews.",
  keywords: ["autoencoder", "taesd", "preview"],
  inputs: {},
  params: {
    source: source({ default: "hf:madebyollin/taesd", holds: "model", doc: "The model's folder." }),
    subfolder: text({
      default: "vae",
      advanced: true,
      doc: "Where in the folder it is; its top is looked at too.",
    }),
  },
  outputs: { vae: port(vaeType, "The model.") },
  cacheKey: ({ params, context }) => servicesOf(context).sources.folder(params.source).identity(),
  runAsync: async ({ params, context }) => {
    const folder = servicesOf(context).sources.folder(params.source);
    return {
      vae: await openComponent(folder, params.subfolder, context, ["AutoencoderKL", "AutoencoderTiny"]),
    };
  },
});
