import type { GraphDocument } from "../../engine/graph/document.ts";
import { subgraphOf } from "../../engine/graph/subgraphs.ts";
import { lookUp } from "../../engine/node/description.ts";
import { omit } from "./edits.ts";

/** Ids of the subgraphs that nodes use, also through others. */
export function usedBy(
  nodes: GraphDocument["nodes"],
  subgraphs: NonNullable<GraphDocument["subgraphs"]>,
): Set<string> {
  const used = new Set<string>();
  const queue = [nodes];
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    for (const { type } of Object.values(at)) {
      const id = subgraphOf(type);
      const subgraph = id === undefined ? undefined : lookUp(subgraphs, id);
      if (id === undefined || subgraph === undefined || used.has(id)) continue;
      used.add(id);
      queue.push(subgraph.nodes);
    }
  }
  return used;
}

/** The subgraphs that something in the document uses; one that nothing uses any more is left out. */
export function pruneSubgraphs(document: GraphDocument): GraphDocument {
  const { subgraphs } = document;
  if (subgraphs === undefined) return document;
  const used = usedBy(document.nodes, subgraphs);
  const all = Object.keys(subgraphs);
  if (all.every((id) => used.has(id))) return document;
  const kept = Object.fromEntries(Object.entries(subgraphs).filter(([id]) => used.has(id)));
  return used.size === 0 ? omit(document, "subgraphs") : { ...document, subgraphs: kept };
}
