import { afterEach, describe, expect, test } from "vitest";
import { RunCancelledError, type GraphDocument, type RunEvent } from "../../src/engine/index.ts";
import {
  Box,
  boxHost,
  expectNothingLeft,
  failure,
  graph,
  idleThunk,
  openDrivers,
  run,
  runs,
  runsOf,
  saved,
} from "./support.ts";

afterEach(expectNothingLeft);

const valueOf = (value: unknown): number => (value as Box).value;

/** x → x + index + 1, `times` times. */
const loop = (times: number, extra: Parameters<typeof graph>[0] = {}, wires: string[] = []): GraphDocument =>
  graph(
    {
      start: { type: "box", params: { value: 100 } },
      b: { type: "repeat-begin", zone: "z", params: { times } },
      in: { type: "add", zone: "z", params: { plus: 1 } },
      e: { type: "repeat-end", zone: "z" },
      ...extra,
    },
    ["start.box > b.x", "b.x > in.a", "b.fresh > in.b", "in.sum > e.x", ...wires],
    { z: { kind: "repeat", carry: ["x"] } },
  );

test("Z1 end.x is begin.x of the next iteration; the last leaves through end", async () => {
  const result = await run(loop(4));
  expect(valueOf(result.outputs["e"]?.["x"])).toBe(100 + 1 + 2 + 3 + 4);
  expect(result.outputs["e"]?.["count"]).toBe(4);
  expect(Box.living).toBe(1);
  result.dispose();
});

test("Z1 without an iteration the start value leaves", async () => {
  const result = await run(loop(0));
  expect(valueOf(result.outputs["e"]?.["x"])).toBe(100);
  result.dispose();
});

test("Z1 a carried value that is not changed is freed once", async () => {
  const document = graph(
    { start: "box", b: { type: "repeat-begin", zone: "z" }, e: { type: "repeat-end", zone: "z" } },
    ["start.box > b.x", "start.box > b.y", "b.x > e.y", "b.y > e.x"],
    { z: { kind: "repeat", carry: ["x", "y"] } },
  );
  const result = await run(document);
  expect(result.outputs["e"]?.["x"]).toBe(result.outputs["e"]?.["y"]);
  result.dispose();
});

test("Z2 the number of living values does not grow with the iterations", async () => {
  const most = async (times: number): Promise<number> => {
    let highest = 0;
    const result = await run(loop(times), { onEvent: () => (highest = Math.max(highest, Box.living)) });
    result.dispose();
    return highest;
  };
  expect(await most(50)).toBe(await most(5));
});

test("P3 constant nodes of a body run once, varying ones each time", async () => {
  const before = [runsOf("box"), runsOf("add")];
  const result = await run(loop(5, { k: { type: "box", zone: "z" } }, ["k.box > e.watch"]));
  expect([runsOf("box") - (before[0] ?? 0), runsOf("add") - (before[1] ?? 0)]).toEqual([2, 5]);
  result.dispose();
});

test("P3 a node that is not cacheable runs in every iteration", async () => {
  saved.length = 0;
  const result = await run(loop(3, { s: { type: "save", zone: "z", params: { value: 7 } } }));
  expect(saved).toEqual([7, 7, 7]);
  result.dispose();
});

const nested = (outer: number, inner: number): GraphDocument =>
  graph(
    {
      start: { type: "box", params: { value: 1 } },
      b: { type: "repeat-begin", zone: "o", params: { times: outer } },
      bi: { type: "repeat-begin", zone: "i", params: { times: inner } },
      add: { type: "add", zone: "i" },
      ei: { type: "repeat-end", zone: "i" },
      e: { type: "repeat-end", zone: "o" },
    },
    ["start.box > b.x", "b.x > bi.y", "bi.y > add.a", "b.fresh > add.b", "add.sum > ei.y", "ei.y > e.x"],
    { o: { kind: "repeat", carry: ["x"] }, i: { kind: "repeat", carry: ["y"], parent: "o" } },
  );

