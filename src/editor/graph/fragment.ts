import type {
  EdgeRecord,
  GraphDocument,
  NodeRecord,
  SubgraphRecord,
  ZoneRecord,
} from "../../engine/graph/document.ts";
import { isBoundary, subgraphOf, subgraphType } from "../../engine/graph/subgraphs.ts";
import type { Catalog } from "./catalog.ts";
import { freeName, omit } from "./edits.ts";
import type { Edit, Point } from "./edits.ts";
import { address, endpoint, zoneEndNode } from "./ports.ts";
import { usedBy } from "./used-subgraphs.ts";
import { WireRules } from "./wiring.ts";

/** Nodes with both ends of every zone that one end of is among them: half a zone is none. */
function wholeZones(document: GraphDocument, catalog: Catalog, ids: Iterable<string>): Set<string> {
  const whole = new Set([...ids].filter((id) => !isBoundary(document.nodes[id]?.type ?? "")));
  for (const id of [...whole]) {
    const record = document.nodes[id];
    if (record?.zone === undefined || !catalog.node(record.type)?.zoneEnd) continue;
    for (const side of ["begin", "end"] as const) {
      const end = zoneEndNode(document, catalog, record.zone, side);
      if (end !== undefined) whole.add(end);
    }
  }
  return whole;
}

/** A part of a graph as a graph of its own: the nodes, the wires between them, and the zones that they hold whole. */
export function fragmentOf(document: GraphDocument, catalog: Catalog, ids: Iterable<string>): GraphDocument {
  const whole = wholeZones(document, catalog, ids);
  const zones: Record<string, ZoneRecord> = {};
  for (const id of whole) {
    const record = document.nodes[id];
    const zone = record?.zone;
    if (record && zone !== undefined && catalog.node(record.type)?.zoneEnd)
      zones[zone] = document.zones?.[zone] ?? { kind: "", carry: [] };
  }
  for (const [id, zone] of Object.entries(zones)) {
    if (zone.parent !== undefined && !Object.hasOwn(zones, zone.parent)) zones[id] = omit(zone, "parent");
  }
  const nodes: Record<string, NodeRecord> = {};
  const layout: Record<string, Point> = {};
  for (const [id, record] of Object.entries(document.nodes)) {
    if (!whole.has(id)) continue;
    const inside = record.zone !== undefined && Object.hasOwn(zones, record.zone);
    nodes[id] = inside ? record : omit(record, "zone");
    layout[id] = document.layout?.[id] ?? [0, 0];
  }
  const edges = document.edges.filter(
    ({ from, to }) => whole.has(endpoint(from).node) && whole.has(endpoint(to).node),
  );
  const subgraphs = document.subgraphs;
  const used = usedBy(nodes, subgraphs ?? {});
  const own = Object.entries(subgraphs ?? {}).filter(([id]) => used.has(id));
  const format = used.size === 0 ? 1 : 2;
  return {
    format,
    nodes,
    edges,
    zones,
    ...(own.length === 0 ? {} : { subgraphs: Object.fromEntries(own) }),
    layout,
  };
}

/** Ids that a fragment's subgraphs get in a document: one that is there already with the same content stays the same one. */
function subgraphNames(document: GraphDocument, fragment: GraphDocument): Map<string, string> {
  const names = new Map<string, string>();
  const taken: Record<string, unknown> = { ...document.subgraphs };
  for (const [id, subgraph] of Object.entries(fragment.subgraphs ?? {})) {
    const isSame = JSON.stringify(document.subgraphs?.[id]) === JSON.stringify(subgraph);
    const fresh = isSame ? id : freeName(taken, id);
    taken[fresh] = true;
    names.set(id, fresh);
  }
  return names;
}

/** A node with the new id of the subgraph that it is a use of. */
function renamedUse(record: NodeRecord, names: ReadonlyMap<string, string>): NodeRecord {
  const id = subgraphOf(record.type);
  const fresh = id === undefined ? undefined : names.get(id);
  return fresh === undefined || fresh === id ? record : { ...record, type: subgraphType(fresh) };
}

export interface Paste {
  readonly edit: Edit;
  /** Ids that the nodes got. */
  readonly ids: readonly string[];
}

/**
 * Puts a fragment into a document under free ids, its top-left corner at a place. Nodes that stood in no zone of the
 * fragment get into `zone`.
 */
export function paste(document: GraphDocument, fragment: GraphDocument, at: Point, zone?: string): Paste {
  const names = freshNames(Object.keys(fragment.nodes), document.nodes);
  const zones = freshNames(Object.keys(fragment.zones ?? {}), document.zones ?? {});
  const corner = cornerOf(fragment);
  const uses = subgraphNames(document, fragment);
  const subgraphs = Object.fromEntries(
    Object.entries(fragment.subgraphs ?? {}).map(([id, subgraph]): [string, SubgraphRecord] => {
      const inner = Object.entries(subgraph.nodes).map(
        ([node, record]) => [node, renamedUse(record, uses)] as const,
      );
      return [uses.get(id) ?? id, { ...subgraph, nodes: Object.fromEntries(inner) }];
    }),
  );
  const nodes: Record<string, NodeRecord> = {};
  const layout: Record<string, Point> = {};
  for (const [id, record] of Object.entries(fragment.nodes)) {
    const fresh = names.get(id) ?? id;
    const place = record.zone === undefined ? zone : (zones.get(record.zone) ?? zone);
    nodes[fresh] = {
      ...omit(renamedUse(record, uses), "zone"),
      ...(place === undefined ? {} : { zone: place }),
    };
    const [x, y] = fragment.layout?.[id] ?? [corner[0], corner[1]];
    layout[fresh] = [at[0] + x - corner[0], at[1] + y - corner[1]];
  }
  const renamed = (end: string): string =>
    address(names.get(endpoint(end).node) ?? endpoint(end).node, endpoint(end).port);
  const edges = fragment.edges
    .filter(({ from, to }) => names.has(endpoint(from).node) && names.has(endpoint(to).node))
    .map(({ from, to }): EdgeRecord => ({ from: renamed(from), to: renamed(to) }));
  const zoneRecords: Record<string, ZoneRecord> = {};
  for (const [id, record] of Object.entries(fragment.zones ?? {})) {
    const parent = record.parent === undefined ? zone : (zones.get(record.parent) ?? zone);
    zoneRecords[zones.get(id) ?? id] = {
      ...omit(record, "parent"),
      ...(parent === undefined ? {} : { parent }),
    };
  }
  const ids = Object.keys(nodes);
  const edit: Edit = (before) => {
    if (ids.length === 0) return before;
    return {
      ...before,
      nodes: { ...before.nodes, ...nodes },
      edges: [...before.edges, ...edges],
      layout: { ...before.layout, ...layout },
      ...(Object.keys(zoneRecords).length === 0 ? {} : { zones: { ...before.zones, ...zoneRecords } }),
      ...(uses.size === 0 ? {} : { subgraphs: { ...before.subgraphs, ...subgraphs } }),
    };
  };
  return { edit, ids };
}

