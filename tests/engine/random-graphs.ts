import fc from "fast-check";
import type { EdgeRecord, GraphDocument, NodeRecord, ZoneRecord } from "../../src/engine/index.ts";

/** A random graph, and what a plain interpreter of it says. */
export interface RandomGraph {
  readonly document: GraphDocument;
  /** By `node.port`: what the port held last. Crates count as their first box. */
  readonly expected: ReadonlyMap<string, number>;
  /** Ids of nodes with a number as parameter: node, parameter. */
  readonly numbers: readonly (readonly [node: string, param: string])[];
}

type Kind = "box" | "crate";

interface Value {
  readonly ref: string;
  readonly kind: Kind;
  /** It may stand behind a lazy input: nothing between it and the begin has to wait. */
  readonly sync: boolean;
}

type Values = Map<string, number>;
type Statement = (values: Values, kept: Values) => void;

/** Takes its decisions from a list of numbers, so that fast-check can shrink a graph. */
class Builder {
  readonly nodes: Record<string, NodeRecord> = {};
  readonly edges: EdgeRecord[] = [];
  readonly zones: Record<string, ZoneRecord> = {};
  readonly numbers: (readonly [string, string])[] = [];
  readonly #choices: readonly number[];
  #at = 0;
  #ids = 0;

  constructor(choices: readonly number[]) {
    this.#choices = choices;
  }

  get isDone(): boolean {
    return this.#at >= this.#choices.length;
  }

  next(below: number): number {
    return (this.#choices[this.#at++] ?? 0) % below;
  }

  pick(values: readonly Value[]): Value | undefined {
    return values.length === 0 ? undefined : values[this.next(values.length)];
  }

  node(type: string, zone: string | undefined, params: NodeRecord["params"] = {}): string {
    const id = `n${this.#ids++}`;
    this.nodes[id] = { type: `test/${type}`, version: 1, ...(zone !== undefined ? { zone } : {}), params };
    for (const name of Object.keys(params)) this.numbers.push([id, name]);
    return id;
  }

  wire(from: Value | undefined, to: string): void {
    if (from !== undefined) this.edges.push({ from: from.ref, to });
  }

  /** Statements of one body. `values` is what they can see; what they make is added to it. */
  block(zone: string | undefined, values: Value[], budget: number, depth: number): Statement[] {
    const statements: Statement[] = [];
    for (let i = 0; i < budget && !this.isDone; i++) {
      const statement = this.#statement(zone, values, depth);
      if (statement !== undefined) statements.push(statement);
    }
    return statements;
  }

  #statement(zone: string | undefined, values: Value[], depth: number): Statement | undefined {
    const boxes = values.filter(({ kind }) => kind === "box");
    switch (this.next(8)) {
      case 0:
        return this.#box(zone, values);
      case 1:
      case 2:
      case 3:
        return this.#add(zone, values, boxes);
      case 4:
        return this.#pass(zone, values);
      case 5:
        return this.#lazy(zone, values, boxes);
      case 6:
        return this.#crate(zone, values);
      default:
        return depth > 0 ? this.#zone(zone, values, depth) : undefined;
    }
  }

