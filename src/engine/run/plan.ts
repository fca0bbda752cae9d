import { empty, grown } from "../graph/grown.ts";
import { buildBlocks, varyingElements, type Block, type Blocks, type Element } from "../graph/blocks.ts";
import type { GraphDocument } from "../graph/document.ts";
import { expand, type Expanded } from "../graph/expand.ts";
import type { Fault } from "../graph/fault.ts";
import { orderElements } from "../graph/order.ts";
import { neededFor, concerns } from "../graph/select.ts";
import {
  structureOf,
  zonePath,
  type GraphNode,
  type GraphStructure,
  type GraphZone,
} from "../graph/structure.ts";
import { resolveTypes, typeFits, type ResolvedTypes } from "../graph/types.ts";
import { validate } from "../graph/validate.ts";
import type { RegistryDescription } from "../node/description.ts";
import type { ParamValue } from "../node/params.ts";
import { InvalidGraphError } from "./errors.ts";
import type {
  NodeStep,
  Plan,
  PlannedCarry,
  PlannedInput,
  PlannedNode,
  PlannedOutput,
  PlannedSink,
  Step,
  ZoneStep,
} from "./plan-data.ts";

export interface PlanOptions {
  /** Run just these nodes and what they need. Faults elsewhere in the graph do not matter then. */
  readonly only?: readonly string[];
}

/**
 * Turns a graph into steps. Zones become one step each, nodes are sorted, what does not change in a loop is moved before it.
 *
 * @throws {InvalidGraphError} with every fault, if the graph (or the part that `only` asks for) has any.
 */
export function plan(
  description: RegistryDescription,
  document: GraphDocument,
  options: PlanOptions = {},
): Plan {
  const expanded = expand(description, document);
  const structure = structureOf(description, expanded.document);
  const { targets: only, faults: targetFaults } = targetsOf(expanded, options.only);
  const needed = only === undefined ? undefined : neededFor(structure, only);
  const faults = validate(description, document).filter(
    (fault) => needed === undefined || concerns(expanded.document, fault, needed),
  );
  if (targetFaults.length + faults.length > 0) throw new InvalidGraphError([...targetFaults, ...faults]);
  return new Planner(structure, (id) => needed?.has(id) ?? true).plan(only);
}

/** The nodes that `only` means: a subgraph is all that stands in it. */
function targetsOf(
  { document, inactive }: Expanded,
  only: readonly string[] | undefined,
): { targets: readonly string[] | undefined; faults: Fault[] } {
  if (only === undefined) return { targets: undefined, faults: [] };
  const faults: Fault[] = [];
  const targets = only.flatMap((name) => {
    const path = name.replaceAll(".", "/");
    const isMeant = (id: string): boolean => id === path || id.startsWith(`${path}/`);
    const found = Object.keys(document.nodes).filter(isMeant);
    if (found.length > 0) return found;
    const off = [...inactive].some(isMeant);
    const message = off
      ? `Node "${path}" does not run: it is muted or bypassed, or it depends on a node that is muted.`
      : `There is no node "${path}" to run.`;
    faults.push({ code: off ? "muted" : "unknown-target", node: path, message });
    return [];
  });
  return { targets, faults };
}

class Planner {
  readonly #structure: GraphStructure;
  readonly #types: ResolvedTypes;
  readonly #blocks: Blocks;
  readonly #include: (node: string) => boolean;
  /** Nodes that run every time, and the zones around them. */
  readonly #uncacheableZones = new Set<string>();
  /** By node index. */
  readonly #firstSlot: number[] = [];
  readonly #nodes: string[] = [];
  #slots = 0;

  constructor(structure: GraphStructure, include: (node: string) => boolean) {
    this.#structure = structure;
    this.#include = include;
    this.#types = resolveTypes(structure);
    this.#blocks = buildBlocks(structure, include);
    for (const node of structure.nodes.values()) {
      if (!include(node.id)) continue;
      this.#firstSlot[node.index] = this.#slots;
      this.#slots += node.outputs.size;
      if (node.description?.cacheable !== false) continue;
      for (const zone of zonePath(structure, node.record.zone)) this.#uncacheableZones.add(zone);
    }
  }

