import type { GraphNode, GraphStructure } from "./structure.ts";

/**
 * The nodes that must run after each node. Zones add to the wires: a begin runs before everything in its zone and the end
 * after it, so that a wire around a zone's outside back into its body is seen as the cycle that it is.
 */
export function successors(structure: GraphStructure): Map<string, string[]> {
  const next = new Map<string, string[]>();
  for (const node of structure.nodes.values()) next.set(node.id, node.outgoing.map(({ target }) => target.id));
  const order = (first: GraphNode | undefined, second: GraphNode | undefined): void => {
    if (first !== undefined && second !== undefined && first !== second) next.get(first.id)?.push(second.id);
  };
  for (const zone of structure.zones.values()) {
    order(zone.begin, zone.end);
    for (const member of zone.members) {
      const node = structure.nodes.get(member);
      if (node?.description?.zone !== undefined) continue;
      order(zone.begin, node);
      order(node, zone.end);
    }
    const parent = zone.parent === undefined ? undefined : structure.zones.get(zone.parent);
    order(parent?.begin, zone.begin);
    order(zone.end, parent?.end);
  }
  return next;
}

/** One cycle, the shortest through its first node, out of every knot of the graph, in the direction of the wires. */
export function findCycles(structure: GraphStructure): string[][] {
  const next = successors(structure);
  const cycles: string[][] = [];
  for (const knot of findKnots(next)) {
    const [start] = knot;
    if (start === undefined || (knot.length === 1 && next.get(start)?.includes(start) !== true)) continue;
    cycles.push(shortestCycle(start, next, new Set(knot)));
  }
  return cycles;
}

interface Visit {
  readonly id: string;
  readonly targets: readonly string[];
  at: number;
}

/** Strongly connected components after Tarjan (1972), without recursion; each in the document's order. */
function findKnots(next: ReadonlyMap<string, readonly string[]>): string[][] {
  const indices = new Map<string, number>();
  const lowest = new Map<string, number>();
  const pending: string[] = [];
  const isPending = new Set<string>();
  const knots: string[][] = [];
  const visits: Visit[] = [];
  const enter = (id: string): void => {
    lowest.set(id, indices.size);
    indices.set(id, indices.size);
    pending.push(id);
    isPending.add(id);
    visits.push({ id, targets: next.get(id) ?? [], at: 0 });
  };
  const lower = (id: string, to: number): void => void lowest.set(id, Math.min(lowest.get(id) ?? to, to));

  for (const root of next.keys()) {
    if (indices.has(root)) continue;
    enter(root);
    for (let visit = visits.at(-1); visit !== undefined; visit = visits.at(-1)) {
      const target = visit.targets[visit.at++];
      if (target !== undefined) {
        const index = indices.get(target);
        if (index === undefined) enter(target);
        else if (isPending.has(target)) lower(visit.id, index);
        continue;
      }
      visits.pop();
      const low = lowest.get(visit.id) ?? 0;
      const before = visits.at(-1);
      if (before !== undefined) lower(before.id, low);
      if (low !== indices.get(visit.id)) continue;
      const knot = pending.splice(pending.lastIndexOf(visit.id));
      for (const id of knot) isPending.delete(id);
      knots.push(knot);
    }
  }
  return knots;
}

function shortestCycle(start: string, next: ReadonlyMap<string, readonly string[]>, within: ReadonlySet<string>): string[] {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (let at = 0; at < queue.length; at++) {
    const id = queue[at] ?? start;
    for (const target of next.get(id) ?? []) {
      if (target === start) {
        const path = [id];
        for (let back = cameFrom.get(id); back !== undefined; back = cameFrom.get(back)) path.push(back);
        return path.reverse();
      }
      if (!within.has(target) || cameFrom.has(target)) continue;
      cameFrom.set(target, id);
      queue.push(target);
    }
  }
  return [start];
}
