import type { GraphDocument } from "../../engine/graph/document.ts";
import { canConnect } from "../../engine/graph/can-connect.ts";
import { successors } from "../../engine/graph/cycles.ts";
import type { Successors } from "../../engine/graph/cycles.ts";
import { structureOf } from "../../engine/graph/structure.ts";
import type { Catalog } from "./catalog.ts";
import { endpoint, inputPort, outputPort, shapeOf } from "./ports.ts";
import type { NodeShape } from "./ports.ts";

/** The zone in which a node's outputs can be read: an end node hands its values to the zone around its own. */
export function outputScope(document: GraphDocument, catalog: Catalog, id: string): string | undefined {
  return scope(document, catalog, id, "end");
}

/** The zone from which a node's inputs come: a begin node takes its values from the zone around its own. */
export function inputScope(document: GraphDocument, catalog: Catalog, id: string): string | undefined {
  return scope(document, catalog, id, "begin");
}

function scope(
  document: GraphDocument,
  catalog: Catalog,
  id: string,
  outside: "begin" | "end",
): string | undefined {
  const record = document.nodes[id];
  if (record?.zone === undefined) return undefined;
  const side = catalog.node(record.type)?.zoneEnd?.side;
  return side === outside ? document.zones?.[record.zone]?.parent : record.zone;
}

/** The zone itself and all zones around it, from the inside out. */
function zonePath(document: GraphDocument, zone: string | undefined): string[] {
  const path: string[] = [];
  for (let id = zone; id !== undefined && !path.includes(id); id = document.zones?.[id]?.parent)
    path.push(id);
  return path;
}

/** Whether and why not wires can be drawn in one state of a document. Keeps what it found out: ask it per gesture. */
export class WireRules {
  readonly #document: GraphDocument;
  readonly #catalog: Catalog;
  readonly #shapes = new Map<string, NodeShape>();
  readonly #upstream = new Map<string, ReadonlySet<string>>();
  readonly #downstream = new Map<string, ReadonlySet<string>>();

  constructor(document: GraphDocument, catalog: Catalog) {
    this.#document = document;
    this.#catalog = catalog;
  }

  /** Finds out once what lies before and after a node, so that many wires from it or to it are judged quickly. */
  prepare(node: string): void {
    this.#upstream.set(node, reachable(this.#document, this.#catalog, node, "upstream"));
    this.#downstream.set(node, reachable(this.#document, this.#catalog, node, "downstream"));
  }

  shape(id: string): NodeShape | undefined {
    const known = this.#shapes.get(id);
    const record = this.#document.nodes[id];
    if (known || !record) return known;
    const shape = shapeOf(this.#document, this.#catalog, id, record);
    this.#shapes.set(id, shape);
    return shape;
  }

  /**
   * Why a wire cannot be drawn, in words for the socket, or undefined when it can. An occupied input is no obstacle:
   * the new wire replaces the old one.
   */
  refusal(from: string, to: string): string | undefined {
    const source = endpoint(from);
    const target = endpoint(to);
    const sourceShape = this.shape(source.node);
    const targetShape = this.shape(target.node);
    if (!sourceShape || !targetShape) return "The node is gone.";
    const output = outputPort(sourceShape, source.port);
    const input = inputPort(targetShape, target.port);
    if (!output) return `There is no output "${source.port}".`;
    if (!input) return `There is no input "${target.port}".`;
    if (source.node === target.node) return "A node cannot feed itself.";
    if (!this.#catalog.fits(output.type, input.type)) return this.#catalog.misfit(output.type, input.type);
    if (this.#reaches(target.node, source.node)) return "This would close a circle. Use a zone to loop.";
    const outer = outputScope(this.#document, this.#catalog, source.node);
    const inner = inputScope(this.#document, this.#catalog, target.node);
    if (outer !== undefined && !zonePath(this.#document, inner).includes(outer)) {
      return `Values leave the zone "${outer}" only through its end node.`;
    }
    // Such a wire changes types further on: only the engine sees all that follows.
    const passesOn =
      targetShape.carry.includes(target.port) ||
      targetShape.outputs.some((port) => port.typeFrom === target.port);
    if (!passesOn) return undefined;
    const verdict = canConnect(this.#catalog.description, this.#document, from, to);
    return verdict.ok ? undefined : verdict.reason;
  }

  #reaches(start: string, goal: string): boolean {
    const after = this.#downstream.get(start);
    if (after) return after.has(goal);
    if (!this.#upstream.has(goal)) this.prepare(goal);
    return this.#upstream.get(goal)?.has(start) ?? false;
  }
}

/**
 * The node and all nodes that must run after it, or all that must run before it. Zones count as the engine counts them:
 * a begin runs before all that stands in its zone, the end after it.
 */
function reachable(
  document: GraphDocument,
  catalog: Catalog,
  start: string,
  way: "upstream" | "downstream",
): Set<string> {
  const structure = structureOf(catalog.description, document);
  const nodes = [...structure.nodes.values()];
  const after = successors(structure);
  const next = way === "downstream" ? after : reversed(after);
  const from = structure.nodes.get(start)?.index;
  const seen = new Set<number>(from === undefined ? [] : [from]);
  const stack = [...seen];
  for (let index = stack.pop(); index !== undefined; index = stack.pop()) {
    for (const neighbour of next[index] ?? []) {
      if (seen.has(neighbour)) continue;
      seen.add(neighbour);
      stack.push(neighbour);
    }
  }
  return new Set(nodes.filter((node) => seen.has(node.index)).map((node) => node.id));
}

function reversed(next: Successors): number[][] {
  const back: number[][] = next.map(() => []);
  for (const [from, targets] of next.entries()) for (const to of targets) back[to]?.push(from);
  return back;
}
