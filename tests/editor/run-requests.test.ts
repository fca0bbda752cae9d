import { describe, expect, test, vi } from "vitest";
import type { GraphDocument } from "../../src/engine/graph/document.ts";
import { Catalog } from "../../src/editor/graph/catalog.ts";
import { setParam } from "../../src/editor/graph/edits.ts";
import { missingFiles, offersFor } from "../../src/editor/run/missing.ts";
import { RunControl } from "../../src/editor/run/run-control.ts";
import { RunModel } from "../../src/editor/run/run-model.ts";
import { RunSeries } from "../../src/editor/run/run-series.ts";
import { runWords } from "../../src/editor/run/run-words.ts";
import { nextSeeds, seedsOf, seedValues, setSeedMode } from "../../src/editor/run/seeds.ts";
import { TimeLeft } from "../../src/editor/run/time-left.ts";
import { SHORTCUTS } from "../../src/editor/shortcuts.ts";
import { EditorSession } from "../../src/editor/store/session.ts";
import type {
  EngineClient,
  RunOptions,
  RunOutcome,
  RuntimeInfo,
} from "../../src/editor/worker/engine-client.ts";
import { describeNodes } from "../../src/nodes/describe.ts";

const catalog = new Catalog(describeNodes());
const graph = (seed: number | string = 5): GraphDocument => ({
  format: 1,
  nodes: {
    seed: { type: "value/seed", version: 1, params: { seed } },
    noise: { type: "sampling/noise", version: 1, params: { batch: 1 } },
  },
  edges: [{ from: "seed.generator", to: "noise.generator" }],
});
const seedOf = (document: GraphDocument): unknown => document.nodes["seed"]?.params["seed"];

/** An engine whose runs end when they are told to. */
class SlowEngine {
  readonly ran: { readonly seed: unknown; readonly options: RunOptions }[] = [];
  #end: ((outcome: RunOutcome) => void) | undefined;

