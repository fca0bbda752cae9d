import type { GraphDocument, NodeRecord, ZoneRecord } from "../../engine/graph/document.ts";
import { isBoundary } from "../../engine/graph/subgraphs.ts";
import type { Catalog } from "./catalog.ts";
import { omit, removeNodes } from "./edits.ts";
import type { Edit } from "./edits.ts";
import { address, endpoint, zoneEndNode } from "./ports.ts";

const members = new WeakMap<GraphDocument, Map<string, readonly string[]>>();

/** Ids of the nodes that stand in a zone or in a zone inside it. A drag asks in every frame: found out once a document. */
export function membersOf(document: GraphDocument, zone: string): readonly string[] {
  const known = members.get(document) ?? new Map<string, readonly string[]>();
  members.set(document, known);
  const before = known.get(zone);
  if (before) return before;
  const inside = zonesInside(document, zone);
  const found = Object.keys(document.nodes).filter((id) => {
    const own = document.nodes[id]?.zone;
    return own !== undefined && inside.has(own);
  });
  known.set(zone, found);
  return found;
}

/** The zone and all zones nested in it. */
export function zonesInside(document: GraphDocument, zone: string): Set<string> {
  const found = new Set([zone]);
  for (let size = 0; size !== found.size;) {
    size = found.size;
    for (const [id, record] of Object.entries(document.zones ?? {})) {
      if (record.parent !== undefined && found.has(record.parent)) found.add(id);
    }
  }
  return found;
}

const zoned = (record: NodeRecord, zone: string | undefined): NodeRecord => {
  if (record.zone === zone) return record;
  return { ...omit(record, "zone"), ...(zone === undefined ? {} : { zone }) };
};

/** Moves nodes into a zone, or out of all zones. The two ends of a zone stay where they are. */
export const setZone =
  (catalog: Catalog, ids: Iterable<string>, zone: string | undefined): Edit =>
  (document) => {
    if (zone !== undefined && !Object.hasOwn(document.zones ?? {}, zone)) return document;
    const nodes: Record<string, NodeRecord> = { ...document.nodes };
    let changed = false;
    for (const id of ids) {
      const record = nodes[id];
      if (!record || catalog.node(record.type)?.zoneEnd || isBoundary(record.type)) continue;
      if (record.zone === zone) continue;
      nodes[id] = zoned(record, zone);
      changed = true;
    }
    return changed ? { ...document, nodes } : document;
  };

/**
 * Removes nodes; those that stand for a subgraph's ports stay. A zone that loses one of its ends is dissolved: the other end goes as well, and what stood in it moves
 * to the zone around it.
 */
export const removeWithZones =
  (catalog: Catalog, ids: Iterable<string>): Edit =>
  (document) => {
    const gone = new Set([...ids].filter((id) => !isBoundary(document.nodes[id]?.type ?? "")));
    const dissolved = new Set<string>();
    for (const id of gone) {
      const record = document.nodes[id];
      if (record?.zone !== undefined && catalog.node(record.type)?.zoneEnd) dissolved.add(record.zone);
    }
    for (const zone of dissolved) {
      for (const side of ["begin", "end"] as const) {
        const end = zoneEndNode(document, catalog, zone, side);
        if (end !== undefined) gone.add(end);
      }
    }
    const rest = removeNodes(gone)(document);
    return dissolved.size === 0 ? rest : dissolve(rest, dissolved);
  };

function dissolve(document: GraphDocument, dissolved: ReadonlySet<string>): GraphDocument {
  const heir = (zone: string | undefined): string | undefined => {
    const seen = new Set<string>();
    let id = zone;
    while (id !== undefined && dissolved.has(id) && !seen.has(id)) {
      seen.add(id);
      id = document.zones?.[id]?.parent;
    }
    return id !== undefined && dissolved.has(id) ? undefined : id;
  };
  const nodes = Object.fromEntries(
    Object.entries(document.nodes).map(([id, record]) => [id, zoned(record, heir(record.zone))]),
  );
  const zones = Object.fromEntries(
    Object.entries(document.zones ?? {})
      .filter(([id]) => !dissolved.has(id))
      .map(([id, record]): [string, ZoneRecord] => {
        const { parent, ...rest } = record;
        const next = heir(parent);
        return [id, next === parent ? record : next === undefined ? rest : { ...rest, parent: next }];
      }),
  );
  return { ...document, nodes, zones };
}

const changeZone = (
  document: GraphDocument,
  zone: string,
  change: (record: ZoneRecord) => ZoneRecord,
): GraphDocument => {
  const record = document.zones?.[zone];
  return record ? { ...document, zones: { ...document.zones, [zone]: change(record) } } : document;
};

/** Adds a carried value: an input and an output of that name on both ends. */
export const addCarry =
  (zone: string, name: string): Edit =>
  (document) =>
    document.zones?.[zone]?.carry.includes(name)
      ? document
      : changeZone(document, zone, (record) => ({ ...record, carry: [...record.carry, name] }));

/** Removes a carried value with its wires. */
export const removeCarry =
  (catalog: Catalog, zone: string, name: string): Edit =>
  (document) => {
    if (!document.zones?.[zone]?.carry.includes(name)) return document;
    const changed = changeZone(document, zone, (record) => ({
      ...record,
      carry: record.carry.filter((other) => other !== name),
    }));
    const ends = carryAddresses(document, catalog, zone, name);
    return { ...changed, edges: changed.edges.filter((edge) => !ends.has(edge.from) && !ends.has(edge.to)) };
  };

/** Renames a carried value; its wires stay. */
export const renameCarry =
  (catalog: Catalog, zone: string, name: string, next: string): Edit =>
  (document) => {
    const carry = document.zones?.[zone]?.carry;
    if (!carry?.includes(name) || carry.includes(next)) return document;
    const changed = changeZone(document, zone, (record) => ({
      ...record,
      carry: record.carry.map((other) => (other === name ? next : other)),
    }));
    const ends = carryAddresses(document, catalog, zone, name);
    const renamed = (end: string): string => (ends.has(end) ? address(endpoint(end).node, next) : end);
    return {
      ...changed,
      edges: changed.edges.map((edge) => ({ from: renamed(edge.from), to: renamed(edge.to) })),
    };
  };

function carryAddresses(document: GraphDocument, catalog: Catalog, zone: string, name: string): Set<string> {
  const ends = new Set<string>();
  for (const side of ["begin", "end"] as const) {
    const id = zoneEndNode(document, catalog, zone, side);
    if (id !== undefined) ends.add(address(id, name));
  }
  return ends;
}

/** A name that a carried value may have: letters and digits, and none that the ends use already. */
export function carryRefusal(
  document: GraphDocument,
  catalog: Catalog,
  zone: string,
  name: string,
): string | undefined {
  if (!/^[A-Za-z][A-Za-z0-9]*$/.test(name)) return "A name is letters and digits, and begins with a letter.";
  const record = document.zones?.[zone];
  if (!record) return "The zone is gone.";
  if (record.carry.includes(name)) return `"${name}" is carried already.`;
  const info = catalog.zone(record.kind);
  for (const type of info ? [info.begin, info.end] : []) {
    const node = catalog.node(type);
    const ports = [...(node?.inputs ?? []), ...(node?.params ?? []), ...(node?.outputs ?? [])];
    if (ports.some((port) => port.name === name)) return `"${name}" is a port of the zone itself.`;
  }
  return undefined;
}
