import { endOfWord } from "../../diffusion/tokenizer/bpe.ts";
import { decodeTokens, type ClipTokenizer } from "../../diffusion/tokenizer/clip-tokenizer.ts";
import type { EncodedPrompt } from "../../diffusion/tokenizer/encode-prompt.ts";
import type { PromptWord } from "../socket-types.ts";

/**
 * The words of a prompt and where their tokens are in the text states: a rare word is several tokens, and markers and padding
 * are no words.
 */
export function promptWords(
  tokenizer: ClipTokenizer,
  { inputIds, attentionMask }: EncodedPrompt,
): PromptWord[] {
  return inputIds.flatMap((row, chunk) => {
    const ones = attentionMask[chunk]?.filter((one) => one === 1).length ?? 0;
    const words: PromptWord[] = [];
    let first = 1;
    for (let i = 1; i < ones - 1; i++) {
      const ends = (tokenizer.tokens.get(row[i] ?? 0) ?? "").endsWith(endOfWord);
      if (!ends && i < ones - 2) continue;
      const text = decodeTokens(tokenizer, row.slice(first, i + 1), { keepSpecial: true });
      words.push({ text, first: chunk * row.length + first, count: i + 1 - first });
      first = i + 1;
    }
    return words;
  });
}