  readonly client = {
    init: () => Promise.resolve({ backend: "wasm", reason: "asked for" }),
    run: (document: GraphDocument, options: RunOptions) => {
      this.ran.push({ seed: seedOf(document), options });
      return new Promise<RunOutcome>((resolve) => (this.#end = resolve));
    },
    cancel: () => Promise.resolve(this.end("cancelled")),
    addFiles: () => Promise.resolve(),
    sampleEvery: () => Promise.resolve(),
  } as unknown as EngineClient;

  end(kind: "done" | "cancelled" = "done"): void {
    this.#end?.({ kind });
    this.#end = undefined;
  }
}

function setUp(document = graph()): { session: EditorSession; control: RunControl; engine: SlowEngine } {
  const session = new EditorSession(catalog, document);
  const engine = new SlowEngine();
  return { session, control: new RunControl(session, engine.client), engine };
}
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

describe("seeds", () => {
  test("a fixed seed stays; one that counts is used first as it was typed; a random one is drawn each time", () => {
    const fixed = graph();
    expect(nextSeeds(fixed, catalog, { "seed.seed": 5 })(fixed)).toBe(fixed);
    const counting = setSeedMode("seed.seed", "increment")(graph());
    expect(seedOf(nextSeeds(counting, catalog, undefined)(counting))).toBe(5);
    expect(seedOf(nextSeeds(counting, catalog, { "seed.seed": 4 })(counting))).toBe(5);
    expect(seedOf(nextSeeds(counting, catalog, { "seed.seed": 5 })(counting))).toBe(6);
    const random = setSeedMode("seed.seed", "random")(graph());
    expect(seedOf(nextSeeds(random, catalog, undefined, () => 77)(random))).toBe(77);
    expect(setSeedMode("seed.seed", "fixed")(random).view).toEqual({ seedModes: {} });
  });

  test("seeds of 64 bits are counted on without rounding, and begin again at 0", () => {
    const next = (seed: number | string): unknown => {
      const document = setSeedMode("seed.seed", "increment")(graph(seed));
      return seedOf(nextSeeds(document, catalog, { "seed.seed": seed })(document));
    };
    expect(next("18446744073709551614")).toBe("18446744073709551615");
    expect(next("18446744073709551615")).toBe(0);
    expect(next(Number.MAX_SAFE_INTEGER)).toBe("9007199254740992");
  });

  test("a seed that a wire sets is not offered", () => {
    const wired: GraphDocument = {
      ...graph(),
      nodes: { ...graph().nodes, number: { type: "value/integer", version: 1, params: {} } },
      edges: [{ from: "number.value", to: "seed.seed" }],
    };
    expect(seedsOf(wired, catalog)).toEqual([]);
  });
});

describe("the seed that is shown is the one that was used", () => {
  test.each(["increment", "random"] as const)("%s", async (mode) => {
    const { session, control, engine } = setUp(setSeedMode("seed.seed", mode)(graph()));
    for (let round = 0; round < 3; round++) {
      const run = control.run();
      await turn();
      const shown = seedOf(session.document);
      expect(engine.ran[round]?.seed).toBe(shown);
      engine.end();
      const record = await run;
      expect(seedOf(session.document)).toBe(shown);
      expect(record).toMatchObject({ kind: "done", seeds: { "seed.seed": shown }, backend: "wasm" });
      expect(seedOf(record?.document ?? graph())).toBe(shown);
    }
    const used = engine.ran.map(({ seed }) => seed);
    if (mode === "increment") expect(used).toEqual([5, 6, 7]);
    else expect(new Set(used).size).toBe(3);
  });

  test("a fork runs with the seed that is shown", async () => {
    const { session, control, engine } = setUp(setSeedMode("seed.seed", "random")(graph()));
    void control.run({ resume: { zone: "z", index: 3 } });
    await turn();
    expect([engine.ran[0]?.seed, seedOf(session.document)]).toEqual([5, 5]);
    expect(engine.ran[0]?.options.resume).toEqual({ zone: "z", index: 3 });
    engine.end();
  });
});

describe("the queue", () => {
  test("runs follow each other with their own seeds, each shown while it runs", async () => {
    const { session, control, engine } = setUp(setSeedMode("seed.seed", "increment")(graph()));
    const all = control.queue.add(3);
    await turn();
    for (const seed of [5, 6, 7]) {
      expect([engine.ran.at(-1)?.seed, seedOf(session.document)]).toEqual([seed, seed]);
      // An edit in between is for later runs: a queued run is that of the graph that was queued.
      session.store.execute("edit", setParam("noise", "batch", seed));
      engine.end();
      await turn();
    }
    await all;
    expect(engine.ran).toHaveLength(3);
    expect(control.queue.entries.map(({ state }) => state)).toEqual(["done", "done", "done"]);
    expect(control.history.records.map(({ document }) => document.nodes["noise"]?.params["batch"])).toEqual([
      1, 1, 1,
    ]);
  });

  test("what is added later goes on counting", async () => {
    const { control, engine } = setUp(setSeedMode("seed.seed", "increment")(graph()));
    void control.queue.add(2);
    void control.queue.add(2);
    expect(control.queue.entries.map(({ seeds }) => seeds["seed.seed"])).toEqual([5, 6, 7, 8]);
    await turn();
    control.queue.clear();
    engine.end();
  });

  test("a run that is cancelled stops the queue; what waits can be continued or taken out", async () => {
    const { control, engine } = setUp(setSeedMode("seed.seed", "increment")(graph()));
    const all = control.queue.add(3);
    await turn();
    await control.cancel();
    await all;
    expect(control.queue.entries.map(({ state }) => state)).toEqual(["cancelled", "waiting", "waiting"]);
    expect(control.queue.isGoing).toBe(false);
    control.queue.remove(2);
    const rest = control.queue.go();
    await turn();
    expect(engine.ran.at(-1)?.seed).toBe(7);
    engine.end();
    await rest;
    expect(control.queue.entries.map(({ state }) => state)).toEqual(["cancelled", "done"]);
  });
});

describe("running on every change", () => {
  test("edits are gathered, the old run is cancelled, and seeds stay as they are", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const { session, control, engine } = setUp(setSeedMode("seed.seed", "random")(graph()));
      control.onChange.set(true);
      await vi.advanceTimersByTimeAsync(400);
      expect(engine.ran).toHaveLength(1);
      session.store.execute("edit", setParam("noise", "batch", 2));
      session.store.execute("edit", setParam("noise", "batch", 3));
      await vi.advanceTimersByTimeAsync(400);
      expect(engine.ran.map(({ seed }) => seed)).toEqual([5, 5]);
      expect(control.history.records.map(({ kind }) => kind)).toEqual(["cancelled"]);
      // Moving a node changes nothing that is run.
      session.store.execute("move", (document) => ({ ...document, layout: { seed: [1, 2] } }));
      // A graph with a fault is not run.
      session.store.execute("cut", (document) => ({ ...document, edges: [] }));
      await vi.advanceTimersByTimeAsync(1000);
      expect(engine.ran).toHaveLength(2);
      control.onChange.set(false);
      session.store.undo();
      await vi.advanceTimersByTimeAsync(1000);
      expect(engine.ran).toHaveLength(2);
    } finally {
      vi.useRealTimers();
    }
  });
});