  plan(only: readonly string[] | undefined): Plan {
    const steps = this.#list(new Set(this.#blocks.top.elements), this.#lastReads(this.#blocks.top));
    return { steps, slots: this.#slots, nodes: this.#nodes, sinks: this.#sinks(only) };
  }

  #sinks(only: readonly string[] | undefined): PlannedSink[] {
    const isSink = (node: GraphNode): boolean =>
      only?.includes(node.id) ?? (node.outgoing.length === 0 && node.description?.zone?.end !== "begin");
    const sinks: PlannedSink[] = [];
    for (const node of this.#structure.nodes.values()) {
      if (!isSink(node)) continue;
      for (const port of node.outputs.keys())
        sinks.push({ node: node.id, port, slot: this.#slot(node, port) });
    }
    return sinks;
  }

  #slot(node: GraphNode, port: string): number {
    return (this.#firstSlot[node.index] ?? 0) + (node.outputs.get(port)?.index ?? 0);
  }

  /** For each slot made in the block, the elements that read it; `end` where the zone's end does. */
  #lastReads(block: Block): Map<number, (Element | "end")[]> {
    const reads = new Map<number, (Element | "end")[]>();
    const add = (node: GraphNode, port: string, reader: Element | "end"): void => {
      const slot = this.#slot(node, port);
      const list = reads.get(slot);
      if (list === undefined) reads.set(slot, [reader]);
      else list.push(reader);
    };
    for (const element of block.elements) {
      for (const { edge, to } of element.outgoing)
        if (to !== undefined) add(edge.source, edge.sourcePort, to);
    }
    for (const { edge, to } of block.fromBegin) if (to !== undefined) add(edge.source, edge.sourcePort, to);
    for (const edge of block.intoEnd) add(edge.source, edge.sourcePort, "end");
    return reads;
  }

  /** Orders a list of elements and frees what is made in it; slots that outlive the list are added to `outlive`. */
  #list(
    elements: ReadonlySet<Element>,
    reads: ReadonlyMap<number, (Element | "end")[]>,
    given: readonly number[] = [],
    outlive: number[] = [],
    unread: number[] = [],
  ): Step[] {
    const { order, lazy } = orderElements(elements);
    const position = new Map(order.map((element, index) => [element, index]));
    const release: (readonly number[])[] = [];
    const settle = (slot: number, own: number): void => {
      let last = own;
      for (const reader of reads.get(slot) ?? []) {
        const at = reader === "end" ? undefined : position.get(reader);
        if (at === undefined) {
          outlive.push(slot);
          return;
        }
        last = Math.max(last, at);
      }
      if (last < 0) unread.push(slot);
      else release[last] = grown(release[last] ?? empty, slot);
    };
    for (const slot of given) settle(slot, -1);
    for (const [index, element] of order.entries()) {
      const node = element.node ?? element.zone?.end;
      if (node === undefined) continue;
      // The outputs that appear in the block: those of the node, or of the zone's end.
      for (const port of node.outputs.keys()) settle(this.#slot(node, port), index);
    }

    const deferred = new Set(lazy.flatMap((input) => [...input.deferred]));
    const alsoEager = new Set<Element>();
    for (const element of order.filter((one) => deferred.has(one)).reverse()) {
      const eager = element.outgoing.some(
        (edge) => edge.to === undefined || (!edge.lazy && (!deferred.has(edge.to) || alsoEager.has(edge.to))),
      );
      if (eager) alsoEager.add(element);
    }
    const lazyOf = new Map<Element, Map<string, number[]>>();
    for (const { owner, port, asked } of lazy) {
      const positions = [...asked].map((element) => position.get(element) ?? 0).sort((a, b) => a - b);
      const ports = lazyOf.get(owner) ?? new Map<string, number[]>();
      lazyOf.set(owner, ports.set(port, positions));
    }
    return order.map((element, index): Step => {
      const free = release[index] ?? empty;
      if (element.node === undefined) return this.#zoneStep(element.zone, free);
      this.#nodes.push(element.node.id);
      const planned = this.#node(element.node, lazyOf.get(element));
      const step: NodeStep = Object.assign(planned, { kind: "node" as const, release: free });
      return deferred.has(element) ? { ...step, deferred: { alsoEager: alsoEager.has(element) } } : step;
    });
  }

  #node(node: GraphNode, lazy?: ReadonlyMap<string, number[]>): PlannedNode {
    const { id, description, record } = node;
    const params: Record<string, ParamValue> = {};
    for (const [name, spec] of Object.entries(description?.params ?? {})) {
      params[name] = Object.hasOwn(record.params, name)
        ? (record.params[name] ?? spec.default)
        : spec.default;
    }
    let inputs: readonly PlannedInput[] = empty;
    let outputs: readonly PlannedOutput[] = empty;
    for (const port of node.inputs.values()) {
      if (port.carry || !node.incoming.has(port.name)) continue;
      const positions = lazy?.get(port.name) ?? (port.lazy ? [] : undefined);
      const input = this.#input(node, port.name);
      inputs = grown(inputs, positions === undefined ? input : { ...input, lazy: positions });
    }
    for (const port of node.outputs.values()) {
      if (port.carry) continue;
      const output = {
        port: port.name,
        slot: this.#slot(node, port.name),
        type: this.#types.output(node, port.name),
      };
      outputs = grown(outputs, port.optional ? { ...output, optional: true } : output);
    }
    return {
      node: id,
      type: record.type,
      version: description?.version ?? record.version,
      title: description?.title ?? record.type,
      params,
      inputs,
      outputs,
    };
  }

