import { encodePrompt } from "../../diffusion/tokenizer/encode-prompt.ts";
import { parsePromptWeights } from "../../diffusion/tokenizer/prompt-weights.ts";
import { defineNode, port } from "../../engine/node/define-node.ts";
import { boolean, choice, int, text } from "../../engine/node/params.ts";
import { intType } from "../../engine/node/socket-type.ts";
import { tokenizerType, tokensType } from "../socket-types.ts";

export default defineNode({
  type: "text/tokenizer",
  version: 1,
  title: "Tokenizer",
  doc: "Cuts a prompt into CLIP's tokens: 77 with the two markers, or as many as the model reads. Longer prompts are cut, with a warning, or go on in further rows.",
  keywords: ["clip", "bpe", "prompt", "words"],
  inputs: { tokenizer: port(tokenizerType, "Vocabulary and merges.") },
  params: {
    prompt: text({ default: "", multiline: true, doc: "What to say." }),
    overflow: choice(["cut", "chunk"], { default: "cut", doc: "What becomes of a prompt that is too long." }),
    attentionWeights: boolean({
      default: false,
      doc: "Read (word:1.3), (word) and [word] as weights instead of as text.",
    }),
    minChunks: int({
      default: 1,
      min: 1,
      max: 16,
      advanced: true,
      doc: "At least so many rows: lets a short prompt match a long one.",
    }),
  },
  outputs: {
    tokens: port(tokensType, "The tokens."),
    count: port(intType, "How many, without markers and padding."),
  },
  run: ({ inputs: { tokenizer }, params, context }) => {
    const { prompt, overflow, attentionWeights, minChunks } = params;
    const pieces = attentionWeights ? parsePromptWeights(prompt) : prompt;
    const tokens = encodePrompt(tokenizer, pieces, { overflow, minChunks });
    if (tokens.warning) context.warn(tokens.warning);
    return { tokens, count: tokens.tokenCount };
  },
});
