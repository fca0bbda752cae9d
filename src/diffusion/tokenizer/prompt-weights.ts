/** A stretch of a prompt and how much attention it gets; 1 is plain. */
export interface WeightedText {
  readonly text: string;
  readonly weight: number;
}

/** What one pair of round brackets multiplies by, and one pair of square brackets divides by. */
const step = 1.1;

interface Group {
  readonly bracket: "(" | "[";
  readonly firstPiece: number;
}

const trailingWeight = /^:\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+))\s*\)/;

/**
 * Reads the attention syntax that image makers write: `(word)` ×1.1, `(word:1.3)` ×1.3, `[word]` ÷1.1, nested brackets
 * multiply, and a backslash before `( ) [ ] \` makes it an ordinary character. A bracket that is never closed acts up
 * to the end of the prompt; one that was never opened, and a `:1.3` outside of round brackets, are ordinary text.
 *
 * Pieces of equal weight are joined; an empty prompt is one empty piece.
 */
export function parsePromptWeights(prompt: string): WeightedText[] {
  const pieces: { text: string; weight: number }[] = [];
  const open: Group[] = [];
  let literal = "";
  const flush = (): void => {
    if (literal !== "") pieces.push({ text: literal, weight: 1 });
    literal = "";
  };
  const close = (group: Group, factor: number): void => {
    for (const piece of pieces.slice(group.firstPiece)) piece.weight *= factor;
  };

  let at = 0;
  while (at < prompt.length) {
    const character = prompt.charAt(at);
    const next = prompt.charAt(at + 1);
    const weight = character === ":" ? trailingWeight.exec(prompt.slice(at)) : null;
    const innermost = open.at(-1);
    if (character === "\\" && "()[]\\".includes(next) && next !== "") {
      literal += next;
      at += 2;
    } else if (character === "(" || character === "[") {
      flush();
      open.push({ bracket: character, firstPiece: pieces.length });
      at += 1;
    } else if (weight && innermost?.bracket === "(") {
      flush();
      open.pop();
      close(innermost, Number(weight[1]));
      at += weight[0].length;
    } else if (
      (character === ")" && innermost?.bracket === "(") ||
      (character === "]" && innermost?.bracket === "[")
    ) {
      flush();
      open.pop();
      close(innermost, innermost.bracket === "(" ? step : 1 / step);
      at += 1;
    } else {
      literal += character;
      at += 1;
    }
  }
  flush();
  for (const group of open) close(group, group.bracket === "(" ? step : 1 / step);
  return joinEqualWeights(pieces);
}

function joinEqualWeights(pieces: readonly WeightedText[]): WeightedText[] {
  const joined: WeightedText[] = [];
  for (const piece of pieces) {
    const last = joined.at(-1);
    if (last && last.weight === piece.weight)
      joined[joined.length - 1] = { ...last, text: last.text + piece.text };
    else joined.push(piece);
  }
  return joined.length > 0 ? joined : [{ text: "", weight: 1 }];
}
