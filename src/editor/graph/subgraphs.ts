import { successors } from "../../engine/graph/cycles.ts";
import type {
  EdgeRecord,
  GraphDocument,
  NodeRecord,
  SubgraphPort,
  SubgraphRecord,
  ZoneRecord,
} from "../../engine/graph/document.ts";
import { structureOf, zonePath } from "../../engine/graph/structure.ts";
import type { GraphStructure } from "../../engine/graph/structure.ts";
import { BOUNDARY, isBoundary, subgraphType } from "../../engine/graph/subgraphs.ts";
import { resolveTypes } from "../../engine/graph/types.ts";
import type { RegistryDescription } from "../../engine/node/description.ts";
import { freeName, freeNodeId, omit, removeNodes } from "./edits.ts";
import type { Edit, Point } from "./edits.ts";
import { framesOf } from "./frames.ts";
import { address, endpoint } from "./ports.ts";

export type Outcome =
  | { readonly ok: true; readonly edit: Edit; readonly ids: readonly string[] }
  | { readonly ok: false; readonly reason: string };

export const refuse = (reason: string): Outcome => ({ ok: false, reason });

/** Room between the nodes of a subgraph and the two that stand for its ports. */
const MARGIN = 340;

/**
 * Makes one node of several: they become a subgraph, and each wire across its border a port. A zone is taken whole when one
 * of its ends is among them. Refused, with a reason, where the nodes stand in different zones or another stands between them.
 */
export function makeSubgraph(
  description: RegistryDescription,
  document: GraphDocument,
  ids: Iterable<string>,
  name: string,
): Outcome {
  const structure = structureOf(description, document);
  const chosen = wholeZones(structure, ids);
  if (chosen.size === 0) return refuse("Select the nodes that are to become a subgraph.");
  const inner = [...structure.zones.values()].filter(
    ({ begin }) => begin !== undefined && chosen.has(begin.id),
  );
  const isInner = (zone: string | undefined): boolean => inner.some(({ id }) => id === zone);
  const homes = new Set<string | undefined>();
  for (const id of chosen) {
    const path = zonePath(structure, document.nodes[id]?.zone);
    homes.add(path.find((zone) => !isInner(zone)));
  }
  if (homes.size > 1)
    return refuse(
      "These nodes stand in different zones. Select nodes of one zone, or the whole zone with its two ends.",
    );
  const between = nodeBetween(structure, chosen);
  if (between !== undefined)
    return refuse(
      `"${between}" stands between these nodes: it needs one of them, and another needs it. Select it too.`,
    );
  const [home] = homes;
  return {
    ok: true,
    ...group(
      structure,
      chosen,
      inner.map(({ id }) => id),
      home,
      name,
    ),
  };
}

function wholeZones(structure: GraphStructure, ids: Iterable<string>): Set<string> {
  const chosen = new Set<string>();
  for (const id of ids) {
    const node = structure.nodes.get(id);
    if (!node || isBoundary(node.record.type)) continue;
    chosen.add(id);
    const { zone } = node.record;
    if (node.description?.zone === undefined || zone === undefined) continue;
    for (const other of structure.nodes.values())
      if (zonePath(structure, other.record.zone).includes(zone)) chosen.add(other.id);
  }
  return chosen;
}

/** A node outside that needs one of the chosen, and that another of them needs: the group would wait for itself. */
function nodeBetween(structure: GraphStructure, chosen: ReadonlySet<string>): string | undefined {
  const next = successors(structure);
  const ids = [...structure.nodes.keys()];
  const isChosen = (index: number): boolean => chosen.has(ids[index] ?? "");
  const from = new Map<number, number>();
  const queue: number[] = [];
  const reach = (index: number, first: number): void => {
    if (isChosen(index) || from.has(index)) return;
    from.set(index, first);
    queue.push(index);
  };
  for (const [index, targets] of next.entries())
    if (isChosen(index)) for (const target of targets) reach(target, target);
  for (let index = queue.pop(); index !== undefined; index = queue.pop()) {
    for (const target of next[index] ?? []) {
      if (isChosen(target)) return ids[from.get(index) ?? index];
      reach(target, from.get(index) ?? index);
    }
  }
  return undefined;
}

