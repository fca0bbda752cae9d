import { lookUp, type NodeDescription, type RegistryDescription } from "../node/description.ts";
import { socketIdOfParam, type ParamSpec } from "../node/params.ts";
import type { GraphDocument, NodeRecord, ZoneRecord } from "./document.ts";
import type { Fault } from "./fault.ts";
import { empty, grown } from "./grown.ts";

export interface InputPort {
  readonly name: string;
  /** Socket type id; `any` for a carried value, whose type comes from the wire. */
  readonly type: string;
  readonly optional: boolean;
  readonly lazy: boolean;
  /** Set where the input drives a parameter. */
  readonly param?: ParamSpec;
  readonly carry: boolean;
}

export interface OutputPort {
  readonly name: string;
  /** Position among the outputs of its node. */
  readonly index: number;
  readonly type: string;
  readonly optional: boolean;
  readonly typeFrom?: string;
  readonly carry: boolean;
}

/** A node of a document with its ports, wires and place among the zones. */
export interface GraphNode {
  readonly id: string;
  /** Position among the nodes of the document. */
  readonly index: number;
  readonly record: NodeRecord;
  /** Undefined for a placeholder: the node's type is not known here. */
  readonly description: NodeDescription | undefined;
  readonly inputs: ReadonlyMap<string, InputPort>;
  readonly outputs: ReadonlyMap<string, OutputPort>;
  /** The zone whose body the inputs read in; undefined at top level. A begin reads outside its own zone. */
  readonly readsIn: string | undefined;
  /** The zone whose body sees the outputs; an end's are seen outside its own zone. */
  readonly writesIn: string | undefined;
  /** One wire per input; further ones are faults and stay out. */
  readonly incoming: Map<string, GraphEdge>;
  outgoing: readonly GraphEdge[];
}

export interface GraphEdge {
  /** Position in the document's `edges`. */
  readonly index: number;
  readonly source: GraphNode;
  readonly sourcePort: string;
  readonly target: GraphNode;
  readonly targetPort: string;
}

export interface GraphZone {
  readonly id: string;
  readonly record: ZoneRecord;
  /** Undefined at top level, and where the parents run in a circle. */
  readonly parent: string | undefined;
  /** Ids of all nodes that stand directly in the zone, its ends among them. */
  readonly members: string[];
  begin: GraphNode | undefined;
  end: GraphNode | undefined;
}

export interface GraphStructure {
  readonly description: RegistryDescription;
  readonly document: GraphDocument;
  readonly nodes: ReadonlyMap<string, GraphNode>;
  readonly zones: ReadonlyMap<string, GraphZone>;
  readonly edges: readonly GraphEdge[];
  /** What made parts of the document unusable while the structure was built. */
  readonly faults: readonly Fault[];
}

const known = new WeakMap<GraphDocument, GraphStructure>();

/** Reads a document as a graph. Documents are immutable, so the answer is remembered. Never throws. */
export function structureOf(description: RegistryDescription, document: GraphDocument): GraphStructure {
  const remembered = known.get(document);
  if (remembered?.description === description) return remembered;
  const structure = build(description, document);
  known.set(document, structure);
  return structure;
}

/** Splits `node.port`. Undefined where there is not exactly one dot between two names. */
export function splitRef(ref: string): { node: string; port: string } | undefined {
  const dot = ref.indexOf(".");
  if (dot <= 0 || dot === ref.length - 1 || ref.includes(".", dot + 1)) return undefined;
  return { node: ref.slice(0, dot), port: ref.slice(dot + 1) };
}

/** The zone and all zones around it, innermost first. */
export function zonePath(structure: Pick<GraphStructure, "zones">, zone: string | undefined): string[] {
  const path: string[] = [];
  for (let at = zone; at !== undefined; at = structure.zones.get(at)?.parent) path.push(at);
  return path;
}

type PortMaps = Pick<GraphNode, "inputs" | "outputs">;

function portsOf(node: NodeDescription, carry: readonly string[]): PortMaps {
  const inputs = new Map<string, InputPort>();
  const outputs = new Map<string, OutputPort>();
  for (const name of carry) {
    inputs.set(name, { name, type: "any", optional: false, lazy: false, carry: true });
    outputs.set(name, { name, index: outputs.size, type: "any", optional: false, carry: true });
  }
  for (const [name, port] of Object.entries(node.inputs)) {
    inputs.set(name, {
      name,
      type: port.type,
      optional: port.optional === true,
      lazy: port.lazy === true,
      carry: false,
    });
  }
  for (const [name, param] of Object.entries(node.params)) {
    inputs.set(name, {
      name,
      type: socketIdOfParam(param),
      optional: true,
      lazy: false,
      param,
      carry: false,
    });
  }
  for (const [name, port] of Object.entries(node.outputs)) {
    outputs.set(name, {
      name,
      index: outputs.get(name)?.index ?? outputs.size,
      type: port.type,
      optional: port.optional === true,
      ...(port.typeFrom !== undefined ? { typeFrom: port.typeFrom } : {}),
      carry: false,
    });
  }
  return { inputs, outputs };
}

const noPorts: PortMaps = { inputs: new Map(), outputs: new Map() };

