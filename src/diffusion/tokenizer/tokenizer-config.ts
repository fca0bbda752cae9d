import type { SpecialToken } from "./special-tokens.ts";

/** A special token as the files describe it, before it has an id. */
export type SpecialTokenText = Omit<SpecialToken, "id">;

export interface TokenizerConfig {
  readonly bosToken: string;
  readonly eosToken: string;
  readonly unkToken: string;
  readonly padToken: string;
  /** Tokens of a prompt, the two markers included. */
  readonly modelMaxLength: number;
  /** Everything to look for as a whole, in the order in which ids are given to those that have none. */
  readonly specialTokens: readonly SpecialTokenText[];
}

type Json = Readonly<Record<string, unknown>>;

const endOfText = "<|endoftext|>";
const roles = [
  ["bos_token", "<|startoftext|>"],
  ["eos_token", endOfText],
  ["unk_token", endOfText],
  ["pad_token", endOfText],
] as const;

/** CLIP's context; also what files mean that say "no limit" with 1e30. */
const defaultMaxLength = 77;

export function parseJsonObject(text: string, file: string): Json {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`${file} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Error(`${file}: expected a JSON object.`);
  return value as Json;
}

function readToken(value: unknown, where: string): SpecialTokenText {
  if (typeof value === "string") {
    return { content: value, normalized: false, singleWord: false };
  }
  const token = value as Json | null;
  if (typeof token?.["content"] !== "string")
    throw new Error(`${where}: expected a token, or an object with its "content".`);
  const flag = (name: string): boolean => token[name] === true;
  return {
    content: token["content"],
    normalized: flag("normalized"),
    singleWord: flag("single_word"),
  };
}

/**
 * Reads `tokenizer_config.json` and `special_tokens_map.json`. The newer form, `added_tokens_decoder` in the first,
 * makes the second void; without it the second overrides the first.
 * @throws when the files belong to another kind of tokenizer.
 */
export function parseTokenizerConfig(configText?: string, specialTokensMapText?: string): TokenizerConfig {
  const config = configText === undefined ? {} : parseJsonObject(configText, "tokenizer_config.json");
  const className = config["tokenizer_class"];
  if (className !== undefined && className !== "CLIPTokenizer" && className !== "CLIPTokenizerFast") {
    throw new Error(
      `tokenizer_config.json: tokenizer_class "${String(className)}" is not supported; CLIPTokenizer is.`,
    );
  }
  const added = config["added_tokens_decoder"] as Json | undefined;
  const map =
    specialTokensMapText === undefined || added
      ? {}
      : parseJsonObject(specialTokensMapText, "special_tokens_map.json");

  const byContent = new Map<string, SpecialTokenText>();
  const addedIds = Object.keys(added ?? {}).sort((a, b) => Number(a) - Number(b));
  for (const id of addedIds) {
    const token = readToken(added?.[id], `tokenizer_config.json, added_tokens_decoder ${id}`);
    byContent.set(token.content, token);
  }
  const describedByAdded = new Set(byContent.keys());
  const contents = roles.map(([role, fallback]) => {
    const token = readToken(map[role] ?? config[role] ?? fallback, role);
    // One token in two roles with different flags: the later role decides.
    if (!describedByAdded.has(token.content)) byContent.set(token.content, token);
    return token.content;
  });
  const [bosToken = "", eosToken = "", unkToken = "", padToken = ""] = contents;
  const maxLength = config["model_max_length"];
  return {
    bosToken,
    eosToken,
    unkToken,
    padToken,
    modelMaxLength: typeof maxLength === "number" && maxLength < 1e6 ? maxLength : defaultMaxLength,
    specialTokens: [...byContent.values()],
  };
}
