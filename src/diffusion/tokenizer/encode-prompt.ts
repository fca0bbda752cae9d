import { decodeTokens, tokenize, type ClipTokenizer } from "./clip-tokenizer.ts";
import type { WeightedText } from "./prompt-weights.ts";

export interface EncodePromptOptions {
  /** Tokens in a row, the two markers included. Default: the tokenizer's own, 77 for CLIP. */
  readonly maxLength?: number;
  /** What becomes of a prompt that is too long: `cut` (with a warning) or `chunk` into several rows. Default `cut`. */
  readonly overflow?: "cut" | "chunk";
  /** At least so many rows, the last ones empty: so a short prompt can match the rows of a long one. Default 1. */
  readonly minChunks?: number;
}

/** All three arrays are `[chunks][maxLength]`. */
export interface EncodedPrompt {
  readonly inputIds: readonly (readonly number[])[];
  /** 1 for tokens of the prompt and the two markers, 0 for padding. */
  readonly attentionMask: readonly (readonly number[])[];
  /** Attention weight of each token; 1 for markers and padding. */
  readonly weights: readonly (readonly number[])[];
  /** Tokens of the whole prompt, before any cut, without markers. */
  readonly tokenCount: number;
  /** Set when something was cut away: what, and what to do about it. */
  readonly warning?: string;
}

/**
 * Rows for the text encoder: begin marker, tokens, end marker, padding.
 * @param prompt plain text, or the pieces of `parsePromptWeights`; each piece is tokenized on its own.
 */
export function encodePrompt(
  tokenizer: ClipTokenizer,
  prompt: string | readonly WeightedText[],
  options: EncodePromptOptions = {},
): EncodedPrompt {
  const { maxLength = tokenizer.modelMaxLength, overflow = "cut", minChunks = 1 } = options;
  const room = maxLength - 2;
  if (!(room >= 1)) throw new Error(`encodePrompt: maxLength is ${String(maxLength)}; it must be 3 or more.`);
  const pieces = typeof prompt === "string" ? [{ text: prompt, weight: 1 }] : prompt;
  const tokens = pieces.flatMap(({ text, weight }) =>
    tokenize(tokenizer, text).map((id) => ({ id, weight })),
  );
  const needed = Math.max(1, Math.ceil(tokens.length / room));
  const chunks = Math.max(minChunks, overflow === "chunk" ? needed : 1);

  const inputIds: number[][] = [];
  const attentionMask: number[][] = [];
  const weights: number[][] = [];
  for (let chunk = 0; chunk < chunks; chunk++) {
    const row = tokens.slice(chunk * room, (chunk + 1) * room);
    const padding = room - row.length;
    inputIds.push([
      tokenizer.bosTokenId,
      ...row.map(({ id }) => id),
      tokenizer.eosTokenId,
      ...new Array<number>(padding).fill(tokenizer.padTokenId),
    ]);
    attentionMask.push([...new Array<number>(row.length + 2).fill(1), ...new Array<number>(padding).fill(0)]);
    weights.push([1, ...row.map(({ weight }) => weight), ...new Array<number>(padding + 1).fill(1)]);
  }
  const lost = tokens.slice(chunks * room).map(({ id }) => id);
  return {
    inputIds,
    attentionMask,
    weights,
    tokenCount: tokens.length,
    ...(lost.length > 0 && {
      warning: `The prompt has ${String(tokens.length)} tokens and the text encoder reads ${String(chunks * room)}. Cut away: "${decodeTokens(tokenizer, lost, { keepSpecial: true })}". Shorten the prompt, or choose to read it in chunks.`,
    }),
  };
}
