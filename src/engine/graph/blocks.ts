import { empty, grown } from "./grown.ts";
import type { GraphEdge, GraphNode, GraphStructure, GraphZone } from "./structure.ts";

/**
 * A block is what runs in one place: the top level, or the body of one zone. A zone inside it is a single element.
 * Every wire orders two elements of exactly one block: that in which its value appears.
 */
export interface Block {
  readonly zone: GraphZone | undefined;
  readonly elements: Element[];
  /** Wires from the zone's begin. */
  readonly fromBegin: BlockEdge[];
  /** Wires into the zone's end. */
  readonly intoEnd: GraphEdge[];
}

export interface Element {
  /** Node id, or `zone:<id>`. */
  readonly key: string;
  readonly node: GraphNode | undefined;
  readonly zone: GraphZone | undefined;
  readonly block: Block;
  /** Wires from other elements of the same block. */
  incoming: readonly BlockEdge[];
  outgoing: readonly BlockEdge[];
}

export interface BlockEdge {
  readonly edge: GraphEdge;
  readonly from: Element | undefined;
  /** Undefined for the zone's end. */
  readonly to: Element | undefined;
  /** Whether it ends in a lazy input of a node of this very block. */
  readonly lazy: boolean;
}

export interface Blocks {
  readonly top: Block;
  readonly ofZone: ReadonlyMap<string, Block>;
  readonly elementOf: ReadonlyMap<string, Element>;
}

/** Contracts zones. `include` leaves nodes out; the document must have no fault in zones or scopes of what stays. */
export function buildBlocks(structure: GraphStructure, include: (node: string) => boolean): Blocks {
  const newBlock = (zone: GraphZone | undefined): Block => ({
    zone,
    elements: [],
    fromBegin: [],
    intoEnd: [],
  });
  const top = newBlock(undefined);
  const ofZone = new Map<string, Block>();
  const elementOf = new Map<string, Element>();
  const zoneElements = new Map<string, Element>();
  const blockOf = (zone: string | undefined): Block => (zone === undefined ? top : (ofZone.get(zone) ?? top));

  for (const zone of structure.zones.values()) {
    if (zone.begin !== undefined && include(zone.begin.id)) ofZone.set(zone.id, newBlock(zone));
  }
  const addElement = (
    key: string,
    block: Block,
    node: GraphNode | undefined,
    zone: GraphZone | undefined,
  ): Element => {
    const element: Element = { key, node, zone, block, incoming: empty, outgoing: empty };
    block.elements.push(element);
    return element;
  };
  for (const node of structure.nodes.values()) {
    if (!include(node.id)) continue;
    const side = node.description?.zone?.end;
    if (side === undefined) {
      elementOf.set(node.id, addElement(node.id, blockOf(node.readsIn), node, undefined));
    } else if (node.record.zone !== undefined) {
      const id = node.record.zone;
      let element = zoneElements.get(id);
      if (element === undefined) {
        const zone = structure.zones.get(id);
        element = addElement(`zone:${id}`, blockOf(zone?.parent), undefined, zone);
        zoneElements.set(id, element);
      }
      elementOf.set(node.id, element);
    }
  }

  for (const edge of structure.edges) {
    if (!include(edge.source.id) || !include(edge.target.id)) continue;
    const block = blockOf(edge.source.writesIn);
    const from = edge.source.description?.zone?.end === "begin" ? undefined : elementOf.get(edge.source.id);
    const to = targetElement(structure, edge, zoneElements, elementOf);
    if (to === undefined && edge.target.readsIn === block.zone?.id) block.intoEnd.push(edge);
    const lazy = to?.node !== undefined && edge.target.inputs.get(edge.targetPort)?.lazy === true;
    const blockEdge = { edge, from, to, lazy };
    if (from === undefined) block.fromBegin.push(blockEdge);
    if (from !== undefined) from.outgoing = grown(from.outgoing, blockEdge);
    if (to !== undefined) to.incoming = grown(to.incoming, blockEdge);
  }
  return { top, ofZone, elementOf };
}

/** The element of the source's block that the target is, or stands in; undefined for that block's own end. */
function targetElement(
  structure: GraphStructure,
  { source, target }: GraphEdge,
  zoneElements: ReadonlyMap<string, Element>,
  elementOf: ReadonlyMap<string, Element>,
): Element | undefined {
  const scope = source.writesIn;
  let at = target.readsIn;
  if (at === scope) return target.description?.zone?.end === "end" ? undefined : elementOf.get(target.id);
  while (at !== undefined) {
    const parent = structure.zones.get(at)?.parent;
    if (parent === scope) return zoneElements.get(at);
    at = parent;
  }
  return undefined;
}

/** The elements that change with the iteration: what depends on begin, and what must run every time. */
export function varyingElements(block: Block, runsEveryTime: (element: Element) => boolean): Set<Element> {
  const varying = new Set<Element>();
  const queue: Element[] = [];
  const add = (element: Element | undefined): void => {
    if (element === undefined || varying.has(element)) return;
    varying.add(element);
    queue.push(element);
  };
  for (const { to } of block.fromBegin) add(to);
  for (const element of block.elements) if (runsEveryTime(element)) add(element);
  for (let element = queue.pop(); element !== undefined; element = queue.pop()) {
    for (const { to } of element.outgoing) add(to);
  }
  return varying;
}