function buildZones(document: GraphDocument, faults: Fault[]): Map<string, GraphZone> {
  const records = new Map(Object.entries(document.zones ?? {}));
  const zones = new Map<string, GraphZone>();
  const circular = new Set<string>();
  for (const start of records.keys()) {
    const seen = new Set<string>();
    let at: string | undefined = start;
    while (at !== undefined && !seen.has(at) && records.has(at)) {
      seen.add(at);
      at = records.get(at)?.parent;
    }
    if (at === start) circular.add(start);
  }
  for (const [id, record] of records) {
    const { parent } = record;
    if (circular.has(id)) {
      faults.push({
        code: "zone-parents",
        zone: id,
        message: `Zone "${id}" stands in itself: its parents lead back to it. Change the parent of one of them.`,
      });
    } else if (parent !== undefined && !records.has(parent)) {
      faults.push({
        code: "unknown-zone",
        zone: id,
        message: `Zone "${id}" stands in the zone "${parent}", which does not exist.`,
      });
    }
    const usable = parent !== undefined && records.has(parent) && !circular.has(id);
    zones.set(id, {
      id,
      record,
      parent: usable ? parent : undefined,
      members: [],
      begin: undefined,
      end: undefined,
    });
  }
  return zones;
}

function build(description: RegistryDescription, document: GraphDocument): GraphStructure {
  const faults: Fault[] = [];
  const zones = buildZones(document, faults);
  const nodes = new Map<string, GraphNode>();
  const shared = new Map<NodeDescription, PortMaps>();

  for (const [id, record] of Object.entries(document.nodes)) {
    const node = lookUp(description.nodes, record.type);
    const zone = record.zone === undefined ? undefined : zones.get(record.zone);
    if (record.zone !== undefined && zone === undefined) {
      faults.push({
        code: "unknown-zone",
        node: id,
        message: `Node "${id}" stands in the zone "${record.zone}", which does not exist.`,
      });
    }
    const side = node?.zone?.end;
    let ports = node === undefined ? noPorts : shared.get(node);
    if (node !== undefined && ports === undefined) {
      ports = portsOf(node, []);
      shared.set(node, ports);
    }
    if (node !== undefined && side !== undefined && zone !== undefined)
      ports = portsOf(node, zone.record.carry);
    const graphNode: GraphNode = {
      id,
      index: nodes.size,
      record,
      description: node,
      inputs: ports?.inputs ?? noPorts.inputs,
      outputs: ports?.outputs ?? noPorts.outputs,
      readsIn: side === "begin" ? zone?.parent : zone?.id,
      writesIn: side === "end" ? zone?.parent : zone?.id,
      incoming: new Map(),
      outgoing: empty,
    };
    nodes.set(id, graphNode);
    zone?.members.push(id);
    if (zone !== undefined && side === "begin") zone.begin ??= graphNode;
    if (zone !== undefined && side === "end") zone.end ??= graphNode;
  }
  const edges = buildEdges(document, nodes, faults);
  return { description, document, nodes, zones, edges, faults };
}

function buildEdges(
  document: GraphDocument,
  nodes: ReadonlyMap<string, GraphNode>,
  faults: Fault[],
): GraphEdge[] {
  const edges: GraphEdge[] = [];
  for (const [index, { from, to }] of document.edges.entries()) {
    // Made for messages only: it would cost more than all the rest of a sound wire.
    const wire = (): string => `The wire ${from} → ${to}`;
    const ends = { source: splitRef(from), target: splitRef(to) };
    const source = ends.source && nodes.get(ends.source.node);
    const target = ends.target && nodes.get(ends.target.node);
    for (const [ref, end, node] of [
      [from, ends.source, source] as const,
      [to, ends.target, target] as const,
    ]) {
      if (end === undefined) {
        const message = `${wire()}: "${ref}" is not of the form node.port.`;
        faults.push({ code: "unknown-port", edge: index, message });
      } else if (node === undefined) {
        const message = `${wire()}: there is no node "${end.node}".`;
        faults.push({ code: "unknown-node", node: end.node, edge: index, message });
      }
    }
    if (!ends.source || !ends.target || !source || !target) continue;
    const edge = { index, source, sourcePort: ends.source.port, target, targetPort: ends.target.port };
    let usable = true;
    if (source.description !== undefined && !source.outputs.has(edge.sourcePort)) {
      faults.push(unknownPort(wire(), index, source, edge.sourcePort, "output"));
      usable = false;
    }
    if (target.description !== undefined && !target.inputs.has(edge.targetPort)) {
      faults.push(unknownPort(wire(), index, target, edge.targetPort, "input"));
      usable = false;
    }
    if (!usable) continue;
    const other = target.incoming.get(edge.targetPort);
    if (other !== undefined) {
      faults.push({
        code: "occupied-input",
        node: target.id,
        port: edge.targetPort,
        edge: index,
        message: `${wire()}: the input already has the wire from ${other.source.id}.${other.sourcePort}. An input takes one wire.`,
      });
      continue;
    }
    target.incoming.set(edge.targetPort, edge);
    source.outgoing = grown(source.outgoing, edge);
    edges.push(edge);
  }
  return edges;
}

function unknownPort(
  wire: string,
  edge: number,
  node: GraphNode,
  port: string,
  side: "input" | "output",
): Fault {
  const names = [...(side === "input" ? node.inputs : node.outputs).keys()];
  const has = names.length === 0 ? `it has no ${side}s` : `it has ${names.join(", ")}`;
  const title = node.description?.title ?? node.record.type;
  return {
    code: "unknown-port",
    node: node.id,
    port,
    edge,
    message: `${wire}: node "${node.id}" (${title}) has no ${side} "${port}"; ${has}.`,
  };
}