  #box(zone: string | undefined, values: Value[]): Statement {
    const value = this.next(10);
    const id = this.node("box", zone, { value });
    values.push({ ref: `${id}.box`, kind: "box", sync: true });
    return (now, kept) => set(now, kept, `${id}.box`, value);
  }

  #add(zone: string | undefined, values: Value[], boxes: readonly Value[]): Statement | undefined {
    const a = this.pick(boxes);
    if (a === undefined) return undefined;
    const b = this.next(2) === 0 ? this.pick(boxes) : undefined;
    const plus = this.next(5);
    const waits = this.next(4) === 0;
    const id = this.node(waits ? "async-add" : "add", zone, { plus });
    this.wire(a, `${id}.a`);
    this.wire(b, `${id}.b`);
    // At top level what waits runs before the owner of a lazy input; in a loop it must not stand behind one.
    const sync = zone === undefined || (!waits && a.sync && b?.sync !== false);
    for (const port of ["sum", "half"]) values.push({ ref: `${id}.${port}`, kind: "box", sync });
    return (now, kept) => {
      const sum = get(now, a) + (b === undefined ? 0 : get(now, b)) + plus;
      set(now, kept, `${id}.sum`, sum);
      set(now, kept, `${id}.half`, sum / 2);
    };
  }

  #pass(zone: string | undefined, values: Value[]): Statement | undefined {
    const source = this.pick(values);
    if (source === undefined) return undefined;
    const id = this.node("pass", zone);
    this.wire(source, `${id}.in`);
    for (const port of ["out", "again"]) values.push({ ...source, ref: `${id}.${port}` });
    return (now, kept) => {
      for (const port of ["out", "again"]) set(now, kept, `${id}.${port}`, get(now, source));
    };
  }

  #lazy(zone: string | undefined, values: Value[], boxes: readonly Value[]): Statement | undefined {
    const later = this.pick(boxes.filter(({ sync }) => sync));
    if (later === undefined) return undefined;
    const early = this.next(3) === 0 ? this.pick(boxes) : undefined;
    const id = this.node("lazy", zone);
    this.wire(later, `${id}.later`);
    this.wire(early, `${id}.now`);
    values.push({ ref: `${id}.box`, kind: "box", sync: later.sync && early?.sync !== false });
    return (now, kept) =>
      set(now, kept, `${id}.box`, get(now, later) + (early === undefined ? 0 : get(now, early)) + 1);
  }

  #crate(zone: string | undefined, values: Value[]): Statement {
    const old = this.pick(values.filter(({ kind }) => kind === "crate"));
    const id = this.node("update-crate", zone);
    this.wire(old, `${id}.crate`);
    values.push({ ref: `${id}.crate`, kind: "crate", sync: old?.sync !== false });
    return (now, kept) => set(now, kept, `${id}.crate`, (old === undefined ? 0 : get(now, old)) + 1);
  }

  #zone(parent: string | undefined, values: Value[], depth: number): Statement | undefined {
    const starts = Array.from({ length: this.next(3) }, () => this.pick(values)).filter(
      (value) => value !== undefined,
    );
    const times = this.next(4);
    const zone = `z${this.#ids++}`;
    const begin = this.node("repeat-begin", zone, { times });
    const carry = starts.map((_start, index) => `c${index}`);
    this.zones[zone] = { kind: "repeat", carry, ...(parent !== undefined ? { parent } : {}) };
    const inner: Value[] = [...values, { ref: `${begin}.fresh`, kind: "box", sync: true }];
    for (const [index, start] of starts.entries()) {
      this.wire(start, `${begin}.c${index}`);
      inner.push({ ref: `${begin}.c${index}`, kind: start.kind, sync: true });
    }
    const body = this.block(zone, inner, 1 + this.next(6), depth - 1);
    const end = this.node("repeat-end", zone);
    const nexts = starts.map((start) => this.pick(inner.filter(({ kind }) => kind === start.kind)) ?? start);
    for (const [index, next] of nexts.entries()) {
      this.wire(next, `${end}.c${index}`);
      values.push({ ref: `${end}.c${index}`, kind: next.kind, sync: false });
    }
    return (now, kept) => {
      let current = starts.map((start) => get(now, start));
      for (let i = 0; i < times; i++) {
        const scope: Values = new Map(now);
        set(scope, kept, `${begin}.fresh`, i);
        for (const [index, value] of current.entries()) set(scope, kept, `${begin}.c${index}`, value);
        for (const statement of body) statement(scope, kept);
        current = nexts.map((next) => get(scope, next));
      }
      for (const [index, value] of current.entries()) set(now, kept, `${end}.c${index}`, value);
    };
  }
}

function get(values: Values, { ref }: Value): number {
  const value = values.get(ref);
  if (value === undefined) throw new Error(`the interpreter has no ${ref}`);
  return value;
}

function set(values: Values, kept: Values, ref: string, value: number): void {
  values.set(ref, value);
  kept.set(ref, value);
}

function build(choices: readonly number[]): RandomGraph {
  const builder = new Builder(choices);
  const statements = builder.block(undefined, [], 40, 3);
  const expected: Values = new Map();
  const values: Values = new Map();
  for (const statement of statements) statement(values, expected);
  const { nodes, edges, zones, numbers } = builder;
  return { document: { format: 1, nodes, edges, zones }, expected, numbers };
}

/** Random DAGs with nested zones, lazy inputs, nodes that wait, reroutes and shared resources. */
export const randomGraph: fc.Arbitrary<RandomGraph> = fc
  .array(fc.nat(999), { minLength: 5, maxLength: 150, size: "max" })
  .map(build);
