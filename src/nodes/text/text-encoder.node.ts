import { defineNode, optionalPort, port } from "../../engine/node/define-node.ts";
import { int } from "../../engine/node/params.ts";
import { conditioningType, textEncoderType, tokenizerType, tokensType } from "../socket-types.ts";
import { textWorkingBytes } from "../memory/estimates.ts";
import { precisionOf } from "../memory/precision.ts";
import { encodeText } from "./encode-text.ts";
import { promptWords } from "./prompt-words.ts";

export default defineNode({
  type: "text/text-encoder",
  version: 1,
  title: "Text encoder",
  doc: "CLIP's transformer (Radford et al. 2021): turns tokens into the states that the U-Net attends to.",
  keywords: ["clip", "conditioning", "prompt", "embeddings"],
  inputs: {
    textEncoder: port(textEncoderType, "The transformer."),
    tokens: port(tokensType, "The tokens of a prompt."),
    tokenizer: optionalPort(tokenizerType, "Tells the words of the prompt, for attention maps."),
  },
  params: {
    clipSkip: int({
      default: 0,
      min: 0,
      max: 32,
      doc: "Layers left out at the end; some models were trained with 1.",
    }),
  },
  outputs: { conditioning: port(conditioningType, "The prompt, for the U-Net.") },
  workingBytes: ({ inputs: { textEncoder, tokens } }) =>
    textWorkingBytes(textEncoder, tokens.inputIds.length, precisionOf(textEncoder)),
  runAsync: async ({ inputs: { textEncoder, tokens, tokenizer }, params }) => ({
    conditioning: {
      states: await encodeText(textEncoder, tokens, params.clipSkip),
      words: tokenizer ? promptWords(tokenizer, tokens) : [],
    },
  }),
});
