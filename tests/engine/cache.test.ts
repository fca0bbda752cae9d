import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createCache, type GraphDocument, type RunCache, type RunReason } from "../../src/engine/index.ts";
import { hashText } from "../../src/engine/run/hash.ts";
import { Box, expectNothingLeft, failure, files, graph, run, runsOf, saved, type Ran } from "./support.ts";

let cache: RunCache;
beforeEach(() => (cache = createCache({ budgetBytes: 1e6 })));
afterEach(() => {
  cache.clear();
  expectNothingLeft();
});

const valueOf = (value: unknown): number => (value as Box).value;
const chain = (value = 4, plus = 1): GraphDocument =>
  graph({ a: { type: "box", params: { value } }, b: { type: "add", params: { plus } }, c: "add" }, [
    "a.box > b.a",
    "b.sum > c.a",
  ]);
const set = (document: GraphDocument, node: string, params: Record<string, number>): GraphDocument => ({
  ...document,
  nodes: { ...document.nodes, [node]: { ...document.nodes[node], params } as never },
});

async function reasonsOf(
  document: GraphDocument,
  options: Parameters<typeof run>[1] = {},
): Promise<Ran["reasons"]> {
  const result = await run(document, { cache, ...options });
  result.dispose();
  return result.reasons;
}
const cached: RunReason = { kind: "cached" };
const first: RunReason = { kind: "first-run" };

test("C1 ids, titles, layout and the order in the file do not enter; parameters, wires and types do", async () => {
  await reasonsOf(chain());
  const renamed: GraphDocument = {
    ...graph(
      { z: "add", y: { type: "add", params: { plus: 1 } }, x: { type: "box", params: { value: 4 } } },
      ["y.sum > z.a", "x.box > y.a"],
    ),
    layout: { x: [7, 7] },
  };
  const titled = {
    ...renamed,
    nodes: { ...renamed.nodes, x: { ...renamed.nodes["x"], title: "mine" } as never },
  };
  expect(await reasonsOf(titled)).toEqual({ x: cached, y: cached, z: cached });
  const fresh = await reasonsOf(
    graph({ x: { type: "box", params: { value: 4 } }, y: { type: "async-add", params: { plus: 1 } } }, [
      "x.box > y.a",
    ]),
  );
  expect(fresh["y"]).toEqual({ kind: "definition-changed" });
});

test("C1 a default and the same value stored are one", async () => {
  await reasonsOf(graph({ a: { type: "box", params: { value: 0 } } }));
  expect(await reasonsOf(graph({ a: "box" }))).toEqual({ a: cached });
});

test("C1 which output and which input a wire joins makes a difference", async () => {
  const two = (from: string, to: string): GraphDocument =>
    graph({ a: { type: "box", params: { value: 4 } }, b: "add", c: "add" }, [
      "a.box > b.a",
      `b.${from} > c.a`,
      `a.box > c.${to}`,
    ]);
  const results: number[] = [];
  for (const [from, to] of [
    ["sum", "b"],
    ["half", "b"],
  ] as const) {
    const result = await run(two(from, to), { cache });
    results.push(valueOf(result.outputs["c"]?.["sum"]));
    result.dispose();
  }
  expect(results).toEqual([8, 6]);
});

test("C2 a cached result equals a fresh one, and outlives the run that made it", async () => {
  const fresh = await run(chain(), { cache });
  const freshValue = valueOf(fresh.outputs["c"]?.["half"]);
  fresh.dispose();
  const again = await run(chain(), { cache });
  expect(valueOf(again.outputs["c"]?.["half"])).toBe(freshValue);
  expect(again.reasons).toEqual({ a: cached, b: cached, c: cached });
  cache.clear();
  expect(valueOf(again.outputs["c"]?.["half"])).toBe(freshValue);
  again.dispose();
});

