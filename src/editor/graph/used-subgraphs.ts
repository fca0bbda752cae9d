import type { GraphDocument } from "../../engine/graph/document.ts";
import { subgraphOf } from "../../engine/graph/subgraphs.ts";
import { lookUp } from "../../engine/node/description.ts";

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
