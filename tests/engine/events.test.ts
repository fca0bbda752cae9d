import { afterEach, describe, expect, test } from "vitest";
import {
  EngineError,
  execute,
  plan,
  text,
  type GraphDocument,
  type RunEvent,
} from "../../src/engine/index.ts";
import { portNamed } from "../../src/engine/run/port-named.ts";
import {
  Box,
  boxHost,
  description,
  expectNothingLeft,
  failure,
  files,
  graph,
  registry,
  run,
  showNode,
} from "./support.ts";

afterEach(expectNothingLeft);

const chain = graph({ a: "box", b: "add" }, ["a.box > b.a"]);
const names = (events: readonly RunEvent[]): string[] =>
  events.map((event) => ("node" in event ? `${event.type} ${event.node}` : event.type));

test("E1 planned first, each node started before it finishes, finished last", async () => {
  const result = await run(chain);
  expect(names(result.events)).toEqual([
    "planned",
    "nodeStarted a",
    "nodeFinished a",
    "nodeStarted b",
    "nodeFinished b",
    "finished",
  ]);
  expect(result.events[0]).toEqual({ type: "planned", nodes: ["a", "b"] });
  expect(result.events[4]).toMatchObject({ bytes: 2000, cached: false, ms: expect.any(Number) as number });
  result.dispose();
});

test("E1 a reader hears of a node before it runs", async () => {
  const heard: string[] = [];
  let atRun: string[] = [];
  const host = { ...boxHost, scope: <T>(fn: () => T): T => ((atRun = [...heard]), boxHost.scope(fn)) };
  const result = await run(graph({ a: "box" }), { host, onEvent: (event) => heard.push(...names([event])) });
  expect(atRun).toEqual(["planned", "nodeStarted a"]);
  result.dispose();
});

test("E1 E2 a failed run ends with nodeFailed, and the error says where and keeps its cause", async () => {
  const events: RunEvent[] = [];
  const document = graph({ a: { type: "box", params: { value: 2 } }, f: "fail" }, ["a.box > f.box"]);
  const error = await failure(run(document, { onEvent: (event) => events.push(event) }));
  expect(events.at(-1)).toEqual({
    type: "nodeFailed",
    node: "f",
    message: 'Node "f" (Fail above): 2 is above 0',
  });
  expect(error.cause).toBeInstanceOf(Error);
  expect((error.cause as Error).message).toBe("2 is above 0");
});

describe("E2", () => {
  test.each([
    ["an input", "box is too heavy", "box"],
    ["a parameter", "broken must be mended", "broken"],
    ["what a parameter holds", '"my/file" is not there', "name"],
    ["no name", "it is 2 above 0", undefined],
    ["a word that goes on", "boxes are heavy", undefined],
    ["a name of an object's own", "constructor is odd", undefined],
  ])("an error whose message begins with %s stands there", (_words, message, port) => {
    const definition = { ...showNode, params: { ...showNode.params, name: text({ default: "", doc: "" }) } };
    expect(portNamed(message, definition, { broken: false, name: "my/file" })).toBe(port);
  });
});

test("E3 a preview that fails is a warning; without `previews` there are none", async () => {
  const document = (broken: boolean): GraphDocument =>
    graph({ a: "box", s: { type: "show", params: { broken } } }, ["a.box > s.box"]);
  const fine = await run(document(false), { previews: true });
  expect(fine.events).toContainEqual({ type: "preview", node: "s", preview: { kind: "text", text: "0" } });
  fine.dispose();
  const broken = await run(document(true), { previews: true });
  expect(broken.events).toContainEqual({
    type: "warning",
    node: "s",
    message: "No preview: the screen is dark",
  });
  expect(broken.events.at(-1)?.type).toBe("finished");
  broken.dispose();
  const none = await run(document(false));
  expect(none.events.map(({ type }) => type)).not.toContain("preview");
  none.dispose();
});

test("E3 in a loop previews are spaced, and the last iteration always has one", async () => {
  const document = graph(
    {
      b: { type: "repeat-begin", zone: "z", params: { times: 20 } },
      s: { type: "show", zone: "z" },
      e: { type: "repeat-end", zone: "z" },
    },
    ["b.fresh > s.box"],
    { z: { kind: "repeat", carry: [] } },
  );
  const shown = async (everyMs: number, always?: () => boolean): Promise<unknown[]> => {
    const result = await run(document, { previews: { everyMs, ...(always && { always }) } });
    result.dispose();
    return result.events.flatMap((event) =>
      event.type === "preview" && event.preview.kind === "text" ? [event.preview.text] : [],
    );
  };
  expect(await shown(1e9)).toEqual(["0", "19"]);
  expect(await shown(0)).toHaveLength(20);
  let asked = 0;
  expect(await shown(1e9, () => ++asked > 17)).toEqual(["0", "17", "18", "19"]);
});

test("E4 a slow reader slows the run", async () => {
  const made = plan(description, graph({ a: "box", b: "box", c: "box" }));
  const events = execute(made, { registry, host: boxHost });
  const first = await events.next();
  expect(first.value).toMatchObject({ type: "planned" });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(Box.living).toBe(0);
  for (;;) {
    const next = await events.next();
    if (next.done !== true) continue;
    next.value.dispose();
    break;
  }
});

test("E4 a reader that stops cancels the run, and everything is freed", async () => {
  const document = graph(
    {
      a: "box",
      b: { type: "repeat-begin", zone: "z", params: { times: 1e6 } },
      e: { type: "repeat-end", zone: "z" },
    },
    ["a.box > b.x", "b.x > e.x"],
    { z: { kind: "repeat", carry: ["x"] } },
  );
  for await (const event of execute(plan(description, document), { registry, host: boxHost })) {
    if (event.type === "iteration" && event.index === 3) break;
  }
  expect(Box.living).toBe(0);
});

test("E4 a reader that throws after the end does not leak the result", async () => {
  const reading = async (): Promise<void> => {
    for await (const event of execute(plan(description, chain), { registry, host: boxHost })) {
      if (event.type === "finished") throw new Error("reader");
    }
  };
  await expect(reading()).rejects.toThrow("reader");
  expect(Box.living).toBe(0);
});

test("E5 progress and warnings come with the node's id", async () => {
  files.set("odd", 1);
  const result = await run(graph({ l: { type: "load", params: { name: "odd" } } }));
  expect(result.events).toContainEqual({ type: "progress", node: "l", done: 1, total: 2, note: "reading" });
  expect(result.events).toContainEqual({ type: "warning", node: "l", message: "an odd file" });
  result.dispose();
});

test("E2 an error without a place has none in its message", () => {
  expect(new EngineError("lost").message).toBe("lost");
  expect(new EngineError("lost", { node: "a", title: "A", zone: "z", iteration: 2 }).message).toBe(
    'Node "a" (A): lost [zone "z", iteration 2]',
  );
});