test("P2 nested zones: the inner one runs anew in each iteration of the outer", async () => {
  const result = await run(nested(4, 3));
  expect(valueOf(result.outputs["e"]?.["x"])).toBe(1 + 3 * (0 + 1 + 2 + 3));
  const inner = result.events.filter((event) => event.type === "iteration" && event.zone === "i");
  expect(inner.map((event) => (event.type === "iteration" ? event.index : -1))).toEqual([
    0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2,
  ]);
  result.dispose();
});

test("X3 of a node in a loop the last iteration's value is kept", async () => {
  const result = await run(loop(4, { peek: { type: "add", zone: "z" } }, ["b.fresh > peek.a"]), {
    keep: ["in.half", "b.index"],
  });
  expect(valueOf(result.outputs["peek"]?.["sum"])).toBe(3);
  expect(valueOf(result.outputs["in"]?.["half"])).toBe(110 / 2);
  expect(result.outputs["b"]).toEqual({ index: 3 });
  result.dispose();
});

describe("Z3 Z4", () => {
  test("the driver is disposed after a failure in the body, which is named with zone and iteration", async () => {
    const error = await failure(
      run(loop(9, { f: { type: "fail", zone: "z", params: { limit: 106 } } }, ["in.sum > f.box"])),
    );
    expect(error.message).toBe('Node "f" (Fail above): 110 is above 106 [zone "z", iteration 3]');
    expect(error).toMatchObject({ node: "f", zone: "z", iteration: 3 });
    error.partial?.dispose();
  });

  test("cancelling takes effect within the iteration", async () => {
    const controller = new AbortController();
    let last = -1;
    const error = await failure(
      run(loop(1000), {
        signal: controller.signal,
        onEvent: (event) => {
          if (event.type !== "iteration") return;
          last = event.index;
          if (last === 5) controller.abort();
        },
      }),
    );
    expect(error).toBeInstanceOf(RunCancelledError);
    expect(last).toBe(5);
    expect(openDrivers.count).toBe(0);
    error.partial?.dispose();
  });
});

describe("Z5", () => {
  test("the gate is awaited before each iteration", async () => {
    const points: string[] = [];
    const result = await run(loop(2), {
      gate: async ({ zone, index }) => {
        await Promise.resolve();
        points.push(`gate ${zone} ${index}`);
      },
      onEvent: (event) => {
        if (event.type === "nodeStarted" && event.node === "in") points.push("in");
      },
    });
    expect(points).toEqual(["gate z 0", "in", "gate z 1", "in", "gate z 2"]);
    result.dispose();
  });

  test("cancelling ends the wait, and a gate that throws fails the run", async () => {
    const controller = new AbortController();
    const held = failure(
      run(loop(2), { signal: controller.signal, gate: () => new Promise<void>(() => undefined) }),
    );
    setTimeout(() => controller.abort(), 10);
    expect(await held).toBeInstanceOf(RunCancelledError);
    const broken = await failure(run(loop(2), { gate: () => Promise.reject(new Error("stuck")) }));
    expect(broken.message).toContain("stuck");
  });
});

test("Z6 afterIteration sees what reached end, and its numbers are events", async () => {
  const result = await run(loop(3, {}, ["in.sum > e.watch"]));
  const scalars = result.events.flatMap((event) => (event.type === "iteration" ? [event] : []));
  expect(scalars).toEqual([
    { type: "iteration", zone: "z", index: 0, total: 3, scalars: { watch: 101 } },
    { type: "iteration", zone: "z", index: 1, total: 3, scalars: { watch: 103 } },
    { type: "iteration", zone: "z", index: 2, total: 3, scalars: { watch: 106 } },
  ]);
  result.dispose();
});

