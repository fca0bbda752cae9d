import { defineNode, port } from "../../engine/node/define-node.ts";
import { source, text } from "../../engine/node/params.ts";
import { openRequired, servicesOf } from "../sources/sources.ts";
import { tensorType } from "../socket-types.ts";
import { decodeTensor } from "./tensor-files.ts";

export default defineNode({
  type: "io/load-tensor",
  version: 1,
  title: "Load tensor",
  doc: "Reads an array from NumPy's .npy or from .safetensors, as it stands in the file.",
  keywords: ["numpy", "npy", "safetensors", "import"],
  inputs: {},
  params: {
    source: source({ default: "", holds: "tensor", doc: "The file, for example file:noise.npy." }),
    name: text({ default: "", doc: "Which tensor of a .safetensors file; empty if it holds only one." }),
  },
  outputs: { tensor: port(tensorType, "The array.") },
  cacheKey: ({ params, context }) => servicesOf(context).sources.folder(params.source).identity(),
  runAsync: async ({ params, context }) => {
    const folder = servicesOf(context).sources.folder(params.source);
    const file = await openRequired(folder, "", { signal: context.signal });
    return { tensor: await decodeTensor(file, params.name) };
  },
});