  #input(node: GraphNode, name: string): PlannedInput {
    const edge = node.incoming.get(name);
    const port = node.inputs.get(name);
    if (edge === undefined || port === undefined)
      throw new Error(`Node "${node.id}": input "${name}" is not wired.`);
    const from = this.#types.output(edge.source, edge.sourcePort);
    const type = this.#types.input(node, name);
    const fit = typeFits(this.#structure.description, from, type);
    const input: { -readonly [K in keyof PlannedInput]: PlannedInput[K] } = {
      port: name,
      slot: this.#slot(edge.source, edge.sourcePort),
      source: { node: edge.source.id, port: edge.sourcePort },
      type,
    };
    if (fit.ok && fit.conversion !== undefined) input.conversion = fit.conversion;
    if (from === "any" && type !== "any") input.check = true;
    if (port.param !== undefined) input.param = true;
    if (port.optional) input.optional = true;
    return input;
  }

  #zoneStep(zone: GraphZone | undefined, release: readonly number[]): ZoneStep {
    const block = zone && this.#blocks.ofZone.get(zone.id);
    if (!block || !zone.begin || !zone.end)
      throw new Error(`Zone "${zone?.id ?? ""}" has no begin or no end.`);
    const { begin, end } = zone;
    const varying = varyingElements(block, (element) =>
      element.node !== undefined
        ? element.node.description?.cacheable === false
        : this.#uncacheableZones.has(element.zone?.id ?? ""),
    );
    const constant = new Set(block.elements.filter((element) => !varying.has(element)));
    const reads = this.#lastReads(block);
    const [releaseAtExit, releaseAtEnd, releaseAtBegin]: number[][] = [[], [], []];
    this.#nodes.push(begin.id);
    const before = this.#list(constant, reads, [], releaseAtExit);
    const given = [...begin.outputs.keys()].map((port) => this.#slot(begin, port));
    const body = this.#list(varying, reads, given, releaseAtEnd, releaseAtBegin);
    this.#nodes.push(end.id);
    const carry = [...zone.record.carry].sort().map((name): PlannedCarry => ({
      name,
      type: this.#types.output(begin, name),
      start: this.#input(begin, name),
      current: this.#slot(begin, name),
      next: this.#input(end, name),
      last: this.#slot(end, name),
    }));
    return {
      kind: "zone",
      zone: zone.id,
      zoneKind: zone.record.kind,
      begin: this.#node(begin),
      end: this.#node(end),
      carry,
      before,
      body,
      cacheable: !this.#uncacheableZones.has(zone.id),
      releaseAtBegin: releaseAtBegin ?? [],
      releaseAtEnd: releaseAtEnd ?? [],
      releaseAtExit: releaseAtExit ?? [],
      release,
    };
  }
}
