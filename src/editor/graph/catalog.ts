import { BOUNDARY, subgraphOf } from "../../engine/graph/subgraphs.ts";
import { typeFits } from "../../engine/graph/types.ts";
import { lookUp } from "../../engine/node/description.ts";
import type {
  NodeDescription,
  PortDescription,
  RegistryDescription,
  SocketTypeDescription,
  ZoneDescription,
} from "../../engine/node/description.ts";
import { socketIdOfParam } from "../../engine/node/params.ts";
import type { ParamSpec } from "../../engine/node/params.ts";

/** A port as the editor shows it. */
export interface PortInfo {
  readonly name: string;
  /** Socket type id, after following reroutes and carried values. */
  readonly type: string;
  readonly doc: string;
  readonly optional: boolean;
  /** The input that an output's type comes from. */
  readonly typeFrom?: string;
}

export interface ParamInfo {
  readonly name: string;
  readonly spec: ParamSpec;
}

/** A node's description with its ports in order. */
export interface NodeInfo extends Pick<NodeDescription, "type" | "version" | "title" | "doc" | "keywords"> {
  readonly inputs: readonly PortInfo[];
  readonly params: readonly ParamInfo[];
  readonly outputs: readonly PortInfo[];
  /** A loop in one node: it can be held up before each of its steps. */
  readonly loops?: true;
  /** Set on the two ends of a zone. */
  readonly zoneEnd?: { readonly kind: string; readonly side: "begin" | "end" };
  /** Set on the two nodes that stand for the ports of the open subgraph. */
  readonly boundary?: "inputs" | "outputs";
  /** Id of the subgraph that such a node is a use of. */
  readonly subgraph?: string;
}

/** The kinds of nodes, zones and sockets that the editor can offer. */
export class Catalog {
  readonly description: RegistryDescription;
  readonly nodes: readonly NodeInfo[];
  readonly zones: readonly ZoneDescription[];
  readonly #nodes: ReadonlyMap<string, NodeInfo>;

  constructor(description: RegistryDescription) {
    this.description = description;
    this.nodes = Object.values(description.nodes).map(nodeInfo);
    this.zones = Object.values(description.zones);
    this.#nodes = new Map(this.nodes.map((node) => [node.type, node]));
  }

  node(type: string): NodeInfo | undefined {
    return this.#nodes.get(type);
  }

  zone(kind: string): ZoneDescription | undefined {
    return lookUp(this.description.zones, kind);
  }

  /** A socket type that the catalog does not know is described by its id alone. */
  socket(id: string): SocketTypeDescription {
    return lookUp(this.description.types, id) ?? { id, label: id };
  }

  /** Whether a value of type `from` may flow into an input of type `to`. */
  fits(from: string, to: string): boolean {
    return typeFits(this.description, from, to).ok;
  }

  /** Why it may not. */
  misfit(from: string, to: string): string {
    const fit = typeFits(this.description, from, to);
    return fit.ok ? "" : `${fit.reason}.`;
  }
}

const portInfo = ([name, port]: [string, PortDescription]): PortInfo => ({
  name,
  type: port.type,
  doc: port.doc,
  optional: port.optional === true,
  ...(port.typeFrom === undefined ? {} : { typeFrom: port.typeFrom }),
});

function nodeInfo(node: NodeDescription): NodeInfo {
  const { type, version, title, doc, keywords, zone, loops } = node;
  const subgraph = subgraphOf(type);
  return {
    type,
    version,
    title,
    doc,
    keywords,
    inputs: Object.entries(node.inputs).map(portInfo),
    params: Object.entries(node.params).map(([name, spec]) => ({ name, spec })),
    outputs: Object.entries(node.outputs).map(portInfo),
    ...(loops && { loops }),
    ...(zone === undefined ? {} : { zoneEnd: { kind: zone.kind, side: zone.end } }),
    ...(type === BOUNDARY.inputs ? { boundary: "inputs" as const } : {}),
    ...(type === BOUNDARY.outputs ? { boundary: "outputs" as const } : {}),
    ...(subgraph === undefined ? {} : { subgraph }),
  };
}

/** The optional input through which a wire can drive a parameter. */
export function portOfParam(param: ParamInfo): PortInfo {
  return { name: param.name, type: socketIdOfParam(param.spec), doc: param.spec.doc, optional: true };
}
