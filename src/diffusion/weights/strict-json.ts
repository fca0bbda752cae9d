/**
 * Keys that occur twice in one object of a JSON text that JSON.parse accepts. JSON.parse keeps the last of two equal keys
 * without a word, so that a file could show one thing to a checker and another to a reader.
 */
export function duplicateKeys(text: string): string[] {
  const duplicates: string[] = [];
  const open: (Set<string> | null)[] = [];
  let keyExpected = false;
  for (let at = 0; at < text.length; at++) {
    switch (text.charAt(at)) {
      case '"': {
        const end = endOfString(text, at);
        const seen = open.at(-1);
        if (keyExpected && seen) {
          const key = JSON.parse(text.slice(at, end + 1)) as string;
          if (seen.has(key)) duplicates.push(key);
          seen.add(key);
        }
        at = end;
        keyExpected = false;
        break;
      }
      case "{":
        open.push(new Set());
        keyExpected = true;
        break;
      case "[":
        open.push(null);
        keyExpected = false;
        break;
      case "}":
      case "]":
        open.pop();
        keyExpected = false;
        break;
      case ",":
        keyExpected = open.at(-1) instanceof Set;
        break;
    }
  }
  return duplicates;
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === '"') return at;
  }
  return text.length;
}
