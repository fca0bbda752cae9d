import type { GraphDocument, NodeRecord } from "../../engine/graph/document.ts";
import { portOfParam } from "./catalog.ts";
import type { Catalog, NodeInfo, ParamInfo, PortInfo } from "./catalog.ts";

/** Everything that a node shows, its zone's carried values included. */
export interface NodeShape {
  readonly title: string;
  readonly info: NodeInfo | undefined;
  readonly inputs: readonly PortInfo[];
  readonly outputs: readonly PortInfo[];
  readonly params: readonly ParamInfo[];
  /** Names of the carried values, for the two ends of a zone. */
  readonly carry: readonly string[];
}

export interface Endpoint {
  readonly node: string;
  readonly port: string;
}

/** Splits `<node id>.<port name>` at its last dot: ids may hold dots, port names never do. */
export function endpoint(address: string): Endpoint {
  const dot = address.lastIndexOf(".");
  return { node: address.slice(0, dot), port: address.slice(dot + 1) };
}

export const address = (node: string, port: string): string => `${node}.${port}`;

/** The wire into an input, if there is one. */
export function edgeInto(
  document: GraphDocument,
  node: string,
  port: string,
): GraphDocument["edges"][number] | undefined {
  const to = address(node, port);
  return document.edges.find((edge) => edge.to === to);
}

/** Id of the begin or end node of a zone. */
export function zoneEndNode(
  document: GraphDocument,
  catalog: Catalog,
  zone: string,
  side: "begin" | "end",
): string | undefined {
  for (const [id, record] of Object.entries(document.nodes)) {
    if (record.zone === zone && catalog.node(record.type)?.zoneEnd?.side === side) return id;
  }
  return undefined;
}

/**
 * Type of an output after following what it takes its type from: a carried value that of the wire into its zone's
 * begin, a reroute that of the wire into itself.
 */
export function outputType(
  document: GraphDocument,
  catalog: Catalog,
  node: string,
  port: string,
  depth = 0,
): string {
  const record = document.nodes[node];
  const info = record && catalog.node(record.type);
  if (!record || !info || depth > 64) return "any";
  const output = info.outputs.find((candidate) => candidate.name === port);
  if (output && output.typeFrom === undefined) return output.type;
  if (!output && (!info.zoneEnd || record.zone === undefined)) return "any";
  const from = output ? node : zoneEndNode(document, catalog, record.zone ?? "", "begin");
  const edge = from === undefined ? undefined : edgeInto(document, from, output?.typeFrom ?? port);
  if (!edge) return output?.type ?? "any";
  const source = endpoint(edge.from);
  return outputType(document, catalog, source.node, source.port, depth + 1);
}

/** Ports, parameters and title of a node as the editor shows them. Unknown nodes get the ports that wires name. */
export function shapeOf(
  document: GraphDocument,
  catalog: Catalog,
  id: string,
  record: NodeRecord,
): NodeShape {
  const info = catalog.node(record.type);
  const title = record.title ?? info?.title ?? record.type;
  if (!info) return { title, info, carry: [], params: [], ...portsNamedByWires(document, id) };
  const outputs = info.outputs.some((port) => port.typeFrom !== undefined)
    ? info.outputs.map((port) => ({ ...port, type: outputType(document, catalog, id, port.name) }))
    : info.outputs;
  if (!info.zoneEnd) return { title, info, carry: [], inputs: info.inputs, outputs, params: info.params };
  const zone = record.zone;
  const carry = zone === undefined ? [] : (document.zones?.[zone]?.carry ?? []);
  const carried = carry.map((name): PortInfo => ({
    name,
    type: outputType(document, catalog, id, name),
    doc: "carried from one iteration to the next",
    optional: false,
  }));
  // What comes into a begin decides the type: the begin's own carried inputs take anything.
  const starts = info.zoneEnd.side === "begin" ? carried.map((port) => ({ ...port, type: "any" })) : carried;
  return {
    title,
    info,
    carry,
    inputs: [...starts, ...info.inputs],
    outputs: [...carried, ...outputs],
    params: info.params,
  };
}

function portsNamedByWires(document: GraphDocument, id: string): { inputs: PortInfo[]; outputs: PortInfo[] } {
  const port = (name: string): PortInfo => ({ name, type: "any", doc: "", optional: true });
  const into = document.edges.map((edge) => endpoint(edge.to)).filter((to) => to.node === id);
  const outOf = document.edges.map((edge) => endpoint(edge.from)).filter((from) => from.node === id);
  const names = (ends: Endpoint[]): PortInfo[] => [...new Set(ends.map((end) => end.port))].map(port);
  return { inputs: names(into), outputs: names(outOf) };
}

/** The input of a node, its wireable parameters included. */
export function inputPort(shape: NodeShape, name: string): PortInfo | undefined {
  const input = shape.inputs.find((port) => port.name === name);
  if (input) return input;
  const param = shape.params.find((candidate) => candidate.name === name);
  return param ? portOfParam(param) : undefined;
}

export function outputPort(shape: NodeShape, name: string): PortInfo | undefined {
  return shape.outputs.find((port) => port.name === name);
}
