import type { GraphDocument } from "./document.ts";
import type { Fault } from "./fault.ts";
import { splitRef, zonePath, type GraphStructure } from "./structure.ts";

/** The targets and all that they need. A node in a zone needs the zone's two ends; other nodes of the body stay out. */
export function neededFor(structure: GraphStructure, targets: readonly string[]): Set<string> {
  const needed = new Set<string>();
  const queue = targets.filter((id) => structure.nodes.has(id));
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    if (needed.has(id)) continue;
    needed.add(id);
    const node = structure.nodes.get(id);
    for (const edge of node?.incoming.values() ?? []) queue.push(edge.source.id);
    for (const zone of zonePath(structure, node?.record.zone)) {
      const { begin, end } = structure.zones.get(zone) ?? {};
      if (begin !== undefined) queue.push(begin.id);
      if (end !== undefined) queue.push(end.id);
    }
  }
  return needed;
}

/** Whether a fault stands in the way of a run of the needed nodes. */
export function concerns(document: GraphDocument, fault: Fault, needed: ReadonlySet<string>): boolean {
  if (fault.nodes !== undefined) return fault.nodes.some((id) => needed.has(id));
  if (fault.edge !== undefined) {
    const target = splitRef(document.edges[fault.edge]?.to ?? "");
    return target === undefined || needed.has(target.node);
  }
  if (fault.node !== undefined) return needed.has(fault.node);
  const { zone } = fault;
  if (zone === undefined) return true;
  return [...needed].some((id) => document.nodes[id]?.zone === zone);
}
