import { toByteCharacters } from "./byte-level.ts";

/** CLIP marks the last symbol of every word, so that "cat" and the "cat" of "catalogue" differ. */
export const endOfWord = "</w>";

export interface Bpe {
  readonly vocab: ReadonlyMap<string, number>;
  /** Rank and product of each pair of ids, keyed by `left · span + right`. */
  readonly merges: ReadonlyMap<number, Merge>;
  readonly span: number;
}

interface Merge {
  readonly rank: number;
  readonly id: number;
}

/**
 * Byte-pair encoding (Sennrich et al. 2016) from a vocabulary and its merges, best first.
 * @throws when a merge names a token that the vocabulary does not have.
 */
export function createBpe(
  vocab: ReadonlyMap<string, number>,
  mergeList: readonly (readonly [string, string])[],
): Bpe {
  let span = 1;
  for (const id of vocab.values()) span = Math.max(span, id + 1);
  const merges = new Map<number, Merge>();
  mergeList.forEach(([left, right], rank) => {
    const ids = [left, right, left + right].map((token) => {
      const id = vocab.get(token);
      if (id !== undefined) return id;
      throw new Error(
        `merges.txt: merge ${String(rank + 1)} ("${left} ${right}") needs the token "${token}", which vocab.json does not have. Take both files from the same tokenizer.`,
      );
    });
    const [a = 0, b = 0, id = 0] = ids;
    merges.set(a * span + b, { rank, id });
  });
  return { vocab, merges, span };
}

/** Lines "left right", best first. The `#version` line is a comment. */
export function parseMerges(text: string): [string, string][] {
  const merges: [string, string][] = [];
  text.split(/\r?\n/).forEach((line, index) => {
    if (line === "" || line.startsWith("#version")) return;
    const [left, right, ...rest] = line.split(" ");
    if (!left || !right || rest.length > 0) {
      throw new Error(
        `merges.txt, line ${String(index + 1)}: expected two tokens with one space between, found "${line}".`,
      );
    }
    merges.push([left, right]);
  });
  return merges;
}

/**
 * Token ids of one word. Joins the pair of lowest rank, the leftmost first, until none can be joined. A byte that the
 * vocabulary does not know becomes `unkId`.
 */
export function encodeWord(bpe: Bpe, word: string, unkId: number | undefined): number[] {
  const symbols = toByteCharacters(word);
  const ids = symbols.map((symbol, index) => {
    const token = index === symbols.length - 1 ? symbol + endOfWord : symbol;
    const id = bpe.vocab.get(token) ?? unkId;
    if (id !== undefined) return id;
    throw new Error(
      `The vocabulary has neither the token "${token}" nor the unknown token to put in its place.`,
    );
  });
  for (;;) {
    let best: Merge | undefined;
    let at = -1;
    for (let i = 0; i + 1 < ids.length; i++) {
      const merge = bpe.merges.get((ids[i] ?? 0) * bpe.span + (ids[i + 1] ?? 0));
      if (merge && (!best || merge.rank < best.rank)) {
        best = merge;
        at = i;
      }
    }
    if (!best) return ids;
    ids.splice(at, 2, best.id);
  }
}
