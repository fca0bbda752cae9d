import { decodeTokens, type ClipTokenizer } from "../../diffusion/tokenizer/clip-tokenizer.ts";
import type { EncodedPrompt } from "../../diffusion/tokenizer/encode-prompt.ts";

/** The text of each token, markers included; the token's number where there is no tokenizer to ask. */
export function tokenTexts(tokenizer: ClipTokenizer | undefined, { inputIds }: EncodedPrompt): string[] {
  return inputIds
    .flat()
    .map((id) => (tokenizer ? decodeTokens(tokenizer, [id], { keepSpecial: true }).trim() : String(id)));
}