describe("Z6 Z7 a driver that fails the run", () => {
  /** The test zone throws in afterIteration when what it watches is NaN. */
  const training = (bad: number): GraphDocument =>
    loop(9, { nan: { type: "nan-above", zone: "z", params: { limit: bad } } }, [
      "in.sum > nan.box",
      "nan.box > e.watch",
    ]);

  test("names zone and iteration, and keeps the last values that it accepted", async () => {
    const error = await failure(run(training(105)));
    expect(error.message).toBe('Node "e" (Repeat end): watch is NaN [zone "z", iteration 2]');
    expect(error.partial?.outputs).toEqual({ e: { x: expect.any(Box) as Box } });
    expect(valueOf(error.partial?.outputs["e"]?.["x"])).toBe(103);
    expect(Box.living).toBe(1);
    error.partial?.dispose();
    error.partial?.dispose();
  });

  test("has nothing to keep before the first iteration is done", async () => {
    const error = await failure(run(training(0)));
    expect(error.iteration).toBe(0);
    expect(error.partial).toBeUndefined();
  });

  test("nested zones keep theirs each", async () => {
    const document = nested(4, 3);
    const failing = {
      ...document,
      nodes: { ...document.nodes, f: { type: "test/fail", version: 1, zone: "i", params: { limit: 5 } } },
      edges: [
        ...document.edges.filter(({ to }) => to !== "ei.y"),
        { from: "add.sum", to: "f.box" },
        { from: "f.box", to: "ei.y" },
      ],
    };
    const error = await failure(run(failing));
    // 1 → +0·3 → +1·3 = 4 → the third outer iteration adds 2 each time: 6 fails at once.
    expect(error).toMatchObject({ node: "f", zone: "i", iteration: 0 });
    expect(Object.keys(error.partial?.outputs ?? {})).toEqual(["e"]);
    expect(valueOf(error.partial?.outputs["e"]?.["x"])).toBe(4);
    error.partial?.dispose();
  });
});

test("Z7 a cancelled zone keeps its last values, too", async () => {
  const controller = new AbortController();
  const onEvent = (event: RunEvent): void => {
    if (event.type === "iteration" && event.index === 1) controller.abort();
  };
  const error = await failure(run(loop(9), { signal: controller.signal, onEvent }));
  expect(error).toBeInstanceOf(RunCancelledError);
  expect(valueOf(error.partial?.outputs["e"]?.["x"])).toBe(103);
  error.partial?.dispose();
});

