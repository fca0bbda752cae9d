import type { GraphDocument } from "./document.ts";

/** Keys that come first, in this order; others follow as they stand. */
const DOCUMENT_KEYS = ["format", "name", "description", "nodes", "edges", "zones", "layout", "view"];
const NODE_KEYS = ["type", "version", "zone", "title", "params"];
const EDGE_KEYS = ["from", "to"];
const ZONE_KEYS = ["kind", "carry", "parent"];

const LINE_WIDTH = 100;

/**
 * Writes a graph file. The same document always gives the same text, and reading and saving a saved file changes no byte.
 * Small objects stand on one line, so that a changed wire or parameter is one changed line.
 */
export function serializeDocument(document: GraphDocument): string {
  return `${print(document, "", (path) => keysAt(path), [])}\n`;
}

function keysAt(path: readonly string[]): readonly string[] {
  const [top] = path;
  if (path.length === 0) return DOCUMENT_KEYS;
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
  const spread = path.length === 0 || (path.length === 1 && path[0] !== "name");
  if (!spread && !line.includes("\n") && indent.length + line.length <= LINE_WIDTH) return line;
  return `${open}\n${parts.map((part) => inner + part).join(",\n")}\n${indent}${close}`;
}

function orderKeys(record: object, first: readonly string[]): [string, unknown][] {
  const entries = Object.entries(record).filter(([, value]) => value !== undefined);
  const rank = (key: string): number => (first.includes(key) ? first.indexOf(key) : first.length);
  return entries.sort(([a], [b]) => rank(a) - rank(b));
}
