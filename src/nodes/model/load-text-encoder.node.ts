import { defineNode, port } from "../../engine/node/define-node.ts";
import { source, text } from "../../engine/node/params.ts";
import { textEncoderType } from "../socket-types.ts";
import { servicesOf } from "../sources/sources.ts";
import { openComponent } from "./model-files.ts";

export default defineNode({
  type: "model/load-text-encoder",
  version: 1,
  title: "Load text encoder",
  doc: "Loads CLIP's text encoder by itself: another one for a model. Of a whole CLIP model the text half is taken. It must be as wide as the U-Net expects, and read the model's tokens.",
  keywords: ["clip", "text model", "openclip", "conditioning"],
  inputs: {},
  params: {
    source: source({
      default: "hf:openai/clip-vit-large-patch14",
      holds: "model",
      doc: "The model's folder.",
    }),
    subfolder: text({
      default: "text_encoder",
      advanced: true,
      doc: "Where in the folder it is; its top is looked at too.",
    }),
  },
  outputs: { textEncoder: port(textEncoderType, "Turns tokens into text states.") },
  cacheKey: ({ params, context }) => servicesOf(context).sources.folder(params.source).identity(),
  runAsync: async ({ params, context }) => {
    const folder = servicesOf(context).sources.folder(params.source);
    const classNames = ["CLIPTextModel", "CLIPTextModelWithProjection", "CLIPModel"];
    return { textEncoder: await openComponent(folder, params.subfolder, context, classNames) };
  },
});
