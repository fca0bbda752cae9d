import { lookUp, type RegistryDescription } from "../node/description.ts";
import type { GraphDocument } from "./document.ts";
import { structureOf, type GraphNode, type GraphStructure } from "./structure.ts";

/** One axis: its length where that is known, else words for it (`height`, `height/8`, `?`). */
export type Axis = number | string;

export type Shape = readonly Axis[];

/** What is not known: not even the number of axes. */
type Known = Shape | undefined;

/**
 * The shapes of arrays as far as they follow from the graph alone, by `node.port` of outputs. What an output's `shape` says is
 * worked out from parameters and from the shapes that come in; what cannot be known stays words. A value that goes round a loop
 * has the shape that its start and its next value have in common.
 *
 * @param document expanded: without subgraphs and modes.
 */
export function inferShapes(description: RegistryDescription, document: GraphDocument): Map<string, Shape> {
  const structure = structureOf(description, document);
  const inference = new Inference(structure);
  // Each round makes at least one axis of a carried value less known, or is the last.
  for (let round = 0; inference.round() && round < 64; round++);
  return inference.known();
}

/** `[4, 64, 64, 4]`. */
export const showShape = (shape: Shape): string => `[${shape.join(", ")}]`;

class Inference {
  readonly #structure: GraphStructure;
  /** What each carried value is taken to be, by zone and name. */
  readonly #carried = new Map<string, Known>();
  #done = new Map<string, Known>();
  readonly #open = new Set<string>();

  constructor(structure: GraphStructure) {
    this.#structure = structure;
  }

  /** Works out all outputs; true when a carried value turned out to be less known than it was taken to be. */
  round(): boolean {
    this.#done = new Map();
    let changed = false;
    for (const { id, record, end } of this.#structure.zones.values()) {
      for (const name of record.carry) {
        const taken = this.#taken(id, name);
        const next = common(taken, this.#input(end, name));
        if (same(taken, next)) continue;
        this.#carried.set(`${id}.${name}`, next);
        changed = true;
      }
    }
    return changed;
  }

  known(): Map<string, Shape> {
    this.#done = new Map();
    const shapes = new Map<string, Shape>();
    for (const node of this.#structure.nodes.values()) {
      for (const port of node.outputs.keys()) {
        const shape = this.#output(node, port);
        if (shape !== undefined) shapes.set(`${node.id}.${port}`, shape);
      }
    }
    return shapes;
  }

  /** What a carried value is taken to be: at first its start. */
  #taken(zone: string, name: string): Known {
    const key = `${zone}.${name}`;
    if (!this.#carried.has(key))
      this.#carried.set(key, this.#input(this.#structure.zones.get(zone)?.begin, name));
    return this.#carried.get(key);
  }

  #input(node: GraphNode | undefined, port: string): Known {
    const edge = node?.incoming.get(port);
    return edge && this.#output(edge.source, edge.sourcePort);
  }

  #output(node: GraphNode, name: string): Known {
    const key = `${node.id}.${name}`;
    if (this.#done.has(key)) return this.#done.get(key);
    // A circle, which validation names, or a chain too long for the stack.
    if (this.#open.has(key) || this.#open.size > 2000) return undefined;
    this.#open.add(key);
    const shape = this.#work(node, name);
    this.#open.delete(key);
    this.#done.set(key, shape);
    return shape;
  }

  #work(node: GraphNode, name: string): Known {
    const port = node.outputs.get(name);
    if (port === undefined) return undefined;
    if (port.carry) return this.#taken(node.record.zone ?? "", name);
    if (port.typeFrom !== undefined) return this.#input(node, port.typeFrom);
    const text = lookUp(node.description?.outputs, name)?.shape;
    if (text === undefined) return undefined;
    for (const alternative of text.split(" or ")) {
      const match = /^(like|with) (\w+)(?: (\[.*\]))?$/.exec(alternative);
      if (match?.[2] === undefined) return axesOf(alternative).map((axis) => this.#axis(node, axis));
      if (!node.incoming.has(match[2])) continue;
      const axes = match[3] === undefined ? undefined : axesOf(match[3]);
      if (match[1] === "with") return axes?.map((axis) => this.#axis(node, axis));
      const base = this.#input(node, match[2]);
      if (axes === undefined) return base;
      // What is said of a shape with axes of its own, for example its number of axes, is true of any input.
      if (base !== undefined && axes.length !== base.length) return undefined;
      return axes.map((axis, index) => (axis === "*" ? (base?.[index] ?? "?") : this.#axis(node, axis)));
    }
    return undefined;
  }

  /** A number, a name, or two of them with `*` or `/` between them. */
  #axis(node: GraphNode, text: string): Axis {
    const match = /^(\w+)(?:([*/])(\w+))?$/.exec(text.replaceAll(" ", ""));
    if (match?.[1] === undefined) return text;
    const first = this.#number(node, match[1]);
    if (match[2] === undefined || match[3] === undefined) return first;
    const second = this.#number(node, match[3]);
    if (typeof first !== "number" || typeof second !== "number") return `${first}${match[2]}${second}`;
    const value = match[2] === "*" ? first * second : first / second;
    return Number.isInteger(value) ? value : text;
  }

  /** The value of a parameter where it is known before the run; of anything else the name. */
  #number(node: GraphNode, name: string): Axis {
    if (/^\d+$/.test(name)) return Number(name);
    const spec = lookUp(node.description?.params, name);
    if (spec === undefined) return name;
    const value = this.#value(node, name, 0);
    return typeof value === "number" && Number.isInteger(value) ? value : name;
  }

  /** A parameter's value: stored, or through wires from nodes whose output is a parameter of theirs. */
  #value(node: GraphNode, param: string, depth: number): unknown {
    const edge = node.incoming.get(param);
    if (edge === undefined) {
      const spec = lookUp(node.description?.params, param);
      return lookUp(node.record.params, param) ?? spec?.default;
    }
    const { source, sourcePort } = edge;
    const output = source.outputs.get(sourcePort);
    if (depth > 64 || output === undefined || output.carry) return undefined;
    if (output.typeFrom !== undefined) {
      const through = source.incoming.get(output.typeFrom);
      return through && this.#value(source, output.typeFrom, depth + 1);
    }
    const text = lookUp(source.description?.outputs, sourcePort)?.shape;
    const equal = /^= (\w+)$/.exec(text ?? "")?.[1];
    return equal === undefined ? undefined : this.#value(source, equal, depth + 1);
  }
}

const axesOf = (text: string): string[] =>
  text
    .slice(1, -1)
    .split(",")
    .map((axis) => axis.trim())
    .filter((axis) => axis !== "");

/** What two shapes agree on. */
function common(a: Known, b: Known): Known {
  if (a === undefined || b === undefined || a.length !== b.length) return undefined;
  return a.map((axis, index) => (axis === b[index] ? axis : "?"));
}

const same = (a: Known, b: Known): boolean =>
  a?.join() === b?.join() && (a === undefined) === (b === undefined);