describe("X8 lazy inputs", () => {
  const lazy = (extra: Parameters<typeof graph>[0] = {}, wires: string[] = []): GraphDocument =>
    graph(
      {
        start: { type: "box", params: { value: 1 } },
        b: { type: "repeat-begin", zone: "z", params: { times: 3 } },
        one: { type: "add", zone: "z" },
        two: { type: "add", zone: "z" },
        l: { type: "lazy", zone: "z" },
        e: { type: "repeat-end", zone: "z" },
        ...extra,
      },
      [
        "start.box > b.x",
        "b.x > one.a",
        "b.fresh > one.b",
        "one.sum > two.a",
        "two.sum > l.later",
        "l.box > e.x",
        ...wires,
      ],
      { z: { kind: "repeat", carry: ["x"] } },
    );

  test("their ancestors run when the function is called, inside the caller", async () => {
    runs.clear();
    const result = await run(lazy());
    expect(runsOf("lazy saw 2 adds")).toBe(3);
    expect(runsOf("add")).toBe(6);
    expect(valueOf(result.outputs["e"]?.["x"])).toBe(1 + 1 + (1 + 1) + (2 + 1));
    result.dispose();
  });

  test("they run without a scope of their own, so that temporaries outlive them", async () => {
    let depth = 0;
    let deepest = 0;
    const scope = <T>(fn: () => T): T => {
      deepest = Math.max(deepest, ++depth);
      try {
        return boxHost.scope(fn);
      } finally {
        depth--;
      }
    };
    const result = await run(lazy(), { host: { ...boxHost, scope } });
    expect(deepest).toBe(1);
    result.dispose();
  });

  test("two owners share what both defer: it runs once", async () => {
    const document = graph({ a: "box", s: "add", l1: "lazy", l2: "lazy" }, [
      "a.box > s.a",
      "s.sum > l1.later",
      "s.sum > l2.later",
    ]);
    const result = await run(document);
    expect(result.events.filter((event) => event.type === "nodeStarted" && event.node === "s")).toHaveLength(
      1,
    );
    result.dispose();
  });

  test("called again they run nothing again", async () => {
    const result = await run(lazy());
    const started = result.events.filter((event) => event.type === "nodeStarted" && event.node === "two");
    expect(started).toHaveLength(3);
    result.dispose();
  });

  test("what they ran stays for later readers, which wait for the owner", async () => {
    const result = await run(
      lazy({ peek: { type: "add", zone: "z" } }, ["one.sum > peek.a", "two.half > e.watch"]),
      { keep: ["peek.sum", "one.half"] },
    );
    const order = result.events.flatMap((event) => (event.type === "nodeStarted" ? [event.node] : []));
    expect(order.slice(2, 6)).toEqual(["l", "one", "two", "peek"]);
    expect(valueOf(result.outputs["peek"]?.["sum"])).toBe(6);
    result.dispose();
  });

  test("what the owner also needs at once runs before it", async () => {
    runs.clear();
    const result = await run(lazy({}, ["one.sum > l.now"]));
    expect(runsOf("lazy saw 1 adds")).toBe(3);
    result.dispose();
  });

  test("constant ancestors are not run again, and may wait", async () => {
    const constant = { k: { type: "async-add", zone: "z" } };
    const result = await run(lazy(constant, ["start.box > k.a", "k.sum > one.plus"].slice(0, 1)));
    expect(valueOf(result.outputs["e"]?.["x"])).toBe(7);
    result.dispose();
  });

  test("at top level, too: what waits runs before, the rest inside", async () => {
    runs.clear();
    const document = graph(
      { a: { type: "box", params: { value: 1 } }, w: "async-add", s: "add", l: "lazy" },
      ["a.box > w.a", "w.sum > s.a", "s.sum > l.later"],
    );
    const result = await run(document);
    expect(runsOf("lazy saw 1 adds")).toBe(1);
    expect(valueOf(result.outputs["l"]?.["box"])).toBe(2);
    result.dispose();
  });

  test("a failure inside names the inner node, and all is freed", async () => {
    const document = lazy({ f: { type: "fail", zone: "z", params: { limit: 1 } } }, []);
    const edges = document.edges.map((edge) =>
      edge.to === "l.later" ? { from: "f.box", to: edge.to } : edge,
    );
    const error = await failure(run({ ...document, edges: [...edges, { from: "two.sum", to: "f.box" }] }));
    expect(error).toMatchObject({ node: "f", zone: "z", iteration: 1 });
    error.partial?.dispose();
  });

  test("an owner within the lazy ancestors of another", async () => {
    const document = graph(
      { a: { type: "box", params: { value: 1 } }, s: "add", l1: "lazy", t: "add", l2: "lazy", peek: "add" },
      ["a.box > s.a", "s.sum > l1.later", "l1.box > t.a", "t.sum > l2.later", "s.half > peek.a"],
    );
    const result = await run(document);
    expect(valueOf(result.outputs["l2"]?.["box"])).toBe(3);
    expect(valueOf(result.outputs["peek"]?.["sum"])).toBe(0.5);
    result.dispose();
  });
});

describe("X9 a lazy input that nobody asks for", () => {
  const document = (wires: string[]): GraphDocument =>
    graph({ a: { type: "box", params: { value: 1 } }, s: "add", t: "add", idle: "idle", reader: "add" }, [
      "a.box > s.a",
      "s.sum > t.a",
      "t.sum > idle.later",
      "a.box > reader.a",
      ...wires,
    ]);

  test("is run afterwards for an ordinary reader", async () => {
    const result = await run(document(["s.sum > reader.b"]));
    const order = result.events.flatMap((event) => (event.type === "nodeStarted" ? [event.node] : []));
    expect(order).toEqual(["idle", "a", "s", "reader"]);
    expect(valueOf(result.outputs["reader"]?.["sum"])).toBe(2);
    result.dispose();
  });

  test("cannot be asked for after its owner has run", async () => {
    const result = await run(document([]));
    expect(() => idleThunk.later()).toThrow(
      'Node "idle" (Idle): its lazy input "later" was asked for after it had run.',
    );
    result.dispose();
  });

  test("otherwise never", async () => {
    const result = await run(document([]));
    expect(result.events.flatMap((event) => (event.type === "nodeStarted" ? [event.node] : []))).toEqual([
      "idle",
      "a",
      "reader",
    ]);
    result.dispose();
  });
});
