import type { GraphNode, GraphStructure } from "./structure.ts";

/** For each node, by its index, the indices of the nodes that must run after it. */
export type Successors = readonly (readonly number[])[];

/**
 * Zones add to the wires: a begin runs before everything in its zone and the end after it, so that a wire around a zone's
 * outside back into its body is seen as the cycle that it is.
 */
export function successors(structure: GraphStructure): Successors {
  const next: number[][] = [];
  for (const node of structure.nodes.values()) next.push(node.outgoing.map(({ target }) => target.index));
  const order = (first: GraphNode | undefined, second: GraphNode | undefined): void => {
    if (first !== undefined && second !== undefined && first !== second)
      next[first.index]?.push(second.index);
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
  if (isSorted(next)) return [];
  const ids = [...structure.nodes.keys()];
  const cycles: string[][] = [];
  for (const knot of findKnots(next)) {
    const start = Math.min(...knot);
    if (knot.length === 1 && next[start]?.includes(start) !== true) continue;
    const within = new Set(knot);
    const back = findPath(next, next[start] ?? [], start, (index) => within.has(index)) ?? [];
    cycles.push([start, ...back.slice(0, -1)].map((index) => ids[index] ?? ""));
  }
  return cycles;
}

/** Whether a topological order exists (Kahn 1962): the quick answer for sound graphs. */
function isSorted(next: Successors): boolean {
  const waiting = new Uint32Array(next.length);
  for (const targets of next) for (const index of targets) waiting[index] = (waiting[index] ?? 0) + 1;
  const free: number[] = [];
  for (const [index, count] of waiting.entries()) if (count === 0) free.push(index);
  let done = 0;
  for (let index = free.pop(); index !== undefined; index = free.pop()) {
    done++;
    for (const target of next[index] ?? []) {
      const count = (waiting[target] ?? 0) - 1;
      waiting[target] = count;
      if (count === 0) free.push(target);
    }
  }
  return done === next.length;
}

interface Visit {
  readonly index: number;
  readonly targets: readonly number[];
  at: number;
}

/** Strongly connected components after Tarjan (1972), without recursion. */
function findKnots(next: Successors): number[][] {
  const order = new Map<number, number>();
  const lowest = new Map<number, number>();
  const pending: number[] = [];
  const isPending = new Set<number>();
  const knots: number[][] = [];
  const visits: Visit[] = [];
  const enter = (index: number): void => {
    lowest.set(index, order.size);
    order.set(index, order.size);
    pending.push(index);
    isPending.add(index);
    visits.push({ index, targets: next[index] ?? [], at: 0 });
  };
  const lower = (index: number, to: number): void =>
    void lowest.set(index, Math.min(lowest.get(index) ?? to, to));

  for (const root of next.keys()) {
    if (order.has(root)) continue;
    enter(root);
    for (let visit = visits.at(-1); visit !== undefined; visit = visits.at(-1)) {
      const target = visit.targets[visit.at++];
      if (target !== undefined) {
        const seen = order.get(target);
        if (seen === undefined) enter(target);
        else if (isPending.has(target)) lower(visit.index, seen);
        continue;
      }
      visits.pop();
      const low = lowest.get(visit.index) ?? 0;
      const before = visits.at(-1);
      if (before !== undefined) lower(before.index, low);
      if (low !== order.get(visit.index)) continue;
      const knot = pending.splice(pending.lastIndexOf(visit.index));
      for (const index of knot) isPending.delete(index);
      knots.push(knot);
    }
  }
  return knots;
}

/** A shortest way from one of the starts to a node, both included. */
export function findPath(
  next: Successors,
  starts: readonly number[],
  to: number,
  within: (index: number) => boolean = () => true,
): number[] | undefined {
  const cameFrom = new Map<number, number | undefined>();
  const queue: number[] = [];
  const visit = (index: number, from: number | undefined): void => {
    if (cameFrom.has(index) || !within(index)) return;
    cameFrom.set(index, from);
    queue.push(index);
  };
  for (const start of starts) visit(start, undefined);
  for (let at = 0; at < queue.length; at++) {
    const index = queue[at] ?? to;
    if (index === to) {
      const path: number[] = [];
      for (let back: number | undefined = index; back !== undefined; back = cameFrom.get(back))
        path.push(back);
      return path.reverse();
    }
    for (const target of next[index] ?? []) visit(target, index);
  }
  return undefined;
}
