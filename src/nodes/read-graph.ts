import type { GraphDocument } from "../engine/graph/document.ts";
import { migrateNodes } from "../engine/graph/migrate-nodes.ts";
import { readDocument } from "../engine/graph/parse.ts";
import { registry } from "./registry.ts";

/**
 * A graph from a document, or the text or JSON of a graph file, brought up to date.
 *
 * @throws {DocumentError} with every fault of its form. Nodes whose parameters cannot be upgraded stay outdated, and the
 *   validator names them.
 */
export function readGraph(graph: unknown): GraphDocument {
  return migrateNodes(registry, readDocument(graph)).document;
}