describe("C3", () => {
  test("the entries stay within the budget; the least recently used go first", async () => {
    // Each box node takes 1000 bytes and 256 for the entry.
    cache = createCache({ budgetBytes: 3 * 1256 });
    const one = (value: number): GraphDocument => graph({ a: { type: "box", params: { value } } });
    for (const value of [1, 2, 3]) await reasonsOf(one(value));
    expect([cache.size, cache.bytes]).toEqual([3, 3 * 1256]);
    expect(await reasonsOf(one(1))).toEqual({ a: cached });
    await reasonsOf(one(4));
    expect(cache.size).toBe(3);
    expect(Box.living).toBe(3);
    const before = runsOf("box");
    for (const value of [1, 3, 4]) await reasonsOf(one(value));
    expect(runsOf("box")).toBe(before);
    await reasonsOf(one(2));
    expect(runsOf("box")).toBe(before + 1);
  });

  test("what is larger than the whole budget is not stored", async () => {
    cache = createCache({ budgetBytes: 1000 });
    await reasonsOf(chain());
    expect([cache.size, Box.living]).toEqual([0, 0]);
  });

  test("eviction during a run takes nothing from it", async () => {
    cache = createCache({ budgetBytes: 1300 });
    const result = await run(chain(), { cache });
    expect(valueOf(result.outputs["c"]?.["sum"])).toBe(5);
    result.dispose();
  });
});

describe("C4 the reason for each run", () => {
  test("first, then cached, then the changed parameter and what depends on it", async () => {
    expect(await reasonsOf(chain())).toEqual({ a: first, b: first, c: first });
    expect(await reasonsOf(chain())).toEqual({ a: cached, b: cached, c: cached });
    expect(await reasonsOf(chain(4, 2))).toEqual({
      a: cached,
      b: { kind: "param-changed", param: "plus" },
      c: { kind: "input-changed", port: "a", source: "b" },
    });
    expect(await reasonsOf(chain(5, 2))).toEqual({
      a: { kind: "param-changed", param: "value" },
      b: { kind: "input-changed", port: "a", source: "a" },
      c: { kind: "input-changed", port: "a", source: "a" },
    });
  });

  test("of several changed sources the nearest is named", async () => {
    await reasonsOf(chain());
    expect((await reasonsOf(chain(5, 2)))["c"]).toEqual({ kind: "input-changed", port: "a", source: "b" });
  });

  test("a new wire, a wire from elsewhere, a wire taken away", async () => {
    const nodes = {
      a: { type: "box", params: { value: 1 } },
      b: { type: "box", params: { value: 2 } },
      n: "int",
      c: "add",
    };
    await reasonsOf(graph(nodes, ["a.box > c.a"]));
    expect((await reasonsOf(graph(nodes, ["b.box > c.a"])))["c"]).toEqual({
      kind: "input-changed",
      port: "a",
      source: "b",
    });
    expect((await reasonsOf(graph(nodes, ["b.box > c.a", "a.box > c.b"])))["c"]).toEqual({
      kind: "input-changed",
      port: "b",
      source: "a",
    });
    expect((await reasonsOf(graph(nodes, ["b.box > c.a", "a.box > c.b", "n.value > c.plus"])))["c"]).toEqual({
      kind: "input-changed",
      port: "plus",
      source: "n",
    });
    expect((await reasonsOf(graph(nodes, ["a.box > c.a", "n.value > c.plus"])))["c"]).toMatchObject({
      kind: "input-changed",
    });
    expect((await reasonsOf(set(graph(nodes, ["a.box > c.a"]), "c", { plus: 3 })))["c"]).toEqual({
      kind: "param-changed",
      param: "plus",
    });
  });

  test("another type under the same id, a changed file, an evicted result", async () => {
    files.set("file", 1);
    await reasonsOf(graph({ a: "box", l: "load" }));
    files.set("file", 2);
    const changed = await reasonsOf(graph({ a: "int", l: "load" }));
    expect(changed).toEqual({ a: { kind: "definition-changed" }, l: { kind: "source-changed" } });
    cache.clear();
    expect(await reasonsOf(graph({ l: "load" }))).toEqual({ l: { kind: "evicted" } });
  });

  test("nodes in a loop: their own change, or what came in from outside", async () => {
    const loop = (value: number, plus: number): GraphDocument =>
      graph(
        {
          start: { type: "box", params: { value } },
          b: { type: "repeat-begin", zone: "z" },
          in: { type: "add", zone: "z", params: { plus } },
          next: { type: "add", zone: "z" },
          e: { type: "repeat-end", zone: "z" },
        },
        ["start.box > b.x", "b.x > in.a", "in.sum > next.a", "next.sum > e.x"],
        { z: { kind: "repeat", carry: ["x"] } },
      );
    await reasonsOf(loop(1, 1));
    expect(Object.values(await reasonsOf(loop(1, 1)))).toEqual([cached, cached, cached, cached, cached]);
    expect(await reasonsOf(loop(2, 1))).toEqual({
      start: { kind: "param-changed", param: "value" },
      b: { kind: "input-changed", port: "x", source: "start" },
      in: { kind: "input-changed", port: "a", source: "start" },
      next: { kind: "input-changed", port: "a", source: "start" },
      e: { kind: "input-changed", port: "x", source: "start" },
    });
    const inner = await reasonsOf(loop(2, 5));
    expect(inner).toMatchObject({
      start: cached,
      b: { kind: "input-changed", port: "end.x", source: "in" },
      in: { kind: "param-changed", param: "plus" },
      next: { kind: "input-changed", port: "a", source: "in" },
    });
  });
});

