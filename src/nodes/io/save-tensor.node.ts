import { defineNode, port } from "../../engine/node/define-node.ts";
import { text } from "../../engine/node/params.ts";
import { servicesOf } from "../sources/sources.ts";
import { tensorType } from "../socket-types.ts";
import { encodeTensor } from "./tensor-files.ts";

export default defineNode({
  type: "io/save-tensor",
  version: 1,
  title: "Save tensor",
  doc: "Writes an array as NumPy's .npy or as .safetensors, in this project's order of axes (pictures: batch, height, width, channels).",
  keywords: ["numpy", "npy", "safetensors", "export"],
  inputs: { tensor: port(tensorType, "What to save.") },
  params: {
    path: text({
      default: "tensor.npy",
      doc: 'File name, ending in .npy or .safetensors (there its name is "tensor").',
    }),
  },
  outputs: {},
  cacheable: false,
  runAsync: async ({ inputs, params, context }) => {
    await servicesOf(context).files.write(params.path, await encodeTensor(params.path, inputs.tensor));
    return {};
  },
});
