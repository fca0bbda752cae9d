import type { EdgeRecord, GraphDocument, NodeRecord } from "../../engine/graph/document.ts";
import type { Catalog, NodeInfo } from "./catalog.ts";
import { portOfParam } from "./catalog.ts";
import { addNode, connect, disconnect, edgeKey, freeName, freeNodeId, sequence } from "./edits.ts";
import type { Edit, Point } from "./edits.ts";
import { address, endpoint } from "./ports.ts";
import { inputScope, outputScope } from "./wiring.ts";

/** The loose end of a wire that a new node is to take. */
export interface LooseEnd {
  readonly side: "input" | "output";
  readonly address: string;
  readonly type: string;
}

export interface Insertion {
  readonly edit: Edit;
  /** Ids of the new nodes. */
  readonly ids: readonly string[];
}

/** The first port of a node type that takes a loose end, required inputs before optional ones and parameters. */
export function portFor(catalog: Catalog, info: NodeInfo, end: LooseEnd): string | undefined {
  if (end.side === "input") return info.outputs.find((port) => catalog.fits(port.type, end.type))?.name;
  const inputs = [...info.inputs, ...info.params.map(portOfParam)].filter((port) =>
    catalog.fits(end.type, port.type),
  );
  // A port of the very type is meant before one that takes it only as something wider.
  return (inputs.find((port) => port.type === end.type) ?? inputs.find((port) => !port.optional) ?? inputs[0])
    ?.name;
}

export const wireTo = (end: LooseEnd, node: string, port: string): Edit =>
  end.side === "output"
    ? connect(end.address, address(node, port))
    : connect(address(node, port), end.address);

/** Adds a node of a type, wired to a loose end if there is one, in the zone that the wire or the place says. */
export function insertNode(
  document: GraphDocument,
  catalog: Catalog,
  type: string,
  at: Point,
  options: { readonly end?: LooseEnd | undefined; readonly zone?: string | undefined } = {},
): Insertion {
  const info = catalog.node(type);
  const id = freeNodeId(document.nodes, type);
  const { end } = options;
  const zone = end ? scopeOf(document, catalog, end) : options.zone;
  const record: NodeRecord = {
    type,
    version: info?.version ?? 1,
    ...(zone === undefined ? {} : { zone }),
    params: {},
  };
  const port = info && end ? portFor(catalog, info, end) : undefined;
  const edits = [addNode(id, record, at), ...(end && port !== undefined ? [wireTo(end, id, port)] : [])];
  return { edit: sequence(...edits), ids: [id] };
}

export const scopeOf = (document: GraphDocument, catalog: Catalog, end: LooseEnd): string | undefined => {
  const { node } = endpoint(end.address);
  return end.side === "output" ? outputScope(document, catalog, node) : inputScope(document, catalog, node);
};

/** Puts a node of one input and one output, a reroute, into a wire. */
export function insertInto(
  document: GraphDocument,
  catalog: Catalog,
  type: string,
  edge: EdgeRecord,
  at: Point,
): Insertion | undefined {
  const info = catalog.node(type);
  const [input, output] = [info?.inputs[0], info?.outputs[0]];
  if (!info || !input || !output) return undefined;
  const id = freeNodeId(document.nodes, type);
  const zone = outputScope(document, catalog, endpoint(edge.from).node);
  const record: NodeRecord = {
    type,
    version: info.version,
    ...(zone === undefined ? {} : { zone }),
    params: {},
  };
  return {
    ids: [id],
    edit: sequence(
      addNode(id, record, at),
      disconnect([edgeKey(edge)]),
      connect(edge.from, address(id, input.name)),
      connect(address(id, output.name), edge.to),
    ),
  };
}

/** Adds a zone: its two ends, with room for a body between them. A loose output becomes its first carried value. */
export function insertZone(
  document: GraphDocument,
  catalog: Catalog,
  kind: string,
  at: Point,
  options: { readonly end?: LooseEnd | undefined; readonly parent?: string | undefined } = {},
): Insertion {
  const info = catalog.zone(kind);
  if (!info) return { edit: (same) => same, ids: [] };
  const zone = freeName(document.zones ?? {}, kind.replaceAll(/[^A-Za-z0-9]+/g, ""));
  const begin = freeNodeId(document.nodes, info.begin);
  const end = freeNodeId({ ...document.nodes, [begin]: true }, info.end);
  const record = (type: string): NodeRecord => ({
    type,
    version: catalog.node(type)?.version ?? 1,
    zone,
    params: {},
  });
  const loose = options.end?.side === "output" ? options.end : undefined;
  const parent = loose ? scopeOf(document, catalog, loose) : options.parent;
  const own =
    loose &&
    catalog
      .node(info.begin)
      ?.inputs.find((port) => catalog.fits(loose.type, port.type) && port.type !== "any");
  const carried = loose && !own ? endpoint(loose.address).port : undefined;
  const addZone: Edit = (before) => ({
    ...before,
    zones: {
      ...before.zones,
      [zone]: {
        kind,
        carry: carried === undefined ? [] : [carried],
        ...(parent === undefined ? {} : { parent }),
      },
    },
  });
  const port = own?.name ?? carried;
  return {
    ids: [begin, end],
    edit: sequence(
      addZone,
      addNode(begin, record(info.begin), at),
      addNode(end, record(info.end), [at[0] + 640, at[1]]),
      ...(loose && port !== undefined ? [wireTo(loose, begin, port)] : []),
    ),
  };
}
