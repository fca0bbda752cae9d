import { createBpe, encodeWord, endOfWord, parseMerges, type Bpe } from "./bpe.ts";
import { fromByteCharacters } from "./byte-level.ts";
import { normalize, splitWords } from "./normalize.ts";
import { splitAtSpecialTokens, type SpecialToken } from "./special-tokens.ts";
import { parseJsonObject, parseTokenizerConfig } from "./tokenizer-config.ts";

/** The texts of a tokenizer folder: `vocab.json` and `merges.txt`, or `tokenizer.json` instead of these two. */
export interface ClipTokenizerFiles {
  readonly vocab?: string;
  readonly merges?: string;
  readonly tokenizerJson?: string;
  readonly tokenizerConfig?: string;
  readonly specialTokensMap?: string;
}

export interface ClipTokenizer {
  readonly bpe: Bpe;
  readonly specialTokens: readonly SpecialToken[];
  readonly bosTokenId: number;
  readonly eosTokenId: number;
  readonly padTokenId: number;
  readonly unkTokenId: number;
  /** Tokens of a prompt, the two markers included; 77 for CLIP. */
  readonly modelMaxLength: number;
  /** Each id's token. */
  readonly tokens: ReadonlyMap<number, string>;
}

/**
 * CLIP's tokenizer (Radford et al. 2021, section 2.4): lower-case byte-level BPE. Any vocabulary will do.
 * @throws when a file is missing, damaged or of another tokenizer, by the file's name.
 */
export function createClipTokenizer(files: ClipTokenizerFiles): ClipTokenizer {
  const { vocab, merges } = readVocabulary(files);
  const config = parseTokenizerConfig(files.tokenizerConfig, files.specialTokensMap);
  const bpe = createBpe(vocab, merges);
  const ids = new Map(vocab);
  let nextId = bpe.span;
  const specialTokens = config.specialTokens.map((token) => {
    const id = ids.get(token.content) ?? nextId++;
    ids.set(token.content, id);
    return { ...token, id };
  });
  const idOf = (token: string): number => ids.get(token) ?? 0;
  return {
    bpe,
    specialTokens,
    bosTokenId: idOf(config.bosToken),
    eosTokenId: idOf(config.eosToken),
    padTokenId: idOf(config.padToken),
    unkTokenId: idOf(config.unkToken),
    modelMaxLength: config.modelMaxLength,
    tokens: new Map([...ids].map(([token, id]) => [id, token])),
  };
}

function readVocabulary(files: ClipTokenizerFiles): {
  vocab: Map<string, number>;
  merges: [string, string][];
} {
  if (files.vocab !== undefined && files.merges !== undefined) {
    return {
      vocab: readIds(parseJsonObject(files.vocab, "vocab.json"), "vocab.json"),
      merges: parseMerges(files.merges),
    };
  }
  if (files.tokenizerJson === undefined) {
    throw new Error("A CLIP tokenizer needs vocab.json and merges.txt, or tokenizer.json.");
  }
  const model = parseJsonObject(files.tokenizerJson, "tokenizer.json")["model"] as
    Readonly<Record<string, unknown>> | undefined;
  const merges = model?.["merges"];
  if (!model || typeof model["vocab"] !== "object" || !Array.isArray(merges)) {
    throw new Error("tokenizer.json: no BPE model with a vocabulary and merges in it.");
  }
  return {
    vocab: readIds(model["vocab"] as Readonly<Record<string, unknown>>, "tokenizer.json"),
    merges: parseMerges(
      merges.map((merge) => (Array.isArray(merge) ? merge.join(" ") : String(merge))).join("\n"),
    ),
  };
}

function readIds(json: Readonly<Record<string, unknown>>, file: string): Map<string, number> {
  const vocab = new Map<string, number>();
  for (const [token, id] of Object.entries(json)) {
    if (!Number.isInteger(id) || (id as number) < 0) {
      throw new Error(
        `${file}: the token "${token}" has the id ${JSON.stringify(id)}, which is not a whole number.`,
      );
    }
    vocab.set(token, id as number);
  }
  return vocab;
}

/** Token ids of `text`, without the begin and end markers, of whatever length. */
export function tokenize(tokenizer: ClipTokenizer, text: string): number[] {
  const { bpe, specialTokens, unkTokenId } = tokenizer;
  const unkId = bpe.vocab.has(tokenizer.tokens.get(unkTokenId) ?? "") ? unkTokenId : undefined;
  const asTyped = specialTokens.filter((token) => !token.normalized);
  const asNormalized = specialTokens.filter((token) => token.normalized);
  return splitAtSpecialTokens(text, asTyped, (token) => token.content).flatMap((span) => {
    if (span.kind === "token") return [span.id];
    const inner = splitAtSpecialTokens(normalize(span.text), asNormalized, (token) =>
      normalize(token.content),
    );
    return inner.flatMap((part) =>
      part.kind === "token"
        ? [part.id]
        : splitWords(part.text).flatMap((word) => encodeWord(bpe, word, unkId)),
    );
  });
}

/** The text of `ids`, in lower case and with single spaces; special tokens are left out unless asked for. */
export function decodeTokens(
  tokenizer: ClipTokenizer,
  ids: readonly number[],
  options: { readonly keepSpecial?: boolean } = {},
): string {
  const special = new Set(tokenizer.specialTokens.map((token) => token.id));
  const kept = options.keepSpecial ? ids : ids.filter((id) => !special.has(id));
  const characters = kept.map((id) => tokenizer.tokens.get(id) ?? "").join("");
  return fromByteCharacters(characters.replaceAll(endOfWord, " ")).trim();
}
