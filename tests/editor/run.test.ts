import { describe, expect, test } from "vitest";
import type { GraphDocument } from "../../src/engine/graph/document.ts";
import type { RunEvent } from "../../src/engine/run/events.ts";
import { RunControl } from "../../src/editor/run/run-control.ts";
import { RunModel, formatDuration, formatNumber } from "../../src/editor/run/run-model.ts";
import { EditorSession } from "../../src/editor/store/session.ts";
import type { EngineClient, RunOutcome, RunWatch } from "../../src/editor/worker/engine-client.ts";
import { zoned } from "./fixtures/graphs.ts";
import { catalog } from "./fixtures/registry.ts";

const nothing = (): Promise<void> => Promise.resolve();
const noWatch: RunWatch = {
  pause: nothing,
  proceed: nothing,
  step: nothing,
  finish: nothing,
  sample: nothing,
  sampleEvery: nothing,
  inspect: () => Promise.resolve({ kind: "unmade" }),
  zones: () => Promise.resolve([]),
  stepReport: () => Promise.reject(new Error("nothing is recorded")),
  saveCheckpoint: () => Promise.reject(new Error("nothing is recorded")),
};

/** An engine that tells these events and then ends in this way. */
function engine(
  events: readonly RunEvent[],
  outcome: RunOutcome | Error,
): EngineClient & { readonly ran: unknown[] } {
  const ran: unknown[] = [];
  return {
    ran,
    init: ({ backend }) => Promise.resolve({ backend, reason: "asked for" }),
    run: (_document, options, onEvent) => {
      ran.push(options);
      for (const event of events) onEvent(event);
      return outcome instanceof Error ? Promise.reject(outcome) : Promise.resolve(outcome);
    },
    cancel: () => Promise.resolve(),
    ...noWatch,
    addFiles: () => Promise.resolve(),
    upgrade: (document) =>
      Promise.resolve({
        ...document,
        nodes: Object.fromEntries(
          Object.entries(document.nodes).map(([id, node]) => [id, { ...node, version: 2 }]),
        ),
      }),
  };
}

const reason = { kind: "first-run" } as const;
const started = (node: string): RunEvent => ({ type: "nodeStarted", node, reason });
const finished = (node: string, cached = false): RunEvent => ({
  type: "nodeFinished",
  node,
  ms: 5,
  bytes: 8,
  cached,
  reason,
});
const round = (index: number): RunEvent => ({
  type: "iteration",
  zone: "loop",
  index,
  total: 3,
  scalars: { loss: 0.123456 },
});

describe("what a run shows", () => {
  test("nodes wait, run and are done; a zone counts at its begin until its end is done", () => {
    const runs = new RunModel();
    runs.start([{ id: "loop", begin: "begin", end: "end" }], 0);
    runs.handle({ type: "planned", nodes: ["spin", "begin", "ply", "end"] });
    expect(runs.node("ply").status).toBe("waiting");
    for (const event of [started("spin"), finished("spin", true), started("begin"), finished("begin")])
      runs.handle(event);
    expect(runs.node("spin").status).toBe("cached");
    for (const index of [0, 1, 2])
      for (const event of [started("ply"), finished("ply"), round(index)]) runs.handle(event);
    expect(runs.node("begin")).toMatchObject({
      status: "running",
      progress: { done: 3, total: 3, note: "loss 0.1235" },
    });
    expect(runs.count).toEqual({ done: 3, total: 4 });
    runs.handle(finished("end"));
    expect(runs.node("begin").status).toBe("done");
    expect(runs.count).toEqual({ done: 4, total: 4 });
    runs.end("done", 1234);
    expect(runs.summary).toEqual({ kind: "done", ms: 1234 });
  });

  test("after a cancel nothing looks as if it still ran", () => {
    const runs = new RunModel();
    runs.start([], 0);
    runs.handle({ type: "planned", nodes: ["spin", "ply"] });
    runs.handle(started("spin"));
    runs.handle({ type: "progress", node: "spin", done: 1, total: 9 });
    runs.end("cancelled", 1);
    expect([runs.node("spin").status, runs.node("ply").status]).toEqual(["idle", "idle"]);
    expect(runs.node("spin").progress).toBeUndefined();
  });

  test("a new run forgets errors but keeps pictures until there are new ones", () => {
    const runs = new RunModel();
    const preview = { kind: "text", text: "hello" } as const;
    runs.start([], 0);
    runs.handle({ type: "preview", node: "spin", preview });
    runs.handle({ type: "nodeFailed", node: "spin", port: "length", message: "too long" });
    expect(runs.faults()).toEqual([{ node: "spin", port: "length", message: "too long" }]);
    runs.end("failed", 1);
    runs.start([], 2);
    expect(runs.faults()).toEqual([]);
    expect(runs.node("spin").preview).toBe(preview);
  });
});

describe("running", () => {
  test("a failure stands at its node and in the list of problems", async () => {
    const session = new EditorSession(catalog, zoned);
    const outcome = { kind: "failed", message: 'Node "spin" (Spin): no wool', node: "spin" } as const;
    await new RunControl(session, engine([started("spin")], outcome)).run();
    expect(session.runs.summary?.kind).toBe("failed");
    expect(session.problems()).toEqual([{ node: "spin", message: 'Node "spin" (Spin): no wool' }]);
  });

  test("an engine that dies ends the run in words, and the next run works", async () => {
    const session = new EditorSession(catalog, zoned);
    const control = new RunControl(session, engine([], new Error("The engine stopped: out of memory.")));
    await control.run();
    expect(control.failure).toMatch(/out of memory/);
    expect(session.runs.phase).toBe("idle");
  });

  test("only what is asked for is run", async () => {
    const client = engine([], { kind: "done" });
    await new RunControl(new EditorSession(catalog, zoned), client).run(["weave"]);
    expect(client.ran).toEqual([{ only: ["weave"] }]);
  });

  test("nodes of an older version are brought up to date, as one step that can be undone", async () => {
    const old: GraphDocument = {
      format: 1,
      nodes: { weave: { type: "cloth/weave", version: 1, params: {} } },
      edges: [],
    };
    const session = new EditorSession(catalog, old);
    expect(session.faults.map((fault) => fault.message).join()).toMatch(/version 1.*now version 2/);
    const control = new RunControl(session, engine([], { kind: "done" }));
    await control.upgrade();
    expect(session.document.nodes["weave"]?.version).toBe(2);
    const current = session.document;
    await control.upgrade();
    expect(session.document).toBe(current);
    session.store.undo();
    expect(session.document).toBe(old);
  });

  test("faults of the graph are found while it is edited, before any run", () => {
    const session = new EditorSession(catalog, zoned);
    expect(session.faults).toEqual([]);
    session.store.execute("cut", (document) => ({
      ...document,
      edges: document.edges.filter((edge) => edge.to !== "weave.warp"),
    }));
    expect(session.faults).toMatchObject([{ code: "missing-input", node: "weave", port: "warp" }]);
    session.store.undo();
    expect(session.faults).toEqual([]);
  });
});

test("numbers and times are short", () => {
  expect([formatNumber(0.123456), formatNumber(1e-9), formatNumber(42), formatNumber(Number.NaN)]).toEqual([
    "0.1235",
    "1.00e-9",
    "42",
    "NaN",
  ]);
  expect([formatDuration(0.2), formatDuration(420.4), formatDuration(1500), formatDuration(61_000)]).toEqual([
    "< 1 ms",
    "420 ms",
    "1.5 s",
    "1 min 1 s",
  ]);
});
