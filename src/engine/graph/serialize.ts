import type { GraphDocument, NodeRecord } from "./document.ts";

/** Keys that come first, in this order; others follow as they stand. */
const DOCUMENT_KEYS = [
  "format",
  "name",
  "description",
  "lesson",
  "nodes",
  "edges",
  "zones",
  "subgraphs",
  "layout",
  "view",
];
const NODE_KEYS = ["type", "version", "zone", "title", "mode", "params"];
const EDGE_KEYS = ["from", "to"];
const ZONE_KEYS = ["kind", "carry", "parent"];
const SUBGRAPH_KEYS = [
  "name",
  "description",
  "inputs",
  "outputs",
  "nodes",
  "edges",
  "zones",
  "layout",
  "view",
];
const PORT_KEYS = ["name", "type", "doc"];

const LINE_WIDTH = 100;

/**
 * Writes a graph file. The same document always gives the same text, and reading and saving a saved file changes no byte.
 * Small objects stand on one line, so that a changed wire or parameter is one changed line.
 */
export function serializeDocument(document: GraphDocument): string {
  const written = { ...document, format: formatOf(document) };
  return `${print(written, "", (path) => keysAt(path), []).text}\n`;
}

/** The oldest format that can say all that a document says: older versions open what they can. */
export function formatOf({ nodes, subgraphs }: GraphDocument): 1 | 2 {
  const hasMode = (record: NodeRecord): boolean => record.mode !== undefined;
  return Object.keys(subgraphs ?? {}).length > 0 || Object.values(nodes).some(hasMode) ? 2 : 1;
}

/** A place in a subgraph, as if the subgraph were the graph. */
const within = (path: readonly string[]): readonly string[] =>
  path[0] === "subgraphs" && path.length >= 2 ? path.slice(2) : path;

function keysAt(path: readonly string[]): readonly string[] {
  const [top] = path;
  if (path.length === 0) return DOCUMENT_KEYS;
  if (top === "subgraphs" && path.length === 2) return SUBGRAPH_KEYS;
  if (top === "subgraphs" && path.length > 2) {
    const inner = within(path);
    return inner.length === 2 && (inner[0] === "inputs" || inner[0] === "outputs")
      ? PORT_KEYS
      : keysAt(inner);
  }
  if (path.length !== 2) return [];
  if (top === "nodes") return NODE_KEYS;
  if (top === "edges") return EDGE_KEYS;
  return top === "zones" ? ZONE_KEYS : [];
}

/** A text, and whether it has more than one line: looking for that in the text of each level would take for ever in deep files. */
interface Printed {
  readonly text: string;
  readonly lines: boolean;
}

function print(
  value: unknown,
  indent: string,
  keysOf: (path: string[]) => readonly string[],
  path: string[],
): Printed {
  if (typeof value !== "object" || value === null)
    return { text: JSON.stringify(value) ?? "null", lines: false };
  const inner = `${indent}  `;
  const isList = Array.isArray(value);
  const parts = isList
    ? value.map((part: unknown, index) => print(part, inner, keysOf, [...path, String(index)]))
    : orderKeys(value, keysOf(path)).map(([key, part]) => {
        const { text, lines } = print(part, inner, keysOf, [...path, key]);
        return { text: `${JSON.stringify(key)}: ${text}`, lines };
      });
  const [open, close] = isList ? ["[", "]"] : ["{", "}"];
  if (parts.length === 0) return { text: `${open}${close}`, lines: false };
  // The outer containers are always spread out, so that one more node does not rewrap the file.
  const at = within(path);
  const spread = at.length === 0 || (at.length === 1 && at[0] !== "name");
  if (!spread && !parts.some(({ lines }) => lines)) {
    const space = isList ? "" : " ";
    const line = `${open}${space}${parts.map(({ text }) => text).join(", ")}${space}${close}`;
    if (indent.length + line.length <= LINE_WIDTH) return { text: line, lines: false };
  }
  // Added piece by piece: a join would copy what is inside at every level.
  let text = `${open}\n`;
  for (const [index, part] of parts.entries()) text += `${index === 0 ? "" : ",\n"}${inner}${part.text}`;
  return { text: `${text}\n${indent}${close}`, lines: true };
}

function orderKeys(record: object, first: readonly string[]): [string, unknown][] {
  const entries = Object.entries(record).filter(([, value]) => value !== undefined);
  const rank = (key: string): number => (first.includes(key) ? first.indexOf(key) : first.length);
  return entries.sort(([a], [b]) => rank(a) - rank(b));
}
