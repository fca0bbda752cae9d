import { defineNode, port } from "../../engine/node/define-node.ts";
import { choice, text } from "../../engine/node/params.ts";
import { unetType } from "../socket-types.ts";
import { servicesOf } from "../sources/sources.ts";
import { saveComponent } from "./model-files.ts";

export default defineNode({
  type: "model/save-unet",
  version: 1,
  title: "Save U-Net",
  doc: "Writes a network in the diffusers layout; from_pretrained opens it in Python. On the page the files are offered as downloads.",
  keywords: ["model", "checkpoint", "save_pretrained", "export", "safetensors"],
  inputs: { unet: port(unetType, "What to save.") },
  params: {
    folder: text({ default: "my-unet", doc: "Folder to write to." }),
    precision: choice(["float32", "float16"], {
      default: "float32",
      doc: "float16 halves the file and rounds the weights.",
    }),
  },
  outputs: {},
  cacheable: false,
  runAsync: async ({ inputs, params, context }) => {
    const dtype = params.precision === "float16" ? "F16" : "F32";
    await saveComponent(servicesOf(context).files, params.folder, inputs.unet, dtype);
    return {};
  },
});
