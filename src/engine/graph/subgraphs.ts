import {
  lookUp,
  type NodeDescription,
  type PortDescription,
  type RegistryDescription,
} from "../node/description.ts";
import type { ParamSpec } from "../node/params.ts";
import type { GraphDocument, NodeRecord, SubgraphPort, SubgraphRecord } from "./document.ts";
import { splitRef } from "./structure.ts";

/** Types of the two nodes in a subgraph that stand for its own ports. */
export const BOUNDARY = { inputs: "boundary/inputs", outputs: "boundary/outputs" } as const;

const PREFIX = "subgraph/";

export const subgraphType = (id: string): string => `${PREFIX}${id}`;

/** The subgraph that a node is a use of. */
export const subgraphOf = (type: string): string | undefined =>
  type.startsWith(PREFIX) ? type.slice(PREFIX.length) : undefined;

export const isBoundary = (type: string): boolean => type === BOUNDARY.inputs || type === BOUNDARY.outputs;

type Subgraphs = NonNullable<GraphDocument["subgraphs"]>;

/** Id of the node that stands for a subgraph's inputs or outputs. */
export function boundaryNode(
  { nodes }: Pick<SubgraphRecord, "nodes">,
  side: "inputs" | "outputs",
): string | undefined {
  return Object.keys(nodes).find((id) => nodes[id]?.type === BOUNDARY[side]);
}

const known = new WeakMap<
  Subgraphs,
  { readonly base: RegistryDescription; readonly all: RegistryDescription }
>();

/** The description with the document's subgraphs as node types: what an editor draws and wires. */
export function describeSubgraphs(
  base: RegistryDescription,
  subgraphs: Subgraphs | undefined,
): RegistryDescription {
  if (subgraphs === undefined || Object.keys(subgraphs).length === 0) return base;
  const remembered = known.get(subgraphs);
  if (remembered?.base === base) return remembered.all;
  const describer = new Describer(base, subgraphs);
  for (const id of Object.keys(subgraphs)) describer.describe(id);
  const all = { ...base, nodes: { ...base.nodes, ...describer.nodes } };
  known.set(subgraphs, { base, all });
  return all;
}

/** The description as it is seen from inside a subgraph: with the two nodes that stand for its ports. */
export function describeInside(all: RegistryDescription, subgraph: SubgraphRecord): RegistryDescription {
  const boundary = (side: "inputs" | "outputs"): NodeDescription => {
    const ports = Object.fromEntries(
      subgraph[side].map(({ name, type, doc }): [string, PortDescription] => [
        name,
        { type, doc: doc ?? "", ...(side === "outputs" ? { optional: true as const } : {}) },
      ]),
    );
    return {
      ...EMPTY,
      type: BOUNDARY[side],
      title: side === "inputs" ? "Inputs" : "Outputs",
      doc:
        side === "inputs"
          ? "What comes into this subgraph. Draw a wire from an input to here to add a port."
          : "What goes out of this subgraph. Draw a wire from an output to here to add a port.",
      inputs: side === "outputs" ? ports : {},
      outputs: side === "inputs" ? ports : {},
    };
  };
  const nodes = {
    ...all.nodes,
    [BOUNDARY.inputs]: boundary("inputs"),
    [BOUNDARY.outputs]: boundary("outputs"),
  };
  return { ...all, nodes };
}

const EMPTY: Omit<NodeDescription, "type" | "title" | "doc"> = {
  version: 1,
  keywords: [],
  inputs: {},
  params: {},
  outputs: {},
  cacheable: true,
  async: false,
  preview: false,
};

class Describer {
  readonly #base: RegistryDescription;
  readonly #subgraphs: Subgraphs;
  readonly #open = new Set<string>();
  readonly nodes: Record<string, NodeDescription> = {};

  constructor(base: RegistryDescription, subgraphs: Subgraphs) {
    this.#base = base;
    this.#subgraphs = subgraphs;
  }

  /** A subgraph that stands in itself, a fault that `expand` names, is described without what it stands in. */
  describe(id: string): NodeDescription | undefined {
    const done = lookUp(this.nodes, subgraphType(id));
    const subgraph = lookUp(this.#subgraphs, id);
    if (done !== undefined || subgraph === undefined || this.#open.has(id)) return done;
    this.#open.add(id);
    const inner = Object.values(subgraph.nodes).map((record) => this.#of(record));
    const inputs: Record<string, PortDescription> = {};
    const params: Record<string, ParamSpec> = {};
    for (const port of subgraph.inputs) {
      const uses = this.#uses(subgraph, port.name);
      const param = paramOf(port, uses);
      if (param !== undefined) params[port.name] = param;
      else inputs[port.name] = inputOf(port, uses);
    }
    this.#open.delete(id);
    const description: NodeDescription = {
      ...EMPTY,
      type: subgraphType(id),
      title: subgraph.name ?? id,
      doc: subgraph.description ?? "A subgraph: a part of the graph that stands as one node.",
      keywords: ["subgraph", "group"],
      inputs,
      params,
      outputs: Object.fromEntries(
        subgraph.outputs.map(({ name, type, doc }) => [name, { type, doc: doc ?? "" }]),
      ),
      cacheable: inner.every((node) => node?.cacheable !== false),
      async: inner.some((node) => node?.async === true || node?.zone !== undefined),
    };
    this.nodes[subgraphType(id)] = description;
    return description;
  }

  #of({ type }: NodeRecord): NodeDescription | undefined {
    const id = subgraphOf(type);
    return id === undefined ? lookUp(this.#base.nodes, type) : this.describe(id);
  }

  /** The inputs inside that a port of the subgraph feeds. */
  #uses(subgraph: SubgraphRecord, name: string): Use[] {
    const from = `${boundaryNode(subgraph, "inputs") ?? ""}.${name}`;
    return subgraph.edges
      .filter((edge) => edge.from === from)
      .flatMap(({ to }): Use[] => {
        const ref = splitRef(to);
        const record = ref && lookUp(subgraph.nodes, ref.node);
        if (ref === undefined || record === undefined) return [];
        if (record.type === BOUNDARY.outputs) return [{ optional: true, lazy: false }];
        const node = this.#of(record);
        const param = lookUp(node?.params, ref.port);
        if (param !== undefined) {
          const stored = lookUp(record.params, ref.port) ?? param.default;
          return [{ optional: true, lazy: false, param: { ...param, default: stored } as ParamSpec }];
        }
        const input = lookUp(node?.inputs, ref.port);
        return [{ optional: input?.optional === true, lazy: input?.lazy === true }];
      });
  }
}

interface Use {
  readonly optional: boolean;
  readonly lazy: boolean;
  readonly param?: ParamSpec;
}

/** A port that feeds only parameters of one kind is a parameter itself, with the first one's stored value as default. */
function paramOf({ doc }: SubgraphPort, uses: readonly Use[]): ParamSpec | undefined {
  const [first, ...rest] = uses.map(({ param }) => param);
  const kindOf = (spec: ParamSpec | undefined): string =>
    spec?.kind === "choice" ? `choice ${spec.options.join()}` : (spec?.kind ?? "");
  if (first === undefined || rest.some((spec) => kindOf(spec) !== kindOf(first))) return undefined;
  return doc === undefined ? first : { ...first, doc };
}

function inputOf({ type, doc }: SubgraphPort, uses: readonly Use[]): PortDescription {
  return {
    type,
    doc: doc ?? "",
    ...(uses.every(({ optional }) => optional) ? { optional: true as const } : {}),
    ...(uses.some(({ lazy }) => lazy) ? { lazy: true as const } : {}),
  };
}