function group(
  structure: GraphStructure,
  chosen: ReadonlySet<string>,
  inner: readonly string[],
  home: string | undefined,
  name: string,
): { edit: Edit; ids: string[] } {
  const { document } = structure;
  const types = resolveTypes(structure);
  const records = Object.entries(document.nodes).filter(([id]) => chosen.has(id));
  const nodes: Record<string, NodeRecord> = {};
  for (const [id, record] of records)
    nodes[id] = record.zone !== undefined && !inner.includes(record.zone) ? omit(record, "zone") : record;
  const [inputs, outputs] = [freeName(nodes, "inputs"), freeName({ ...nodes, inputs: true }, "outputs")];
  const outer = Object.fromEntries(Object.entries(document.nodes).filter(([id]) => !chosen.has(id)));
  const subgraph = freeName(document.subgraphs ?? {}, idOf(name));
  const id = freeNodeId(outer, subgraphType(subgraph));

  const ports = { inputs: [] as SubgraphPort[], outputs: [] as SubgraphPort[] };
  const portOf = new Map<string, string>();
  const body: EdgeRecord[] = [];
  const around: EdgeRecord[] = [];
  const typeOf = (end: string, side: "input" | "output"): string => {
    const { node, port } = endpoint(end);
    const found = structure.nodes.get(node);
    return found === undefined ? "any" : types[side](found, port);
  };
  const newPort = (side: "inputs" | "outputs", key: string, wanted: string, type: string): string => {
    const known = portOf.get(key);
    if (known !== undefined) return known;
    const taken = Object.fromEntries(ports[side].map((port) => [port.name, true]));
    const fresh = freeName(taken, wanted);
    ports[side].push({ name: fresh, type });
    portOf.set(key, fresh);
    return fresh;
  };
  for (const edge of document.edges) {
    const [isFrom, isTo] = [chosen.has(endpoint(edge.from).node), chosen.has(endpoint(edge.to).node)];
    if (isFrom && isTo) body.push(edge);
    else if (isTo) {
      const readers = document.edges.filter(
        ({ from, to }) => from === edge.from && chosen.has(endpoint(to).node),
      );
      const asked = new Set(readers.map(({ to }) => typeOf(to, "input")));
      const [one = "any"] = asked;
      const type = asked.size === 1 && one !== "any" ? one : typeOf(edge.from, "output");
      const isNew = !portOf.has(`in ${edge.from}`);
      const port = newPort("inputs", `in ${edge.from}`, endpoint(edge.to).port, type);
      body.push({ from: address(inputs, port), to: edge.to });
      if (isNew) around.push({ from: edge.from, to: address(id, port) });
    } else if (isFrom) {
      const isNew = !portOf.has(`out ${edge.from}`);
      const port = newPort(
        "outputs",
        `out ${edge.from}`,
        endpoint(edge.from).port,
        typeOf(edge.from, "output"),
      );
      if (isNew) body.push({ from: edge.from, to: address(outputs, port) });
      around.push({ from: address(id, port), to: edge.to });
    } else around.push(edge);
  }

  const places = records.map(([node]): [string, Point] => [node, document.layout?.[node] ?? [0, 0]]);
  const [left, top] = cornerOf(places);
  const right = Math.max(...places.map(([, [x]]) => x));
  const zones: Record<string, ZoneRecord> = {};
  for (const zone of inner) {
    const record = document.zones?.[zone];
    if (!record) continue;
    zones[zone] =
      record.parent !== undefined && !inner.includes(record.parent) ? omit(record, "parent") : record;
  }
  const definition: SubgraphRecord = {
    name,
    ...ports,
    nodes: {
      [inputs]: { type: BOUNDARY.inputs, version: 1, params: {} },
      ...nodes,
      [outputs]: { type: BOUNDARY.outputs, version: 1, params: {} },
    },
    edges: body,
    ...(inner.length === 0 ? {} : { zones }),
    layout: {
      ...Object.fromEntries(places),
      [inputs]: [left - MARGIN, top],
      [outputs]: [right + MARGIN, top],
    },
    ...viewOf(document, chosen),
  };
  const middle: Point = [Math.round((left + right) / 2), top];
  const edit: Edit = (before) => {
    const rest = removeNodes(chosen)(before);
    return {
      ...rest,
      nodes: {
        ...rest.nodes,
        [id]: {
          type: subgraphType(subgraph),
          version: 1,
          ...(home === undefined ? {} : { zone: home }),
          params: {},
        },
      },
      edges: around,
      ...(before.zones ? { zones: withoutKeys(before.zones, new Set(inner)) } : {}),
      subgraphs: { ...before.subgraphs, [subgraph]: definition },
      layout: { ...rest.layout, [id]: middle },
    };
  };
  return { edit, ids: [id] };
}

const withoutKeys = <T>(record: Readonly<Record<string, T>>, keys: ReadonlySet<string>): Record<string, T> =>
  Object.fromEntries(Object.entries(record).filter(([key]) => !keys.has(key)));

const cornerOf = (places: readonly (readonly [string, Point])[]): Point => [
  Math.min(...places.map(([, [x]]) => x)),
  Math.min(...places.map(([, [, y]]) => y)),
];

function idOf(name: string): string {
  const id = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "");
  return id === "" ? "subgraph" : id;
}

/** Frames and folded nodes go along. */
function viewOf(document: GraphDocument, chosen: ReadonlySet<string>): Pick<GraphDocument, "view"> {
  const frames = Object.entries(framesOf(document)).filter(([, { nodes }]) =>
    nodes.every((node) => chosen.has(node)),
  );
  const stored = document.view?.["folded"];
  const folded = Array.isArray(stored) ? stored.filter((id) => chosen.has(String(id))) : [];
  if (frames.length === 0 && folded.length === 0) return {};
  return {
    view: {
      ...(frames.length === 0 ? {} : { frames: Object.fromEntries(frames) }),
      ...(folded.length === 0 ? {} : { folded }),
    },
  };
}