/** Copies nodes beside themselves. Wires that come from nodes that are not copied are kept: the copy reads the same. */
export function duplicate(
  document: GraphDocument,
  catalog: Catalog,
  ids: Iterable<string>,
  shift: Point,
): Paste {
  const whole = wholeZones(document, catalog, ids);
  const fragment = fragmentOf(document, catalog, whole);
  const [x, y] = cornerOf(fragment);
  const copied = paste(document, fragment, [x + shift[0], y + shift[1]]);
  const originals = Object.keys(fragment.nodes);
  const freshOf = new Map(originals.map((id, index) => [id, copied.ids[index] ?? id]));
  const edit: Edit = (before) => {
    const pasted = copied.edit(before);
    if (pasted === before) return before;
    const nodes: Record<string, NodeRecord> = { ...pasted.nodes };
    for (const [id, fresh] of freshOf) {
      const zone = before.nodes[id]?.zone;
      const copy = nodes[fresh];
      if (copy && copy.zone === undefined && zone !== undefined) nodes[fresh] = { ...copy, zone };
    }
    const zones = { ...pasted.zones };
    for (const fresh of copied.ids) {
      const zone = nodes[fresh]?.zone;
      const record = zone === undefined ? undefined : zones[zone];
      const original = originals.find((id) => freshOf.get(id) === fresh);
      const parent =
        original === undefined ? undefined : before.zones?.[before.nodes[original]?.zone ?? ""]?.parent;
      if (
        zone !== undefined &&
        record &&
        record.parent === undefined &&
        parent !== undefined &&
        !Object.hasOwn(before.zones ?? {}, zone)
      ) {
        zones[zone] = { ...record, parent };
      }
    }
    const incoming = before.edges
      .filter(({ from, to }) => whole.has(endpoint(to).node) && !whole.has(endpoint(from).node))
      .map(({ from, to }) => ({
        from,
        to: address(freshOf.get(endpoint(to).node) ?? "", endpoint(to).port),
      }));
    return {
      ...pasted,
      nodes,
      edges: [...pasted.edges, ...incoming],
      ...(pasted.zones ? { zones } : {}),
    };
  };
  return { edit, ids: copied.ids };
}

function freshNames(ids: readonly string[], taken: Readonly<Record<string, unknown>>): Map<string, string> {
  const all: Record<string, unknown> = { ...taken };
  const names = new Map<string, string>();
  for (const id of ids) {
    const fresh = freeName(all, id);
    all[fresh] = true;
    names.set(id, fresh);
  }
  return names;
}

function cornerOf(fragment: GraphDocument): Point {
  const points = Object.keys(fragment.nodes).map((id) => fragment.layout?.[id] ?? [0, 0]);
  if (points.length === 0) return [0, 0];
  return [Math.min(...points.map(([x]) => x)), Math.min(...points.map(([, y]) => y))];
}

/** For each wire that leaves a node: a wire that comes into it and fits in its place. */
export const bridge =
  (catalog: Catalog, ids: Iterable<string>): Edit =>
  (document) => {
    let edges: readonly EdgeRecord[] = document.edges;
    for (const id of ids) {
      const incoming = edges.filter((edge) => endpoint(edge.to).node === id);
      const kept = edges.filter((edge) => endpoint(edge.to).node !== id && endpoint(edge.from).node !== id);
      const rules = new WireRules({ ...document, edges: kept }, catalog);
      const joined = edges
        .filter((edge) => endpoint(edge.from).node === id && endpoint(edge.to).node !== id)
        .flatMap(({ to }) => {
          const source = incoming.find(({ from }) => rules.refusal(from, to) === undefined);
          return source ? [{ from: source.from, to }] : [];
        });
      edges = [...kept, ...joined];
    }
    return { ...document, edges };
  };

/** How a node can be put into a wire: which of its ports take the two ends. */
export function insertionInto(
  document: GraphDocument,
  catalog: Catalog,
  node: string,
  edge: EdgeRecord,
): { readonly input: string; readonly output: string } | undefined {
  const rules = new WireRules(
    { ...document, edges: document.edges.filter((other) => other !== edge) },
    catalog,
  );
  const shape = rules.shape(node);
  const input = shape?.inputs.find(
    (port) => rules.refusal(edge.from, address(node, port.name)) === undefined,
  );
  const output = shape?.outputs.find(
    (port) => rules.refusal(address(node, port.name), edge.to) === undefined,
  );
  return input && output ? { input: input.name, output: output.name } : undefined;
}
