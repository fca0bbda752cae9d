import type { GraphDocument } from "../../engine/graph/document.ts";

/** Everything that a graph names and does not hold. */
export interface References {
  /** `hf:` and `https:`: a run downloads them. */
  readonly remote: readonly Remote[];
  /** `file:`: on the disk of whoever made the graph. */
  readonly files: readonly string[];
  /** `bundled:`: comes with the page. */
  readonly bundled: readonly string[];
}

export interface Remote {
  /** As the graph says it. */
  readonly reference: string;
  /** The server that it comes from. */
  readonly host: string;
}

const HUB = "huggingface.co";

/**
 * The references of a graph, each once. Every text anywhere in its nodes counts that has the form of a reference: rather one too many
 * is named than one too few.
 */
export function referencesOf(document: GraphDocument): References {
  const texts = new Set<string>();
  collect(document, texts);
  const all = [...texts].sort();
  return {
    remote: all.flatMap((text): Remote[] => {
      if (/^hf:[\w.-]+\/[\w.-]+(@[\w./-]+)?$/.test(text)) return [{ reference: text, host: HUB }];
      if (/^https?:\/\/\S+$/.test(text) && URL.canParse(text))
        return [{ reference: text, host: new URL(text).host }];
      return [];
    }),
    files: all.filter((text) => /^file:\S/.test(text)),
    bundled: all.filter((text) => /^bundled:\S+$/.test(text)),
  };
}

/** Iterative: a stranger's file may be nested deeper than the stack. */
function collect(root: unknown, texts: Set<string>): void {
  const open: unknown[] = [root];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value === "string" && value.length < 2000) texts.add(value);
    else if (typeof value === "object" && value !== null)
      for (const part of Object.values(value)) open.push(part);
  }
}
