import { checkParam } from "../node/param-check.ts";
import { lookUp, type NodeDescription, type RegistryDescription } from "../node/description.ts";
import type { ParamValue } from "../node/params.ts";
import type { EdgeRecord, GraphDocument, NodeRecord, SubgraphRecord, ZoneRecord } from "./document.ts";
import type { Fault } from "./fault.ts";
import { applyModes } from "./modes.ts";
import { splitRef } from "./structure.ts";
import { BOUNDARY, boundaryNode, describeSubgraphs, isBoundary, subgraphOf } from "./subgraphs.ts";

/** A document without subgraphs, and without nodes that are muted or bypassed: what is validated, planned and run. */
export interface Expanded {
  /** Nodes of a subgraph are named by their path: `group/inner`. */
  readonly document: GraphDocument;
  readonly faults: readonly Fault[];
  /** Nodes that do not run, by path: muted, bypassed, or dependent on what is muted. */
  readonly inactive: ReadonlySet<string>;
  /** Where each output of a subgraph comes from: `group.port` → `group/inner.port`. */
  readonly outputs: ReadonlyMap<string, string>;
}

const known = new WeakMap<
  GraphDocument,
  { readonly description: RegistryDescription; readonly expanded: Expanded }
>();
const NOTHING: ReadonlySet<string> = new Set();

/** Puts the nodes of every subgraph in its place, then takes away what is muted or bypassed. Remembered. Never throws. */
export function expand(description: RegistryDescription, document: GraphDocument): Expanded {
  const records = Object.values(document.nodes);
  if (!records.some(({ type, mode }) => mode !== undefined || subgraphOf(type) !== undefined))
    return { document, faults: [], inactive: NOTHING, outputs: new Map() };
  const remembered = known.get(document);
  if (remembered?.description === description) return remembered.expanded;
  const all = describeSubgraphs(description, document.subgraphs);
  const { flat, faults, outputs } = new Expander(all, document).run();
  const reduced = applyModes(all, flat, outputs);
  const expanded: Expanded = { ...reduced, faults: [...faults, ...reduced.faults] };
  known.set(document, { description, expanded });
  return expanded;
}

/** `group.inner.port` or `group/inner.port` as `node.port` of the expanded document. */
export function resolveOutput(expanded: Expanded, address: string): string {
  const { node, port } = splitAddress(address);
  const flat = `${node}.${port}`;
  return expanded.outputs.get(flat) ?? flat;
}

/** Splits an address at its last dot; dots before it lead into subgraphs, as slashes do. */
export function splitAddress(address: string): { readonly node: string; readonly port: string } {
  const dot = address.lastIndexOf(".");
  return { node: address.slice(0, dot).replaceAll(".", "/"), port: address.slice(dot + 1) };
}

type Graph = Pick<SubgraphRecord, "nodes" | "edges" | "zones">;

/** One use of a subgraph, or the document itself. */
interface Scope {
  readonly graph: Graph;
  readonly prefix: string;
  readonly zone: string | undefined;
  readonly uses: Map<string, Use>;
  /** Undefined for the document itself. */
  readonly use: Use | undefined;
  /** The wire into each input: only the first, more are faults. */
  readonly into: ReadonlyMap<string, EdgeRecord>;
}

interface Use {
  readonly id: string;
  readonly record: NodeRecord;
  readonly subgraph: SubgraphRecord;
  readonly outer: Scope;
  inner: Scope;
  /** Parameters whose stored value is a fault: it stays here, and is not said again for each that it would set. */
  readonly bad: Set<string>;
}

/** What stands at the other end of a wire. */
type Source =
  | { readonly address: string }
  | { readonly value: ParamValue }
  /** `open` names the output of a subgraph that has no wire inside. */
  | { readonly open: { readonly use: Use; readonly port: string } | undefined };

class Expander {
  readonly #all: RegistryDescription;
  readonly #document: GraphDocument;
  readonly #nodes: Record<string, NodeRecord> = {};
  readonly #zones: Record<string, ZoneRecord> = {};
  readonly #edges: EdgeRecord[] = [];
  readonly #faults: Fault[] = [];
  readonly #outputs = new Map<string, string>();

  constructor(all: RegistryDescription, document: GraphDocument) {
    this.#all = all;
    this.#document = document;
  }

