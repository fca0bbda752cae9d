import { beforeEach, expect, test } from "vitest";
import { defineNode, lazyPort, optionalPort, port } from "../../src/engine/node/define-node.ts";
import { describeRegistry, createRegistry } from "../../src/engine/node/registry.ts";
import type { Resident } from "../../src/engine/node/resident.ts";
import { anyType, intType, socketType } from "../../src/engine/node/socket-type.ts";
import { int, text } from "../../src/engine/node/params.ts";
import type { GraphDocument } from "../../src/engine/graph/document.ts";
import { createCache } from "../../src/engine/run/cache.ts";
import { collect, execute, type ExecuteOptions } from "../../src/engine/run/execute.ts";
import type { RunEvent } from "../../src/engine/run/events.ts";
import { plainHost } from "../../src/engine/run/host.ts";
import { plan } from "../../src/engine/run/plan.ts";
import { Residency } from "../../src/engine/run/residency.ts";
import { boxType, repeatZone } from "./support.ts";

/** A model whose weight is a number that is in memory or not. */
class Model implements Resident {
  static readonly all: Model[] = [];
  static failing = "";
  readonly label: string;
  readonly bytes: number;
  loads = 0;
  disposed = false;
  #weight: number | undefined;

  constructor(label: string, bytes: number) {
    this.label = label;
    this.bytes = bytes;
    Model.all.push(this);
  }

  get isLoaded(): boolean {
    return this.#weight !== undefined;
  }

