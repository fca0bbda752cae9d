/**
 * Unicode's White_Space. JavaScript's `\s` differs: it has U+FEFF (which CLIP reads as a symbol) and lacks U+0085.
 */
const whiteSpace = /[\t-\r \u0085\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000]+/gu;

/** What CLIP does to a prompt before it splits it: NFC, one space for every run of white space, lower case. */
export function normalize(text: string): string {
  const spaced = text.normalize("NFC").replace(whiteSpace, " ");
  // Lower case goes by code point: `toLowerCase` on the whole would turn a Σ at the end of a word into ς.
  return Array.from(spaced, (character) => character.toLowerCase()).join("");
}

const clipWords = /<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^ \p{L}\p{N}]+/gu;

/** Splits normalized text into words: English endings, runs of letters, single digits, runs of other symbols. */
export function splitWords(normalized: string): string[] {
  const words = normalized.match(clipWords) ?? [];
  // A second, byte-level split follows in CLIP; the two markers are all that it still divides.
  return words.flatMap((word) => {
    const marker = /^<\|([a-z]+)\|>$/.exec(word)?.[1];
    return marker === undefined ? [word] : ["<|", marker, "|>"];
  });
}
