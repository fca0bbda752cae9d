import type { GraphDocument } from "../../engine/graph/document.ts";
import { readDocument } from "../../engine/graph/parse.ts";
import { serializeDocument } from "../../engine/graph/serialize.ts";

/** The longest graph text that is read, in characters. */
const LONGEST = 20_000_000;

/**
 * Reads a graph from text.
 *
 * @throws with words for people if it is no graph; what is open stays open
 */
export function readGraph(text: string): GraphDocument {
  if (text.length > LONGEST)
    throw new Error("This file is too long for a graph: it has more than 20 million characters.");
  return readDocument(text);
}

/** The text of a graph file. */
export const writeGraph = (document: GraphDocument): string => serializeDocument(document);

/** A file name made from the graph's name. */
export function fileNameOf(document: GraphDocument): string {
  const stem = (document.name ?? "graph")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "");
  return `${stem === "" ? "graph" : stem}.graph.json`;
}
