import type { GraphDocument } from "../../engine/graph/document.ts";
import type { RegistryDescription } from "../../engine/node/description.ts";

const split = (address: string): readonly [node: string, port: string] => {
  const dot = address.indexOf(".");
  return [address.slice(0, dot), address.slice(dot + 1)];
};

/**
 * What can be run with a loop's carried values while the loop goes on: the nodes that these lead to, as far as they need nothing
 * else of the loop's end and have no effect outside the graph. A training's samples are this; its loss curve and the node that
 * saves the network are not.
 *
 * @returns The last nodes of each such path, at top level.
 */
export function samplingTargets(
  document: GraphDocument,
  registry: RegistryDescription,
  end: string,
  carry: readonly string[],
): string[] {
  const readers = (node: string): string[] =>
    document.edges.filter(({ from }) => split(from)[0] === node).map(({ to }) => split(to)[0]);
  const reach = (from: Iterable<string>): Set<string> => {
    const found = new Set<string>();
    const queue = [...from];
    for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
      if (found.has(node)) continue;
      found.add(node);
      queue.push(...readers(node), ...sameZone(document, node));
    }
    return found;
  };
  const fromEnd = (isCarried: boolean): string[] =>
    document.edges
      .filter(({ from }) => split(from)[0] === end && carry.includes(split(from)[1]) === isCarried)
      .map(({ to }) => split(to)[0]);
  const others = reach(fromEnd(false));
  const reached = [...reach(fromEnd(true))].filter((node) => !others.has(node));
  const isEffect = (node: string): boolean =>
    registry.nodes[document.nodes[node]?.type ?? ""]?.cacheable === false;
  const able = new Set(reached.filter((node) => !isEffect(node)));
  return [...able].filter((node) => {
    const record = document.nodes[node];
    if (record === undefined) return false;
    const isInside = record.zone !== undefined && registry.nodes[record.type]?.zone?.end !== "end";
    return !isInside && !readers(node).some((reader) => able.has(reader));
  });
}

/** A zone runs as a whole: who reaches one of its nodes reaches its end. */
function sameZone(document: GraphDocument, node: string): string[] {
  const zone = document.nodes[node]?.zone;
  if (zone === undefined) return [];
  return Object.entries(document.nodes).flatMap(([id, record]) => (record.zone === zone ? [id] : []));
}
