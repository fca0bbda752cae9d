/**
 * A token that is looked for as a whole before the text is split into words. What the files say of the white space beside it
 * (`lstrip`, `rstrip`) makes no difference here: white space is no token in CLIP.
 */
export interface SpecialToken {
  readonly content: string;
  readonly id: number;
  /** Looked for in the normalized text (so in any case of letters) rather than in the text as typed. */
  readonly normalized: boolean;
  /** Only where it is not part of a longer word. */
  readonly singleWord: boolean;
}

export type Span =
  { readonly kind: "text"; readonly text: string } | { readonly kind: "token"; readonly id: number };

const wordCharacter = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\u200c\u200d]/u;

const isWordCharacter = (character: string | undefined): boolean =>
  character !== undefined && wordCharacter.test(character);

/** Cuts `text` at every special token; where several begin, the longest counts. */
export function splitAtSpecialTokens(
  text: string,
  tokens: readonly SpecialToken[],
  find: (token: SpecialToken) => string,
): Span[] {
  const patterns = tokens
    .map((token) => ({ token, pattern: find(token) }))
    .filter(({ pattern }) => pattern !== "")
    .sort((a, b) => b.pattern.length - a.pattern.length);
  const spans: Span[] = [];
  let textStart = 0;
  let at = 0;
  while (at < text.length) {
    const found = patterns.find(({ pattern }) => text.startsWith(pattern, at));
    if (!found) {
      at++;
      continue;
    }
    const { token, pattern } = found;
    const start = at;
    const end = at + pattern.length;
    at = end;
    if (token.singleWord) {
      const before = Array.from(text.slice(Math.max(0, start - 2), start)).at(-1);
      const after = Array.from(text.slice(end, end + 2))[0];
      if (isWordCharacter(before) || isWordCharacter(after)) continue;
    }
    if (start > textStart) spans.push({ kind: "text", text: text.slice(textStart, start) });
    spans.push({ kind: "token", id: token.id });
    textStart = end;
  }
  if (textStart < text.length) spans.push({ kind: "text", text: text.slice(textStart) });
  return spans;
}