  run(): { flat: GraphDocument; faults: Fault[]; outputs: Map<string, string> } {
    const top = this.#enter(this.#document, "", undefined, undefined, []);
    this.#wire(top);
    const flat: GraphDocument = {
      format: this.#document.format,
      nodes: this.#nodes,
      edges: this.#edges,
      ...(Object.keys(this.#zones).length === 0 ? {} : { zones: this.#zones }),
    };
    return { flat, faults: this.#faults, outputs: this.#outputs };
  }

  /** Puts nodes and zones into the flat document, those of subgraphs inside as well. */
  #enter(
    graph: Graph,
    prefix: string,
    zone: string | undefined,
    use: Use | undefined,
    path: readonly string[],
  ): Scope {
    const into = new Map<string, EdgeRecord>();
    for (const edge of graph.edges) if (!into.has(edge.to)) into.set(edge.to, edge);
    const scope: Scope = { graph, prefix, zone, uses: new Map(), use, into };
    for (const [id, record] of Object.entries(graph.zones ?? {})) {
      const parent = record.parent === undefined ? zone : `${prefix}${record.parent}`;
      this.#zones[`${prefix}${id}`] = { ...record, ...(parent === undefined ? {} : { parent }) };
    }
    for (const [id, record] of Object.entries(graph.nodes)) {
      if (use !== undefined && isBoundary(record.type)) continue;
      const own = record.zone === undefined ? zone : `${prefix}${record.zone}`;
      const flatId = `${prefix}${id}`;
      const placed =
        own === record.zone ? record : { ...record, ...(own === undefined ? {} : { zone: own }) };
      const subgraph = record.mode === undefined ? this.#subgraphOf(flatId, record, path) : undefined;
      if (subgraph === undefined) {
        this.#add(flatId, placed);
        continue;
      }
      const inner: Use = { id: flatId, record, subgraph, outer: scope, inner: scope, bad: new Set() };
      this.#checkParams(inner);
      scope.uses.set(id, inner);
      inner.inner = this.#enter(subgraph, `${flatId}/`, own, inner, [...path, record.type]);
    }
    return scope;
  }

  #add(id: string, record: NodeRecord): void {
    if (Object.hasOwn(this.#nodes, id)) {
      const message = `Two nodes are called "${id}": one in a subgraph, and one with this id itself. Rename one of them.`;
      this.#faults.push({ code: "bad-id", node: id, message });
    }
    this.#nodes[id] = record;
  }

  /** The subgraph to put in the node's place; undefined where it is an ordinary node, or where it cannot be done. */
  #subgraphOf(id: string, { type }: NodeRecord, path: readonly string[]): SubgraphRecord | undefined {
    const name = subgraphOf(type);
    if (name === undefined) return undefined;
    const subgraph = lookUp(this.#document.subgraphs, name);
    const say = (message: string): void =>
      void this.#faults.push({ code: "subgraph", node: id, message: `Node "${id}": ${message}` });
    if (subgraph === undefined) say(`the file does not hold the subgraph "${name}" that it is.`);
    else if (path.includes(type)) {
      const circle = [...path.slice(path.indexOf(type)), type].map((part) => subgraphOf(part) ?? part);
      say(`the subgraph "${name}" stands in itself: ${circle.join(" → ")}. Remove one of them.`);
    } else return subgraph;
    return undefined;
  }

  #checkParams({ id, record, bad }: Use): void {
    const description = lookUp(this.#all.nodes, record.type);
    for (const [name, value] of Object.entries(record.params)) {
      const spec = lookUp(description?.params, name);
      const reason = spec === undefined ? undefined : checkParam(spec, value);
      if (spec === undefined || reason !== undefined) bad.add(name);
      const where = `Node "${id}" (${description?.title ?? record.type})`;
      if (spec === undefined) {
        const names = Object.keys(description?.params ?? {});
        const message = `${where} has no parameter "${name}"; it has ${names.join(", ") || "none"}.`;
        this.#faults.push({ code: "unknown-param", node: id, port: name, message });
      } else if (reason !== undefined) {
        this.#faults.push({
          code: "bad-param",
          node: id,
          port: name,
          message: `${where}: "${name}" ${reason}.`,
        });
      }
    }
  }

