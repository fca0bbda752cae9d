import type { GraphDocument, NodeRecord } from "./document.ts";

/** Keys that come first, in this order; others follow as they stand. */
const DOCUMENT_KEYS = [
  "format",
  "name",
  "description",
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
  return `${print(written, "", (path) => keysAt(path), [])}\n`;
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

function print(
  value: unknown,
  indent: string,
  keysOf: (path: string[]) => readonly string[],
  path: string[],
): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const inner = `${indent}  `;
  const isList = Array.isArray(value);
  const parts = isList
    ? value.map((part: unknown, index) => print(part, inner, keysOf, [...path, String(index)]))
    : orderKeys(value, keysOf(path)).map(
        ([key, part]) => `${JSON.stringify(key)}: ${print(part, inner, keysOf, [...path, key])}`,
      );
  const [open, close] = isList ? ["[", "]"] : ["{", "}"];
  if (parts.length === 0) return `${open}${close}`;
  const space = isList ? "" : " ";
  const line = `${open}${space}${parts.join(", ")}${space}${close}`;
  // The outer containers are always spread out, so that one more node does not rewrap the file.
  const at = within(path);
  const spread = at.length === 0 || (at.length === 1 && at[0] !== "name");
  if (!spread && !line.includes("\n") && indent.length + line.length <= LINE_WIDTH) return line;
  return `${open}\n${parts.map((part) => inner + part).join(",\n")}\n${indent}${close}`;
}

function orderKeys(record: object, first: readonly string[]): [string, unknown][] {
  const entries = Object.entries(record).filter(([, value]) => value !== undefined);
  const rank = (key: string): number => (first.includes(key) ? first.indexOf(key) : first.length);
  return entries.sort(([a], [b]) => rank(a) - rank(b));
}