test("of two backends that were chosen one after the other the last counts, whichever is ready first", async () => {
  const ends = new Map<string, (runtime: RuntimeInfo) => void>();
  const client = {
    init: ({ backend }: { readonly backend: string }) =>
      new Promise<RuntimeInfo>((resolve) => ends.set(backend, resolve)),
  } as EngineClient;
  const control = new RunControl(new EditorSession(catalog, graph()), client);
  const first = control.start("auto");
  const last = control.start("webgpu");
  let isReady = false;
  void first.then(() => (isReady = true));
  ends.get("auto")?.({ backend: "wasm", reason: "no GPU" });
  await turn();
  expect([control.runtime, isReady]).toEqual([undefined, false]);
  ends.get("webgpu")?.({ backend: "webgpu", reason: "asked for" });
  await Promise.all([first, last]);
  expect(control.runtime?.backend).toBe("webgpu");
});

describe("while the engine is still starting", () => {
  /** Its start takes until it is told to end; what it is asked is noted. */
  function starting(): ReturnType<typeof setUp> & { readonly asked: string[]; start: () => void } {
    let start = (): void => undefined;
    const asked: string[] = [];
    const { session, engine } = setUp();
    const note = (what: string) => (): Promise<void> => Promise.resolve(void asked.push(what));
    const client = {
      ...engine.client,
      init: () =>
        new Promise((resolve) => {
          start = () => resolve({ backend: "wasm", reason: "asked for" });
        }),
      pause: note("pause"),
      proceed: note("proceed"),
      step: note("step"),
    } as EngineClient;
    return { session, control: new RunControl(session, client), engine, asked, start: () => start() };
  }

  test("a run that is cancelled never begins", async () => {
    const { session, control, engine, start } = starting();
    const run = control.run();
    await turn();
    await control.cancel();
    expect(session.runs.phase).toBe("cancelling");
    start();
    expect(await run).toMatchObject({ kind: "cancelled" });
    expect([engine.ran, session.runs.phase]).toEqual([[], "idle"]);
    void control.run();
    await turn();
    expect(engine.ran).toHaveLength(1);
    engine.end();
  });

  test.each([
    ["paused", 1, true],
    ["paused, and let go on", 2, undefined],
  ] as const)("a run can be %s", async (_words, presses, paused) => {
    const { session, control, engine, asked, start } = starting();
    void control.run();
    await turn();
    for (let press = 0; press < presses; press++) await control.pauseOrProceed();
    expect(runWords(session.runs, control.isPausing)).toMatch(presses === 1 ? /Will pause/ : /^Running/);
    start();
    await turn();
    expect([engine.ran[0]?.options.paused, asked]).toEqual([paused, []]);
    // Now it is the engine's.
    await control.pauseOrProceed();
    expect(asked).toEqual([presses === 1 ? "proceed" : "pause"]);
    engine.end();
  });
});

