import { defineNode, port } from "../../engine/node/define-node.ts";
import { source } from "../../engine/node/params.ts";
import { tokenizerType } from "../socket-types.ts";
import { servicesOf } from "../sources/sources.ts";
import { findTokenizer } from "./load-tokenizer.ts";

export default defineNode({
  type: "model/load-tokenizer",
  version: 1,
  title: "Load tokenizer",
  doc: "Loads CLIP's vocabulary by itself, for a text encoder that was loaded by itself.",
  keywords: ["clip", "bpe", "vocabulary"],
  inputs: {},
  params: {
    source: source({
      default: "hf:openai/clip-vit-large-patch14",
      holds: "model",
      doc: "A folder with the vocabulary, at its top or in tokenizer/.",
    }),
  },
  outputs: { tokenizer: port(tokenizerType, "Turns text into tokens.") },
  cacheKey: ({ params, context }) => servicesOf(context).sources.folder(params.source).identity(),
  runAsync: async ({ params, context }) => {
    const folder = servicesOf(context).sources.folder(params.source);
    return { tokenizer: await findTokenizer(folder, context.signal) };
  },
});
