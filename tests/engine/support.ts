import { expect } from "vitest";
import {
  anyType,
  boolean,
  collect,
  conversion,
  createRegistry,
  defineNode,
  defineZone,
  describeRegistry,
  EngineError,
  execute,
  float,
  floatType,
  int,
  intType,
  lazyPort,
  optionalPort,
  plan,
  port,
  portLike,
  socketType,
  text,
  textType,
  type ExecuteOptions,
  type GraphDocument,
  type Host,
  type NodeDefinition,
  type NodeRecord,
  type Registry,
  type RegistryDescription,
  type RunEvent,
  type RunReason,
  type RunResult,
  type ZoneDefinition,
} from "../../src/engine/index.ts";

/** A stand-in for a tensor: it has to be freed exactly once, and not read afterwards. */
export class Box {
  static living = 0;
  static readonly faults: string[] = [];
  readonly #value: number;
  #disposed = false;

  constructor(value: number) {
    this.#value = value;
    Box.living++;
    scopes.at(-1)?.add(this);
  }

  get value(): number {
    if (this.#disposed) Box.faults.push(`read ${this.#value} after it was freed`);
    return this.#value;
  }

  get disposed(): boolean {
    return this.#disposed;
  }

  dispose(): void {
    if (this.#disposed) {
      Box.faults.push(`freed ${this.#value} twice`);
      return;
    }
    this.#disposed = true;
    Box.living--;
    for (const scope of scopes) scope.delete(this);
  }
}

const scopes: Set<Box>[] = [];

/** A host with scopes like tfjs's tidy: boxes made in one are freed when it ends, unless returned or kept. */
export const boxHost: Host = {
  scope(fn) {
    const scope = new Set<Box>();
    scopes.push(scope);
    let result;
    try {
      result = fn();
      for (const box of boxesIn(result)) {
        if (!scope.delete(box)) continue;
        scopes.at(-2)?.add(box);
      }
      return result;
    } finally {
      for (const box of [...scope]) box.dispose();
      scopes.pop();
    }
  },
  keep(value) {
    for (const box of boxesIn(value)) for (const scope of scopes) scope.delete(box);
  },
};

function* boxesIn(value: unknown): Iterable<Box> {
  if (value instanceof Box) yield value;
  else if (typeof value === "object" && value !== null)
    for (const part of Object.values(value)) yield* boxesIn(part);
}

export const boxType = socketType<Box>({
  id: "box",
  label: "Box",
  shape: "[value]",
  guard: (value): value is Box => value instanceof Box,
  dispose: (box) => box.dispose(),
  bytes: () => 1000,
});

/** A box with a name of its own, to test `extends`. */
export const redBoxType = socketType<Box>({ ...boxType, id: "redBox", label: "Red box", extends: "box" });

/** How often each node type ran. */
export const runs = new Map<string, number>();
const count = (name: string): void => void runs.set(name, (runs.get(name) ?? 0) + 1);
export const runsOf = (name: string): number => runs.get(name) ?? 0;

export const boxNode = defineNode({
  type: "test/box",
  version: 1,
  title: "Box",
  doc: "Makes a box.",
  inputs: {},
  params: { value: float({ default: 0, doc: "what is in it" }) },
  outputs: { box: port(boxType, "the box") },
  run: ({ params }) => {
    count("box");
    return { box: new Box(params.value) };
  },
});

export const addNode = defineNode({
  type: "test/add",
  version: 1,
  title: "Add",
  doc: "Adds two boxes and a number.",
  inputs: { a: port(boxType, "one"), b: optionalPort(boxType, "the other") },
  params: { plus: float({ default: 0, doc: "added to it" }) },
  outputs: { sum: port(boxType, "a + b + plus"), half: port(boxType, "half of it") },
  run: ({ inputs, params }) => {
    count("add");
    const temporary = new Box(inputs.a.value + (inputs.b?.value ?? 0));
    const sum = temporary.value + params.plus;
    return { sum: new Box(sum), half: new Box(sum / 2) };
  },
});

export const asyncAddNode = defineNode({
  type: "test/async-add",
  version: 1,
  title: "Add later",
  doc: "Adds two boxes and a number, after a wait.",
  inputs: { a: port(boxType, "one"), b: optionalPort(boxType, "the other") },
  params: { plus: float({ default: 0, doc: "added to it" }) },
  outputs: { sum: port(boxType, "a + b + plus"), half: port(boxType, "half of it") },
  runAsync: async ({ inputs, params }) => {
    await Promise.resolve();
    const sum = inputs.a.value + (inputs.b?.value ?? 0) + params.plus;
    return { sum: new Box(sum), half: new Box(sum / 2) };
  },
});

export const passNode = defineNode({
  type: "test/pass",
  version: 1,
  title: "Reroute",
  doc: "Hands on what it gets.",
  inputs: { in: port(anyType, "anything") },
  params: {},
  outputs: { out: portLike("in", "the same"), again: portLike("in", "the same") },
  run: ({ inputs }) => ({ out: inputs.in, again: inputs.in }),
});

export const readNode = defineNode({
  type: "test/read",
  version: 1,
  title: "Read",
  doc: "The number in a box.",
  inputs: { box: port(boxType, "a box") },
  params: {},
  outputs: { value: port(floatType, "what is in it") },
  run: ({ inputs }) => ({ value: inputs.box.value }),
});

export const intNode = defineNode({
  type: "test/int",
  version: 1,
  title: "Whole number",
  doc: "A number.",
  inputs: {},
  params: { value: int({ default: 1, doc: "the number", min: -1000, max: 1000 }) },
  outputs: { value: port(intType, "the number") },
  run: ({ params }) => ({ value: params.value }),
});

/** Evaluates its lazy input inside its own run, and gives it back with one added. */
export const lazyNode = defineNode({
  type: "test/lazy",
  version: 1,
  title: "Lazy",
  doc: "Asks for its input when it runs.",
  inputs: { now: optionalPort(boxType, "evaluated before"), later: lazyPort(boxType, "evaluated inside") },
  params: {},
  outputs: { box: port(boxType, "later + now + 1") },
  run: ({ inputs }) => {
    count("lazy");
    const before = runsOf("add");
    const later = inputs.later();
    if (inputs.later() !== later) throw new Error("a second call gave another value");
    count(`lazy saw ${runsOf("add") - before} adds`);
    return { box: new Box(later.value + (inputs.now?.value ?? 0) + 1) };
  },
});

export const failNode = defineNode({
  type: "test/fail",
  version: 1,
  title: "Fail above",
  doc: "Fails on boxes above a limit.",
  inputs: { box: port(boxType, "a box") },
  params: { limit: float({ default: 0, doc: "the limit" }) },
  outputs: { box: port(boxType, "the same box") },
  run: ({ inputs, params }) => {
    const { box } = inputs;
    if (box.value > params.limit) throw new Error(`${box.value} is above ${params.limit}`);
    return { box };
  },
});

/** What the save node has written. */
export const saved: number[] = [];

export const saveNode = defineNode({
  type: "test/save",
  version: 1,
  title: "Save",
  doc: "Has an effect outside the graph.",
  inputs: { box: optionalPort(boxType, "a box") },
  params: { value: float({ default: 0, doc: "written without a box" }) },
  outputs: { written: port(floatType, "what was written") },
  cacheable: false,
  run: ({ inputs, params }) => {
    saved.push(inputs.box?.value ?? params.value);
    return { written: inputs.box?.value ?? params.value };
  },
});

/** A file that may change although the graph does not. */
export const files = new Map<string, number>();

export const loadNode = defineNode({
  type: "test/load",
  version: 1,
  title: "Load",
  doc: "Reads a number from a file.",
  inputs: {},
  params: { name: text({ default: "file", doc: "which file" }) },
  outputs: { box: port(boxType, "what is in it") },
  cacheKey: ({ params }) => {
    const value = files.get(params.name);
    if (value === undefined) throw new Error(`there is no file "${params.name}"`);
    return Promise.resolve(String(value));
  },
  runAsync: async ({ params, context }) => {
    await Promise.resolve();
    count("load");
    context.progress(1, 2, "reading");
    if (params.name === "odd") context.warn("an odd file");
    return { box: new Box(files.get(params.name) ?? Number.NaN) };
  },
});

/** A loop in one node: counts up to `times`, unless it is ended before. */
export const countNode = defineNode({
  type: "test/count",
  version: 1,
  title: "Count",
  doc: "Counts by itself.",
  inputs: {},
  params: { times: int({ default: 3, doc: "how far" }) },
  outputs: { box: port(boxType, "how far it came") },
  loops: true,
  runAsync: async ({ params, context }) => {
    let done = 0;
    while (done < params.times && (await context.pass?.(done)) !== "finish") done++;
    context.signal.throwIfAborted();
    return { box: new Box(done) };
  },
});

export const textNode = defineNode({
  type: "test/text",
  version: 1,
  title: "Text",
  doc: "A text.",
  inputs: {},
  params: { text: text({ default: "", doc: "the text" }) },
  outputs: { text: port(textType, "the text") },
  run: ({ params }) => ({ text: params.text }),
});

/** Shows what it gets. */
export const showNode = defineNode({
  type: "test/show",
  version: 1,
  title: "Show",
  doc: "Has a preview and no output.",
  inputs: { box: port(boxType, "a box") },
  params: { broken: boolean({ default: false, doc: "whether the preview fails" }) },
  outputs: {},
  run: () => {
    count("show");
    return {};
  },
  preview: async ({ inputs, params }) => {
    await Promise.resolve();
    if (params.broken) throw new Error("the screen is dark");
    return { kind: "text", text: String(inputs.box.value) };
  },
});

/** Returns whatever it was told to by the test. */
export const oddResult: { value: () => Record<string, unknown> } = { value: () => ({}) };

export const oddNode = defineNode({
  type: "test/odd",
  version: 1,
  title: "Odd",
  doc: "Returns what the test says.",
  inputs: {},
  params: {},
  outputs: {
    box: port(boxType, "a box, perhaps"),
    maybe: optionalPort(boxType, "perhaps nothing"),
    any: port(anyType, "anything"),
  },
  run: () => oddResult.value() as never,
});

export const asyncOddNode = defineNode({
  type: "test/async-odd",
  version: 1,
  title: "Odd later",
  doc: "Returns what the test says, later.",
  inputs: {},
  params: {},
  outputs: { box: port(boxType, "a box, perhaps"), other: port(boxType, "another") },
  runAsync: () => Promise.resolve(oddResult.value() as never),
});

/** Several boxes in one value. */
export interface Crate {
  readonly parts: readonly Box[];
}

export const crateType = socketType<Crate>({
  id: "crate",
  label: "Crate",
  guard: (value): value is Crate => typeof value === "object" && value !== null && "parts" in value,
  resources: (crate) => crate.parts,
  bytes: (crate) => 1000 * crate.parts.length,
});

/** A new crate with the first part replaced; it shares the others with the old one. */
export const updateCrateNode = defineNode({
  type: "test/update-crate",
  version: 1,
  title: "Update crate",
  doc: "Replaces the first box.",
  inputs: { crate: optionalPort(crateType, "the old one") },
  params: {},
  outputs: { crate: port(crateType, "the new one") },
  run: ({ inputs }) => {
    const [first, ...others] = inputs.crate?.parts ?? [new Box(0), new Box(10), new Box(20)];
    return { crate: { parts: [new Box((first?.value ?? 0) + 1), ...others] } };
  },
});

/** The lazy input of the idle node that ran last. */
export const idleThunk: { later: () => unknown } = { later: () => undefined };

/** Has a lazy input and never asks for it. */
export const idleNode = defineNode({
  type: "test/idle",
  version: 1,
  title: "Idle",
  doc: "Does nothing.",
  inputs: { later: lazyPort(boxType, "never asked for") },
  params: {},
  outputs: { box: port(boxType, "a box") },
  run: ({ inputs }) => {
    idleThunk.later = inputs.later;
    return { box: new Box(5) };
  },
});

export const nanNode = defineNode({
  type: "test/nan-above",
  version: 1,
  title: "NaN above",
  doc: "A box, or one with NaN when it holds more than the limit.",
  inputs: { box: port(boxType, "a box") },
  params: { limit: float({ default: 0, doc: "the limit" }) },
  outputs: { box: port(boxType, "a new box") },
  run: ({ inputs, params }) => ({
    box: new Box(inputs.box.value > params.limit ? Number.NaN : inputs.box.value),
  }),
});

/** Ten times a number, as a conversion that makes something that has to be freed. */
export const boxNumber = conversion(intType, boxType, (value) => new Box(10 * value));

/** Drivers that were started and not disposed. */
export const openDrivers = { count: 0 };

export const repeatZone = defineZone({
  kind: "repeat",
  title: "Repeat",
  doc: "Repeats its body.",
  begin: {
    type: "test/repeat-begin",
    version: 1,
    title: "Repeat begin",
    doc: "Starts.",
    inputs: {},
    params: { times: int({ default: 3, min: 0, doc: "how often" }) },
    outputs: { index: port(intType, "counted from 0"), fresh: port(boxType, "a box holding the index") },
  },
  end: {
    type: "test/repeat-end",
    version: 1,
    title: "Repeat end",
    doc: "Ends.",
    inputs: { watch: optionalPort(boxType, "reported as `watch`") },
    outputs: { count: port(intType, "how often it ran") },
  },
  start: ({ params }) => {
    const { times } = params;
    let done = 0;
    openDrivers.count++;
    return {
      total: times,
      dispose: () => void openDrivers.count--,
      next: (index) => (index < times ? { index, fresh: new Box(index) } : undefined),
      afterIteration: (_index, end) => {
        done++;
        const watch = end.inputs["watch"] as Box | undefined;
        if (watch !== undefined && Number.isNaN(watch.value)) throw new Error("watch is NaN");
        return watch === undefined ? {} : { watch: watch.value };
      },
      finish: () => ({ count: done }),
    };
  },
});

export const testNodes: NodeDefinition[] = [
  boxNode,
  addNode,
  asyncAddNode,
  countNode,
  passNode,
  readNode,
  intNode,
  lazyNode,
  failNode,
  saveNode,
  loadNode,
  textNode,
  showNode,
  oddNode,
  asyncOddNode,
  updateCrateNode,
  idleNode,
  nanNode,
];
export const testZones: ZoneDefinition[] = [repeatZone];

export const registry: Registry = createRegistry({ nodes: testNodes, zones: testZones, types: [redBoxType] });
export const description: RegistryDescription = JSON.parse(
  JSON.stringify(describeRegistry(registry)),
) as RegistryDescription;

interface NodeSketch {
  type: string;
  zone?: string;
  params?: NodeRecord["params"];
}

/** A document from few words: types without `test/`, wires as `a.out > b.in`. */
export function graph(
  nodes: Record<string, string | NodeSketch>,
  wires: readonly string[] = [],
  zones?: NonNullable<GraphDocument["zones"]>,
): GraphDocument {
  const records = Object.entries(nodes).map(([id, sketch]): [string, NodeRecord] => {
    const { type, zone, params } = typeof sketch === "string" ? ({ type: sketch } as NodeSketch) : sketch;
    return [
      id,
      { type: `test/${type}`, version: 1, ...(zone !== undefined ? { zone } : {}), params: params ?? {} },
    ];
  });
  const edges = wires.map((wire) => {
    const [from = "", to = ""] = wire.split(" > ");
    return { from, to };
  });
  return { format: 1, nodes: Object.fromEntries(records), edges, ...(zones !== undefined ? { zones } : {}) };
}

export interface Ran {
  readonly outputs: RunResult["outputs"];
  readonly events: RunEvent[];
  /** Reasons of the nodes that ran, by id. */
  readonly reasons: Readonly<Record<string, RunReason>>;
  dispose(): void;
}

/** Plans and runs a document with boxes. */
export async function run(
  document: GraphDocument,
  options: Partial<ExecuteOptions> & { only?: string[]; onEvent?: (event: RunEvent) => void } = {},
): Promise<Ran> {
  const { only, onEvent, ...rest } = options;
  const events: RunEvent[] = [];
  const made = plan(description, document, only === undefined ? {} : { only });
  const sent = JSON.parse(JSON.stringify(made)) as typeof made;
  const result = await collect(execute(sent, { registry, host: boxHost, ...rest }), (event) => {
    events.push(event);
    onEvent?.(event);
  });
  const finished = events.filter((event) => event.type === "nodeFinished");
  const reasons = Object.fromEntries(finished.map(({ node, reason }) => [node, reason]));
  return { outputs: result.outputs, events, reasons, dispose: () => result.dispose() };
}

/** The error of a run that has to fail. */
export async function failure(running: Promise<Ran>): Promise<EngineError> {
  try {
    await running;
  } catch (error) {
    if (error instanceof EngineError) return error;
    throw error;
  }
  throw new Error("the run did not fail");
}

/** Forgets what a failed test has left. */
export function startAfresh(): void {
  Box.faults.length = 0;
  Box.living = 0;
  openDrivers.count = 0;
}

/** To be called after each test: nothing was freed twice or read after it was freed, and nothing is left. */
export function expectNothingLeft(): void {
  const left = { faults: [...Box.faults], living: Box.living, drivers: openDrivers.count };
  startAfresh();
  expect(left).toEqual({ faults: [], living: 0, drivers: 0 });
}