  get weight(): number {
    if (this.#weight === undefined) throw new Error(`${this.label} is not loaded`);
    return this.#weight;
  }

  async load({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    await Promise.resolve();
    signal.throwIfAborted();
    if (Model.failing === this.label) throw new Error("The disk was pulled out.");
    this.loads += 1;
    this.#weight = this.bytes;
  }

  unload(): void {
    this.#weight = undefined;
  }

  dispose(): void {
    this.unload();
    this.disposed = true;
  }
}

const modelType = socketType<Model>({
  id: "model",
  label: "Model",
  guard: (value): value is Model => value instanceof Model,
  resources: (model) => [model],
  bytes: ({ bytes }) => bytes,
  residents: (model) => [model],
});

const nodes = [
  defineNode({
    type: "load",
    version: 1,
    title: "Load",
    doc: "",
    inputs: {},
    params: { name: text({ default: "m", doc: "" }), bytes: int({ default: 100, doc: "" }) },
    outputs: { model: port(modelType, "") },
    runAsync: ({ params }) => Promise.resolve({ model: new Model(params.name, params.bytes) }),
  }),
  defineNode({
    type: "use",
    version: 1,
    title: "Use",
    doc: "",
    inputs: { model: port(modelType, ""), after: optionalPort(anyType, "") },
    params: { working: int({ default: 0, doc: "" }) },
    outputs: { sum: port(intType, "") },
    workingBytes: ({ params }) => params.working,
    run: ({ inputs }) => ({
      sum: inputs.model.weight + (typeof inputs.after === "number" ? inputs.after : 0),
    }),
  }),
  defineNode({
    type: "pass",
    version: 1,
    title: "Pass",
    doc: "",
    inputs: { model: port(modelType, "") },
    params: {},
    outputs: { model: port(modelType, "") },
    readsResidents: false,
    run: ({ inputs }) => inputs,
  }),
  defineNode({
    type: "look",
    version: 1,
    title: "Look",
    doc: "",
    inputs: { value: port(anyType, "") },
    params: {},
    outputs: { loaded: port(intType, "") },
    run: ({ inputs }) => ({ loaded: (inputs.value as Model).isLoaded ? 1 : 0 }),
  }),
  defineNode({
    type: "ask",
    version: 1,
    title: "Ask",
    doc: "",
    inputs: { sum: lazyPort(intType, "") },
    params: {},
    outputs: { sum: port(intType, "") },
    run: ({ inputs }) => ({ sum: inputs.sum() }),
  }),
];
const registry = createRegistry({ nodes, zones: [repeatZone], types: [boxType] });
const description = describeRegistry(registry);

type Spec = string | { type: string; params?: Record<string, unknown>; zone?: string };

function graphOf(specs: Record<string, Spec>, wires: string[], zones?: unknown): GraphDocument {
  const entries = Object.entries(specs).map(([id, spec]) => {
    const {
      type,
      params = {},
      zone,
    }: Exclude<Spec, string> = typeof spec === "string" ? { type: spec } : spec;
    return [id, { type, version: 1, params, ...(zone !== undefined && { zone }) }];
  });
  const edges = wires.map((wire) => {
    const [from = "", to = ""] = wire.split(" > ");
    return { from, to };
  });
  return {
    format: 1,
    nodes: Object.fromEntries(entries),
    edges,
    ...(zones !== undefined && { zones }),
  } as unknown as GraphDocument;
}

interface Ran {
  readonly outputs: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly events: RunEvent[];
  /** `+label` for loaded, `-label` for unloaded. */
  readonly memory: string[];
  readonly warnings: string[];
  dispose(): void;
}

async function run(document: GraphDocument, options: Partial<ExecuteOptions> = {}): Promise<Ran> {
  const events: RunEvent[] = [];
  const work = execute(plan(description, document), { registry, host: plainHost, ...options });
  const result = await collect(work, (event) => events.push(event));
  return {
    outputs: result.outputs,
    dispose: result.dispose,
    events,
    memory: memoryOf(events),
    warnings: events.flatMap((event) => (event.type === "warning" ? [event.message] : [])),
  };
}

const memoryOf = (events: readonly RunEvent[]): string[] =>
  events.flatMap((event) =>
    event.type === "memory" ? [`${event.action === "loaded" ? "+" : "-"}${event.label}`] : [],
  );

const load = (name: string, bytes = 100): Spec => ({ type: "load", params: { name, bytes } });
/** text encoder → U-Net → VAE: each used after the one before. */
const pipeline = graphOf(
  { text: load("text"), unet: load("unet", 300), vae: load("vae", 50), a: "use", b: "use", c: "use" },
  [
    "text.model > a.model",
    "unet.model > b.model",
    "a.sum > b.after",
    "vae.model > c.model",
    "b.sum > c.after",
  ],
);

beforeEach(() => {
  Model.all.length = 0;
  Model.failing = "";
});

test("M1 what a node reads is loaded when it runs and not before; what only hands it on does not load it", async () => {
  const document = graphOf({ m: load("m"), p: "pass", l: "look", u: "use" }, [
    "m.model > p.model",
    "p.model > l.value",
    "p.model > u.model",
    "l.loaded > u.after",
  ]);
  const { outputs, memory, dispose } = await run(document);
  expect(outputs["u"]?.["sum"]).toBe(100);
  expect(memory).toEqual(["+m"]);
  dispose();
  expect(Model.all[0]?.disposed).toBe(true);
});

test("M1 what a lazy input will run is loaded before the node that asks", async () => {
  const document = graphOf({ m: load("m"), u: "use", ask: "ask" }, ["m.model > u.model", "u.sum > ask.sum"]);
  const { outputs, memory, dispose } = await run(document);
  expect(outputs["ask"]?.["sum"]).toBe(100);
  expect(memory).toEqual(["+m"]);
  dispose();
});

test("M2 M3 with a budget the text encoder goes before the U-Net comes, and each event says why", async () => {
  const residency = new Residency({ budgetBytes: 360 });
  const cache = createCache({ budgetBytes: 1e6 });
  const { memory, events, outputs, dispose } = await run(pipeline, { residency, cache });
  expect(memory).toEqual(["+text", "-text", "+unet", "+vae"]);
  expect(outputs["c"]?.["sum"]).toBe(450);
  const gone = events.find((event) => event.type === "memory" && event.action === "unloaded");
  expect(gone).toMatchObject({
    node: "b",
    label: "text",
    bytes: 100,
    reason: "Use needs 0.0 MB in all, and the budget is 0.0 MB",
  });
  expect(residency.bytes).toBe(350);
  dispose();
  cache.clear();
});

test("M2 what the run does not read any more goes first, then what was used longest ago", async () => {
  const document = graphOf(
    { x: load("x"), y: load("y"), z: load("z"), a: "use", b: "use", c: "use", d: "use" },
    [
      "x.model > a.model",
      "y.model > b.model",
      "a.sum > b.after",
      "z.model > c.model",
      "b.sum > c.after",
      "x.model > d.model",
      "c.sum > d.after",
    ],
  );
  // x was used longest ago, but is read again; y is not.
  const cache = createCache({ budgetBytes: 1e6 });
  const { memory, dispose } = await run(document, { residency: new Residency({ budgetBytes: 200 }), cache });
  expect(memory).toEqual(["+x", "+y", "-y", "+z"]);
  dispose();
  cache.clear();
});

test("M2 a node's working memory needs room too", async () => {
  const document = graphOf(
    { x: load("x"), y: load("y"), a: "use", b: { type: "use", params: { working: 150 } } },
    ["x.model > a.model", "y.model > b.model", "a.sum > b.after"],
  );
  const cache = createCache({ budgetBytes: 1e6 });
  const tight = await run(document, { residency: new Residency({ budgetBytes: 300 }), cache });
  expect(tight.memory).toEqual(["+x", "-x", "+y"]);
  tight.dispose();
  cache.clear();
  const wide = await run(document, { residency: new Residency({ budgetBytes: 350 }), cache });
  expect(wide.memory).toEqual(["+x", "+y"]);
  wide.dispose();
  cache.clear();
});

test("M2 M4 a loop that reads two models within a budget for one loads them by turns, and says so once", async () => {
  const document = graphOf(
    {
      x: load("x"),
      y: load("y"),
      n: { type: "test/repeat-begin", zone: "z", params: { times: 3 } },
      a: { type: "use", zone: "z" },
      b: { type: "use", zone: "z" },
      end: { type: "test/repeat-end", zone: "z" },
    },
    ["x.model > a.model", "y.model > b.model", "n.index > a.after", "a.sum > b.after"],
    { z: { kind: "repeat", carry: [] } },
  );
  const { memory } = await run(document, { residency: new Residency({ budgetBytes: 150 }) }).then((ran) => {
    ran.dispose();
    return ran;
  });
  expect(memory).toEqual(["+x", "-x", "+y", "-y", "+x", "-x", "+y", "-y", "+x", "-x", "+y"]);
});

test("M4 a node that is larger than the budget runs all the same and warns once", async () => {
  const { outputs, warnings, dispose } = await run(pipeline, {
    residency: new Residency({ budgetBytes: 200 }),
  });
  expect(outputs["c"]?.["sum"]).toBe(450);
  expect(warnings).toEqual([expect.stringMatching(/^It needs about .* more than the memory budget/)]);
  dispose();
});

test("M5 a load that fails fails the node that needed it, and the next run tries again", async () => {
  const cache = createCache({ budgetBytes: 1e6 });
  Model.failing = "unet";
  const residency = new Residency();
  await expect(run(pipeline, { cache, residency })).rejects.toMatchObject({
    node: "b",
    message: expect.stringContaining("The disk was pulled out.") as string,
  });
  Model.failing = "";
  const again = await run(pipeline, { cache, residency });
  expect(again.memory).toEqual(["+unet", "+vae"]);
  again.dispose();
  cache.clear();
  expect(Model.all.every(({ disposed, isLoaded }) => disposed && !isLoaded)).toBe(true);
});

test("M5 a cancelled run stops at the load", async () => {
  const controller = new AbortController();
  controller.abort();
  await expect(run(pipeline, { signal: controller.signal })).rejects.toMatchObject({ name: "AbortError" });
  expect(Model.all.every(({ isLoaded }) => !isLoaded)).toBe(true);
});

test("M6 M7 what is loaded stays from run to run, though it is larger than the cache", async () => {
  const cache = createCache({ budgetBytes: 4000 });
  const residency = new Residency();
  const document = graphOf({ m: load("m", 1e9), u: { type: "use", params: { working: 1 } } }, [
    "m.model > u.model",
  ]);
  (await run(document, { cache, residency })).dispose();
  const changed = graphOf({ m: load("m", 1e9), u: { type: "use", params: { working: 2 } } }, [
    "m.model > u.model",
  ]);
  const second = await run(changed, { cache, residency });
  expect(second.memory).toEqual([]);
  expect(Model.all.map(({ loads }) => loads)).toEqual([1]);
  second.dispose();
  expect(residency.bytes).toBe(1e9);
  cache.clear();
  expect(residency.bytes).toBe(0);
});

test("M8 any budget gives the same results", async () => {
  const sums: unknown[] = [];
  for (const budgetBytes of [undefined, 1, 100, 300, 400, 1000]) {
    const { outputs, dispose } = await run(pipeline, { residency: new Residency({ budgetBytes }) });
    sums.push(outputs["c"]?.["sum"]);
    dispose();
  }
  expect(new Set(sums)).toEqual(new Set([450]));
});