  #wire(scope: Scope): void {
    for (const edge of scope.graph.edges) this.#wireOne(scope, edge);
    for (const use of scope.uses.values()) {
      this.#wire(use.inner);
      for (const { name } of use.subgraph.outputs) {
        const source = this.#outputOf(use, name, new Set());
        if ("address" in source) this.#outputs.set(`${use.id}.${name}`, source.address);
      }
    }
  }

  #wireOne(scope: Scope, edge: EdgeRecord): void {
    const target = splitRef(edge.to);
    const record = target && lookUp(scope.graph.nodes, target.node);
    const use = target && scope.uses.get(target.node);
    if (target !== undefined && use !== undefined) return this.#checkInput(use, target.port, edge);
    if (scope.use !== undefined && record !== undefined && isBoundary(record.type)) return;
    const to = target === undefined ? edge.to : `${scope.prefix}${edge.to}`;
    const source = this.#source(scope, edge.from, new Set());
    if ("address" in source) {
      this.#edges.push(
        scope.use === undefined && source.address === edge.from
          ? edge
          : { ...edge, from: source.address, to },
      );
      return;
    }
    if (target === undefined || record === undefined) return;
    const flatId = `${scope.prefix}${target.node}`;
    const node = lookUp(this.#all.nodes, record.type);
    if ("value" in source) {
      const flat = this.#nodes[flatId];
      if (flat) this.#nodes[flatId] = { ...flat, params: { ...flat.params, [target.port]: source.value } };
    } else if (source.open !== undefined && needs(node, target.port)) {
      this.#sayOpen(source.open, to, flatId, target.port);
    }
  }

  #sayOpen(
    { use, port }: { readonly use: Use; readonly port: string },
    to: string,
    node: string,
    input: string,
  ): void {
    const known = use.subgraph.outputs.some(({ name }) => name === port);
    const title = use.subgraph.name ?? subgraphOf(use.record.type) ?? "";
    const message = known
      ? `Node "${use.id}" (${title}): nothing inside the subgraph is wired to its output "${port}", and ${to} reads it.`
      : `Node "${use.id}" (${title}) has no output "${port}", which ${to} reads.`;
    this.#faults.push({ code: known ? "subgraph" : "unknown-port", node, port: input, message });
  }

  #checkInput({ id, subgraph, record }: Use, port: string, { from, to }: EdgeRecord): void {
    if (subgraph.inputs.some(({ name }) => name === port)) return;
    const names = subgraph.inputs.map(({ name }) => name).join(", ") || "none";
    const title = subgraph.name ?? record.type;
    const message = `The wire ${from} → ${to}: node "${id}" (${title}) has no input "${port}"; it has ${names}.`;
    this.#faults.push({ code: "unknown-port", node: id, port, message });
  }

  /** Where a wire really comes from, through the borders of subgraphs. */
  #source(scope: Scope, from: string, seen: Set<string>): Source {
    const ref = splitRef(from);
    const key = `${scope.prefix}${from}`;
    if (ref === undefined || seen.has(key)) return { address: ref === undefined ? from : key };
    seen.add(key);
    const use = scope.uses.get(ref.node);
    if (use !== undefined) return this.#outputOf(use, ref.port, seen);
    const record = lookUp(scope.graph.nodes, ref.node);
    if (scope.use === undefined || record?.type !== BOUNDARY.inputs) return { address: key };
    return this.#inputOf(scope.use, ref.port, seen);
  }

  #outputOf(use: Use, port: string, seen: Set<string>): Source {
    const boundary = boundaryNode(use.subgraph, "outputs");
    const edge = use.inner.into.get(`${boundary ?? ""}.${port}`);
    if (edge === undefined) return { open: { use, port } };
    const source = this.#source(use.inner, edge.from, seen);
    return "value" in source ? { open: { use, port } } : source;
  }

  /** What an input of a subgraph is given: a wire outside before the value stored at its node. */
  #inputOf({ id, record, outer, bad }: Use, port: string, seen: Set<string>): Source {
    const local = id.slice(outer.prefix.length);
    const edge = outer.into.get(`${local}.${port}`);
    const source = edge === undefined ? undefined : this.#source(outer, edge.from, seen);
    if (source !== undefined && ("address" in source || "value" in source || source.open !== undefined))
      return source;
    const stored = bad.has(port) ? undefined : lookUp(record.params, port);
    return stored === undefined ? { open: undefined } : { value: stored };
  }
}

/** Whether an input has to be wired; a carried value has to, and is in no description. */
const needs = (node: NodeDescription | undefined, port: string): boolean =>
  node !== undefined &&
  lookUp(node.params, port) === undefined &&
  lookUp(node.inputs, port)?.optional !== true;