describe("what a run tells", () => {
  test("it is held up before a step, goes on, and samples", () => {
    const runs = new RunModel();
    runs.start([], 0);
    runs.handle({ type: "held", zone: "train", index: 4 });
    expect(runWords(runs)).toBe("Paused before step 5 of train");
    runs.handle({ type: "sampling", zone: "train", index: 4 });
    expect(runWords(runs)).toBe("Sampling at step 4 of train");
    runs.handle({ type: "sampled", zone: "train", index: 4 });
    runs.handle({ type: "released" });
    expect(runs.held).toBeUndefined();
    runs.handle({ type: "held", zone: "train", index: 5 });
    runs.end("cancelled", 10);
    expect(runs.held).toBeUndefined();
  });

  test("the time left follows the pace", () => {
    const left = new TimeLeft();
    expect(left.step("z", 1, 10, 0)).toBeUndefined();
    expect(left.step("z", 2, 10, 100)).toBe(800);
    expect(left.step("z", 4, 10, 300)).toBe(600);
    expect(left.step("z", 5, 10, 500)).toBeCloseTo(5 * 120);
    expect(left.step("z", 1, 10, 600)).toBeUndefined();
  });

  test("curves grow, and a loop taken up at an earlier step replaces what came after it", () => {
    const series = new RunSeries();
    for (const step of [1, 2, 3, 4]) series.add("train", step, { loss: step / 10 });
    series.add("train", 3, { loss: 9, norm: 1 });
    expect(series.of("train")?.steps).toEqual([1, 2, 3]);
    expect(series.of("train")?.values.get("loss")).toEqual([0.1, 0.2, 9]);
    expect(series.of("train")?.values.get("norm")).toEqual([null, null, 1]);
    series.add("other", 1, {});
    expect(series.owners).toEqual(["train"]);
    series.clear(["train"]);
    expect(series.owners).toEqual(["train"]);
    series.clear();
    expect(series.owners).toEqual([]);
  });
});

describe("what is missing", () => {
  const loading = (source: string): GraphDocument => ({
    format: 1,
    nodes: { unet: { type: "model/load-unet", version: 1, params: { source } } },
    edges: [],
  });

  test("files of a disk that nobody chose are named when the graph is opened, at node and port", async () => {
    const { session, control } = setUp(loading("file:my-unet"));
    expect(session.faults).toMatchObject([{ node: "unet", port: "source" }]);
    expect(session.faults[0]?.message).toMatch(/"my-unet" is a file or folder of a disk.*Choose it/);
    await control.addFiles([{ path: "my-unet/config.json", file: new File([], "config.json") }]);
    expect(session.faults).toEqual([]);
    session.store.replace(loading("file:other"));
    expect(session.faults).toHaveLength(1);
    expect(missingFiles(loading("hf:google/ddpm-cifar10-32"), catalog, new Set())).toEqual([]);
  });

  test("each problem comes with ways out of it", () => {
    const kinds = (document: GraphDocument, message: string, port?: string): unknown[] =>
      offersFor({ node: "unet", message, ...(port !== undefined && { port }) }, document, catalog).map(
        ({ kind, label }) => [kind, label],
      );
    const hub = loading("hf:google/ddpm-cifar10-32");
    expect(kinds(hub, 'Node "unet" (Load U-Net): "hf:google/ddpm-cifar10-32" could not be fetched')).toEqual([
      ["pick-file", "Choose from your disk…"],
      ["link", "Look at it on the Hub"],
      ["set-source", "Use bundled:mnist-ddpm, which ships with the page"],
    ]);
    expect(kinds(hub, "the sample has 3 channels")).toEqual([]);
    expect(kinds(loading("file:x"), "choose", "source")[0]).toEqual(["pick-file", "Choose from your disk…"]);
    const unknown: GraphDocument = {
      format: 1,
      nodes: { unet: { type: "vendor/unet", version: 1, params: {} } },
      edges: [],
    };
    expect(kinds(unknown, "is of the unknown type").map((offer) => (offer as string[])[0])).toEqual([
      "find-node",
      "delete-node",
    ]);
    expect(seedValues(unknown, catalog)).toEqual({});
  });
});

test("no two shortcuts share a key", () => {
  const keys = SHORTCUTS.flatMap((shortcut) => shortcut.keys);
  expect(keys.filter((key, at) => keys.indexOf(key) !== at)).toEqual([]);
});