test("C5 a node that is not cacheable runs every time, and so does what depends on it; the rest does not", async () => {
  saved.length = 0;
  const document = graph(
    { a: { type: "box", params: { value: 3 } }, s: "save", t: "save", c: "add", d: "add" },
    ["a.box > s.box", "a.box > c.a", "t.written > c.plus", "a.box > d.a"],
  );
  for (let i = 0; i < 3; i++) {
    const reasons = await reasonsOf(document);
    expect(reasons["s"]).toEqual({ kind: "not-cacheable" });
    expect(reasons["c"]).toEqual(i === 0 ? first : { kind: "input-changed", port: "plus", source: "t" });
    expect(reasons["d"]).toEqual(i === 0 ? first : cached);
  }
  expect(saved.sort()).toEqual([0, 0, 0, 3, 3, 3]);
  expect(cache.size).toBe(2);
});

describe("C6 zones", () => {
  const loop = (
    times: number,
    extra: Parameters<typeof graph>[0] = {},
    wires: string[] = [],
  ): GraphDocument =>
    graph(
      {
        start: { type: "box", params: { value: 1 } },
        b: { type: "repeat-begin", zone: "z", params: { times } },
        in: { type: "add", zone: "z" },
        e: { type: "repeat-end", zone: "z" },
        ...extra,
      },
      ["start.box > b.x", "b.x > in.a", "b.fresh > in.b", "in.sum > e.x", ...wires],
      { z: { kind: "repeat", carry: ["x"] } },
    );

  test("a zone is one result, whatever its ids", async () => {
    await reasonsOf(loop(3));
    const before = runsOf("add");
    const result = await run(loop(3), { cache });
    expect(runsOf("add")).toBe(before);
    expect(valueOf(result.outputs["e"]?.["x"])).toBe(1 + 0 + 1 + 2);
    expect(result.events.filter(({ type }) => type === "iteration")).toEqual([]);
    result.dispose();
    expect((await reasonsOf(loop(5)))["b"]).toEqual({ kind: "param-changed", param: "times" });
  });

  test("what is kept of the body comes back; a new sink in the body makes the zone run", async () => {
    await reasonsOf(loop(3));
    const withPeek = loop(3, { peek: { type: "add", zone: "z" } }, ["in.half > peek.a"]);
    const one = await run(withPeek, { cache });
    expect(one.reasons["in"]).toEqual({ kind: "evicted" });
    const value = valueOf(one.outputs["peek"]?.["sum"]);
    one.dispose();
    const before = runsOf("add");
    const two = await run(withPeek, { cache });
    expect(runsOf("add")).toBe(before);
    expect(valueOf(two.outputs["peek"]?.["sum"])).toBe(value);
    two.dispose();
  });

  test("another value of a captured node makes it run", async () => {
    const captured = (value: number): GraphDocument =>
      loop(2, { k: { type: "box", params: { value } } }, ["k.box > e.watch"]);
    await reasonsOf(captured(1));
    expect((await reasonsOf(captured(2)))["e"]).toEqual({
      kind: "input-changed",
      port: "end.watch",
      source: "k",
    });
  });

  test("what is in the body for its previews alone belongs to the result", async () => {
    const shown = async (plus: number, times: number): Promise<unknown[]> => {
      const document = loop(
        2,
        {
          other: { type: "add", zone: "z", params: { plus } },
          s: { type: "show", zone: "z" },
          bi: { type: "repeat-begin", zone: "i", params: { times } },
          si: { type: "show", zone: "i" },
          ei: { type: "repeat-end", zone: "i" },
        },
        ["b.x > other.a", "other.sum > s.box", "bi.fresh > si.box"],
      );
      const zones = { ...document.zones, i: { kind: "repeat", carry: [], parent: "z" } };
      const result = await run({ ...document, zones }, { cache, previews: { everyMs: 0 } });
      result.dispose();
      const last = new Map(
        result.events.flatMap((event) =>
          event.type === "preview" && event.preview.kind === "text"
            ? [[event.node, event.preview.text] as const]
            : [],
        ),
      );
      return [last.get("s"), last.get("si")];
    };
    expect(await shown(10, 2)).toEqual(["11", "1"]);
    expect(await shown(20, 2)).toEqual(["21", "1"]);
    expect(await shown(20, 4)).toEqual(["21", "3"]);
    const before = runsOf("show");
    expect(await shown(20, 4)).toEqual(["21", "3"]);
    expect(runsOf("show")).toBe(before);
  });

  test("what stands behind a lazy input belongs to the key", async () => {
    const value = async (plus: number): Promise<number> => {
      const document = graph(
        {
          start: "box",
          b: { type: "repeat-begin", zone: "z", params: { times: 2 } },
          in: { type: "add", zone: "z", params: { plus } },
          l: { type: "lazy", zone: "z" },
          e: { type: "repeat-end", zone: "z" },
        },
        ["start.box > b.x", "b.x > in.a", "in.sum > l.later", "l.box > e.x"],
        { z: { kind: "repeat", carry: ["x"] } },
      );
      const result = await run(document, { cache });
      const last = valueOf(result.outputs["e"]?.["x"]);
      result.dispose();
      return last;
    };
    expect([await value(0), await value(5), await value(0)]).toEqual([2, 12, 2]);
  });

  test("a node in the body that must run every time keeps the zone out of the cache", async () => {
    saved.length = 0;
    const document = loop(2, { s: { type: "save", zone: "z" } }, ["in.sum > s.box"]);
    await reasonsOf(document);
    await reasonsOf(document);
    expect(saved).toEqual([1, 2, 1, 2]);
  });

  test("a failed zone leaves nothing in the cache", async () => {
    const document = loop(5, { f: { type: "fail", zone: "z", params: { limit: 2 } } }, ["in.sum > f.box"]);
    const error = await failure(run(document, { cache }));
    error.partial?.dispose();
    expect(cache.size).toBe(1);
  });
});

