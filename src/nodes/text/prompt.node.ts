import { encodePrompt, type EncodedPrompt } from "../../diffusion/tokenizer/encode-prompt.ts";
import { parsePromptWeights } from "../../diffusion/tokenizer/prompt-weights.ts";
import { defineNode, port } from "../../engine/node/define-node.ts";
import { boolean, choice, int, text } from "../../engine/node/params.ts";
import { conditioningType, textEncoderType, tokenizerType, type Conditioning } from "../socket-types.ts";
import { textWorkingBytes } from "../memory/estimates.ts";
import { precisionOf } from "../memory/precision.ts";
import { encodeText } from "./encode-text.ts";
import { promptWords } from "./prompt-words.ts";

export default defineNode({
  type: "text/prompt",
  version: 1,
  title: "Prompt",
  doc: "Tokenizer and text encoder in one node: what the picture should show, and what it should not.",
  keywords: ["negative prompt", "clip", "text encode", "conditioning"],
  inputs: {
    tokenizer: port(tokenizerType, "Turns text into tokens."),
    textEncoder: port(textEncoderType, "Turns tokens into text states."),
  },
  params: {
    positive: text({
      default: "a photograph of an astronaut riding a horse",
      multiline: true,
      doc: "What the picture should show.",
    }),
    negative: text({ default: "", multiline: true, doc: "What guidance should lead away from." }),
    overflow: choice(["cut", "chunk"], {
      default: "cut",
      advanced: true,
      doc: "What becomes of a prompt that is longer than the text encoder reads (77 tokens, for CLIP).",
    }),
    attentionWeights: boolean({
      default: false,
      advanced: true,
      doc: "Read (word:1.3), (word) and [word] as weights.",
    }),
    clipSkip: int({
      default: 0,
      min: 0,
      max: 32,
      advanced: true,
      doc: "Layers of the text encoder left out at the end.",
    }),
  },
  outputs: {
    positive: port(conditioningType, "The prompt, for the U-Net."),
    negative: port(conditioningType, "The negative prompt, for the U-Net."),
  },
  // One prompt after the other, and a prompt has seldom more than one row.
  workingBytes: ({ inputs: { textEncoder } }) => textWorkingBytes(textEncoder, 1, precisionOf(textEncoder)),
  runAsync: async ({ inputs: { tokenizer, textEncoder }, params, context }) => {
    const read = (prompt: string, minChunks = 1): EncodedPrompt => {
      const { overflow, attentionWeights } = params;
      return encodePrompt(tokenizer, attentionWeights ? parsePromptWeights(prompt) : prompt, {
        overflow,
        minChunks,
      });
    };
    const drafts = [read(params.positive), read(params.negative)];
    for (const { warning } of drafts) if (warning) context.warn(warning);
    // Guidance needs as many rows of text states for both.
    const chunks = Math.max(...drafts.map(({ inputIds }) => inputIds.length));
    const encode = async (prompt: string): Promise<Conditioning> => {
      const encoded = read(prompt, chunks);
      return {
        states: await encodeText(textEncoder, encoded, params.clipSkip),
        words: promptWords(tokenizer, encoded),
      };
    };
    const positive = await encode(params.positive);
    return { positive, negative: await encode(params.negative) };
  },
});