test("C7 what only cached steps would read is not run", async () => {
  cache = createCache({ budgetBytes: 1e6 });
  await reasonsOf(chain());
  // Only the last result is left.
  const small = createCache({ budgetBytes: 2300 });
  const one = await run(chain(), { cache: small });
  one.dispose();
  expect(small.size).toBe(1);
  const before = runsOf("box") + runsOf("add");
  const two = await run(chain(), { cache: small });
  expect(two.reasons).toEqual({ a: { kind: "not-needed" }, b: { kind: "not-needed" }, c: cached });
  expect(runsOf("box") + runsOf("add")).toBe(before);
  expect(valueOf(two.outputs["c"]?.["sum"])).toBe(5);
  two.dispose();
  // Asking for more runs just that much again.
  const three = await run(chain(), { cache: small, keep: ["a.box"] });
  expect(three.reasons["b"]).toEqual({ kind: "not-needed" });
  expect(three.reasons["a"]).toEqual({ kind: "evicted" });
  three.dispose();
  small.clear();
});

describe("C8 cacheKey", () => {
  test("a changed file is loaded again, an unchanged one is not", async () => {
    files.set("file", 5);
    const loads = runsOf("load");
    for (let i = 0; i < 3; i++) await reasonsOf(graph({ l: "load" }));
    expect(runsOf("load") - loads).toBe(1);
    files.set("file", 6);
    const result = await run(graph({ l: "load" }), { cache });
    expect(valueOf(result.outputs["l"]?.["box"])).toBe(6);
    result.dispose();
  });

  test("with wired parameters it is asked after those have been computed", async () => {
    files.set("one", 1);
    files.set("two", 2);
    const document = (name: string): GraphDocument =>
      graph({ t: { type: "text", params: { text: name } }, p: "pass", l: "load", c: "add" }, [
        "t.text > p.in",
        "p.out > l.name",
        "l.box > c.a",
      ]);
    for (const [name, value] of [
      ["one", 1],
      ["two", 2],
      ["one", 1],
    ] as const) {
      const result = await run(document(name), { cache });
      expect(valueOf(result.outputs["c"]?.["sum"])).toBe(value);
      result.dispose();
    }
    files.set("one", 7);
    const result = await run(document("one"), { cache });
    expect(valueOf(result.outputs["c"]?.["sum"])).toBe(7);
    expect(result.reasons["t"]).toEqual(cached);
    result.dispose();
  });

  test("in a loop with wired parameters the zone is not cached", async () => {
    files.set("one", 1);
    const document = graph(
      {
        t: { type: "text", params: { text: "one" } },
        b: { type: "repeat-begin", zone: "z" },
        l: { type: "load", zone: "z" },
        e: { type: "repeat-end", zone: "z" },
      },
      ["t.text > l.name", "l.box > e.watch"],
      { z: { kind: "repeat", carry: [] } },
    );
    await reasonsOf(document);
    files.set("one", 2);
    const loads = runsOf("load");
    const result = await run(document, { cache });
    expect(runsOf("load") - loads).toBe(1);
    expect(result.events).toContainEqual(
      expect.objectContaining({ type: "iteration", scalars: { watch: 2 } }),
    );
    result.dispose();
  });

  test("one that throws fails the run with the node's name, and all is freed", async () => {
    const error = await failure(
      run(graph({ a: "box", l: { type: "load", params: { name: "gone" } } }), { cache }),
    );
    expect(error.message).toBe('Node "l" (Load): there is no file "gone"');
  });
});

test("C9 previews come back with cached results", async () => {
  const document = graph({ a: { type: "box", params: { value: 4 } }, s: "show" }, ["a.box > s.box"]);
  await reasonsOf(document, { previews: true });
  const before = runsOf("show");
  const result = await run(document, { cache, previews: true });
  expect(result.events).toContainEqual({ type: "preview", node: "s", preview: { kind: "text", text: "4" } });
  expect(runsOf("show")).toBe(before);
  result.dispose();
});

test("X8 C2 a lazy input does not take the forward pass from the cache, and later readers see what it made", async () => {
  const document = (value: number, plus: number): GraphDocument =>
    graph(
      {
        a: { type: "box", params: { value } },
        s: "add",
        k: { type: "box", params: { value: plus } },
        l: "lazy",
        peek: "add",
      },
      ["a.box > s.a", "s.sum > l.later", "k.box > l.now", "s.half > peek.a"],
    );
  await reasonsOf(document(1, 1));
  const adds = runsOf("add");
  const result = await run(document(1, 2), { cache });
  expect(valueOf(result.outputs["l"]?.["box"])).toBe(4);
  expect(runsOf("add") - adds).toBe(1);
  expect(result.reasons["peek"]).toEqual(cached);
  expect(result.events.filter((event) => event.type === "nodeFinished" && event.node === "s")).toMatchObject([
    { cached: false },
  ]);
  result.dispose();
});

test("C1 hashes of near texts differ, and equal texts have equal hashes", () => {
  const seen = new Set<string>();
  for (let i = 0; i < 20_000; i++) {
    seen.add(hashText(`node${i}`));
    seen.add(hashText(`${"x".repeat(i % 50)}\u0001${i}`));
  }
  expect(seen.size).toBe(40_000);
  expect(hashText("a")).toMatch(/^[0-9a-f]{32}$/);
  expect(hashText("abc")).toBe(hashText(["a", "bc"].join("")));
  expect(hashText("ab")).not.toBe(hashText("ba"));
});
