import { afterEach, expect, test } from "vitest";
import {
  collect,
  createRegistry,
  describeRegistry,
  execute,
  plainHost,
  plan,
  RunCancelledError,
  type Host,
  type RunEvent,
} from "../../src/engine/index.ts";
import {
  Box,
  boxHost,
  boxNumber,
  crateType,
  expectNothingLeft,
  failure,
  graph,
  oddResult,
  registry,
  run,
  testNodes,
  type Crate,
} from "./support.ts";

afterEach(expectNothingLeft);

const valueOf = (value: unknown): number => (value as Box).value;
/** Processor time of this process: other programs on the machine do not count. */
const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const four = { type: "box", params: { value: 4 } };

test("X1 inputs arrive by name; unwired optional ones are undefined", async () => {
  const result = await run(
    graph({ a: four, b: { type: "box", params: { value: 3 } }, c: "add", d: "add" }, [
      "a.box > c.a",
      "b.box > c.b",
      "a.box > d.a",
    ]),
  );
  expect([valueOf(result.outputs["c"]?.["sum"]), valueOf(result.outputs["d"]?.["sum"])]).toEqual([7, 4]);
  result.dispose();
});

test("X1 a node that nothing needs runs, too, and every node once", async () => {
  const result = await run(
    graph({ a: four, b: "add", c: "add", alone: "box" }, ["a.box > b.a", "a.box > c.a"]),
  );
  const started = result.events.flatMap((event) => (event.type === "nodeStarted" ? [event.node] : []));
  expect([...started].sort()).toEqual(["a", "alone", "b", "c"]);
  result.dispose();
});

test("N3 a wire into a parameter overrides its stored value, converted, and is checked", async () => {
  const document = graph(
    {
      n: { type: "int", params: { value: 900 } },
      a: four,
      b: { type: "add", params: { plus: -1 } },
      c: "int",
    },
    ["a.box > b.a", "n.value > b.plus", "n.value > c.value"],
  );
  const result = await run(document);
  expect(valueOf(result.outputs["b"]?.["sum"])).toBe(904);
  expect(result.outputs["c"]).toEqual({ value: 900 });
  result.dispose();
  const bad = graph({ t: { type: "text", params: { text: "x" } }, r: "odd", a: "int" }, ["r.any > a.value"]);
  oddResult.value = () => ({ box: new Box(0), any: 1e6 });
  expect((await failure(run(bad))).message).toBe(
    'Node "a" (Whole number): "value" must be at most 1000, but is 1000000.',
  );
});

test("X2 a value that passes through nodes and appears at two outputs is freed once, after its last reader", async () => {
  const result = await run(
    graph({ a: four, p: "pass", q: "pass", r: "add" }, [
      "a.box > p.in",
      "p.out > q.in",
      "p.again > r.a",
      "q.out > r.b",
    ]),
    { keep: ["q.again"] },
  );
  expect(valueOf(result.outputs["r"]?.["sum"])).toBe(8);
  expect(result.outputs["q"]?.["again"]).toBeInstanceOf(Box);
  expect(Box.living).toBe(3);
  result.dispose();
});

test("X2 values are freed while the run goes on, not at its end", async () => {
  const nodes: Record<string, string> = { n0: "box" };
  const wires: string[] = [];
  for (let i = 1; i <= 50; i++) {
    nodes[`n${i}`] = "add";
    wires.push(`n${i - 1}.${i === 1 ? "box" : "sum"} > n${i}.a`);
  }
  let most = 0;
  const result = await run(graph(nodes, wires), { onEvent: () => (most = Math.max(most, Box.living)) });
  expect(most).toBeLessThanOrEqual(5);
  result.dispose();
});

test("X2 resources shared by two values are freed once, when neither lives", async () => {
  const result = await run(
    graph({ a: "update-crate", b: "update-crate", c: "update-crate" }, [
      "a.crate > b.crate",
      "b.crate > c.crate",
    ]),
    { keep: ["a.crate"] },
  );
  const [a, c] = [result.outputs["a"]?.["crate"], result.outputs["c"]?.["crate"]] as Crate[];
  expect([a?.parts.map(valueOf), c?.parts.map(valueOf)]).toEqual([
    [1, 10, 20],
    [3, 10, 20],
  ]);
  expect(c?.parts[1]).toBe(a?.parts[1]);
  expect(Box.living).toBe(4);
  expect(crateType.resources?.(a as Crate)).toHaveLength(3);
  result.dispose();
});

test("X3 outputs of sinks are kept, and what `keep` names; dispose frees them once", async () => {
  const document = graph({ a: four, b: "add", c: "add" }, ["a.box > b.a", "b.sum > c.a"]);
  const sinks = await run(document);
  expect(sinks.outputs).toEqual({ c: { sum: expect.any(Box) as Box, half: expect.any(Box) as Box } });
  sinks.dispose();
  sinks.dispose();
  const some = await run(document, { keep: ["a.box", "b.half"] });
  expect(Object.entries(some.outputs).map(([node, ports]) => `${node} ${Object.keys(ports).join()}`)).toEqual(
    ["c sum,half", "a box", "b half"],
  );
  expect(valueOf(some.outputs["b"]?.["half"])).toBe(2);
  some.dispose();
  const all = await run(document, { keep: "all" });
  expect(Object.keys(all.outputs).sort()).toEqual(["a", "b", "c"]);
  all.dispose();
  const only = await run(document, { only: ["b"] });
  expect(Object.keys(only.outputs)).toEqual(["b"]);
  only.dispose();
  expect((await failure(run(document, { keep: ["a.nothing"] }))).message).toContain(
    'no output "a.nothing" to keep',
  );
});

test("X4 temporaries of a run end with its scope", async () => {
  let scopes = 0;
  const host: Host = { ...boxHost, scope: (fn) => (scopes++, boxHost.scope(fn)) };
  const result = await run(graph({ a: four, b: "add" }, ["a.box > b.a"]), { host });
  expect(scopes).toBe(2);
  expect(Box.living).toBe(2);
  result.dispose();
});

test.each([
  ["odd", () => ({ box: "text", any: 1 }), 'output "box" must be Box [value], but is "text"', "box"],
  ["odd", () => ({ any: 1 }), 'output "box" must be Box [value], but is nothing', "box"],
  [
    "odd",
    () => ({ box: new Box(1), any: { shape: [1, 2] }, maybe: { shape: [1, 2] } }),
    "but is [1,2]",
    "maybe",
  ],
  [
    "odd",
    () => ({ box: new Box(1), any: 1, more: new Box(2) }),
    'it returned "more", which is not one of its outputs',
    "more",
  ],
  [
    "async-odd",
    () => ({ box: new Box(1), other: 7 }),
    'output "other" must be Box [value], but is 7',
    "other",
  ],
])("X5 %s: a wrong result is refused, named, and freed (%#)", async (type, value, message, port) => {
  oddResult.value = value;
  const error = await failure(run(graph({ strange: type })));
  expect(error.message).toContain(`Node "strange" (${type === "odd" ? "Odd" : "Odd later"}): `);
  expect(error.message).toContain(message);
  expect([error.node, error.port]).toEqual(["strange", port]);
});

test("X5 an optional output may be absent, and an optional input then sees undefined", async () => {
  oddResult.value = () => ({ box: new Box(1), any: 1 });
  const result = await run(graph({ o: "odd", a: "add" }, ["o.box > a.a", "o.maybe > a.b"]));
  expect(valueOf(result.outputs["a"]?.["sum"])).toBe(1);
  result.dispose();
  const error = await failure(run(graph({ o: "odd", a: "add" }, ["o.maybe > a.a"])));
  expect(error.message).toBe('Node "a" (Add): input "a" must be Box [value], but is nothing.');
});

test("N4 a value from an any output is checked when it arrives", async () => {
  oddResult.value = () => ({ box: new Box(1), any: 5 });
  const error = await failure(run(graph({ o: "odd", a: "add" }, ["o.any > a.a"])));
  expect(error.message).toBe('Node "a" (Add): input "a" must be Box [value], but is 5.');
  expect(error.port).toBe("a");
});

test.each(["add", "async-add"])(
  "X6 a failure frees all that was made, also what waits beside it (%s)",
  async (type) => {
    const document = graph(
      { a: four, b: type, waiting: "add", f: { type: "fail", params: { limit: 1 } }, last: "add" },
      ["a.box > b.a", "a.box > waiting.a", "b.sum > f.box", "f.box > last.a", "waiting.sum > last.b"],
    );
    const error = await failure(run(document, { keep: "all" }));
    expect(error.message).toBe('Node "f" (Fail above): 4 is above 1');
  },
);

test("X7 the number of living resources is the same after each of 200 runs", async () => {
  const document = graph(
    {
      a: four,
      b: "add",
      p: "pass",
      bz: { type: "repeat-begin", zone: "z" },
      in: { type: "add", zone: "z" },
      ez: { type: "repeat-end", zone: "z" },
    },
    ["a.box > b.a", "b.sum > p.in", "p.out > bz.x", "bz.x > in.a", "bz.fresh > in.b", "in.sum > ez.x"],
    { z: { kind: "repeat", carry: ["x"] } },
  );
  const living = new Set<number>();
  for (let i = 0; i < 200; i++) {
    const result = await run(document);
    living.add(Box.living);
    result.dispose();
    living.add(Box.living + 1000);
  }
  expect(living.size).toBe(2);
});

test("X10 an aborted signal stops before the next node, and everything is freed", async () => {
  const controller = new AbortController();
  const seen: string[] = [];
  const error = await failure(
    run(graph({ a: four, b: "add", c: "add", d: "add" }, ["a.box > b.a", "b.sum > c.a", "c.sum > d.a"]), {
      signal: controller.signal,
      onEvent: (event) => {
        if (event.type === "nodeStarted") seen.push(event.node);
        if (event.type === "nodeFinished" && event.node === "b") controller.abort();
        if (event.type === "cancelled") seen.push("cancelled");
      },
    }),
  );
  expect(error).toBeInstanceOf(RunCancelledError);
  expect(error.name).toBe("AbortError");
  expect(seen).toEqual(["a", "b", "cancelled"]);
});

test("X10 a signal that is aborted already runs nothing", async () => {
  const seen: string[] = [];
  const error = await failure(
    run(graph({ a: four }), { signal: AbortSignal.abort(), onEvent: ({ type }) => seen.push(type) }),
  );
  expect(error).toBeInstanceOf(RunCancelledError);
  expect(seen).toEqual(["planned", "cancelled"]);
});

test("X10 timers fire while nodes run", async () => {
  const document = graph(
    {
      b: { type: "repeat-begin", zone: "z", params: { times: 1_000_000 } },
      e: { type: "repeat-end", zone: "z" },
    },
    [],
    { z: { kind: "repeat", carry: [] } },
  );
  const controller = new AbortController();
  const started = performance.now();
  setTimeout(() => controller.abort(), 50);
  const error = await failure(run(document, { signal: controller.signal }));
  expect(error).toBeInstanceOf(RunCancelledError);
  expect(performance.now() - started).toBeLessThan(5000);
});

test("X11 the host's reason for a failure stands in place of the node's own, at the same node", async () => {
  const document = graph({ a: { type: "box", params: { value: 2 } }, f: "fail" }, ["a.box > f.box"]);
  const events: RunEvent[] = [];
  const host = { ...boxHost, explain: () => Promise.resolve("the lights went out.") };
  const error = await failure(run(document, { host, onEvent: (event) => events.push(event) }));
  expect(error.message).toBe('Node "f" (Fail above): the lights went out.');
  expect((error.cause as Error).message).toBe('Node "f" (Fail above): 2 is above 0');
  expect(events.at(-1)).toMatchObject({ type: "nodeFailed", node: "f", message: error.message });
  const silent = { ...boxHost, explain: () => Promise.resolve(undefined) };
  expect((await failure(run(document, { host: silent }))).message).toMatch(/2 is above 0/);
});

test("X11 afterNode is called after each node; when it throws, that node failed", async () => {
  let nodes = 0;
  const document = graph({ a: four, b: "add", c: "async-add" }, ["a.box > b.a", "b.sum > c.a"]);
  const sync: Host = { ...boxHost, afterNode: () => void nodes++ };
  const result = await run(document, { host: sync });
  expect(nodes).toBe(3);
  result.dispose();
  for (const bad of ["b", "c"]) {
    let current = "";
    const check = async (): Promise<void> => {
      await Promise.resolve();
      if (current === bad) throw new Error("the device was lost");
    };
    const error = await failure(
      run(document, {
        host: { ...boxHost, afterNode: check },
        onEvent: (event) => {
          if (event.type === "nodeStarted") current = event.node;
        },
      }),
    );
    expect(error.message).toMatch(new RegExp(`^Node "${bad}" .*: the device was lost$`));
  }
});

test("X12 a trivial node in a chain of 1,000 costs at most 50 µs", async () => {
  const nodes: Record<string, string> = { n0: "int" };
  const wires: string[] = [];
  for (let i = 1; i < 1000; i++) {
    nodes[`n${i}`] = "int";
    wires.push(`n${i - 1}.value > n${i}.value`);
  }
  const made = plan(describeRegistry(registry), graph(nodes, wires));
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 8; i++) {
    const started = cpuMs();
    const result = await collect(execute(made, { registry, host: plainHost }));
    best = Math.min(best, cpuMs() - started);
    result.dispose();
  }
  console.log(`a trivial node costs ${best.toFixed(1)} µs`);
  expect(best).toBeLessThan(50);
});

test("P7 10,000 nodes are planned within 200 ms", () => {
  const nodes: Record<string, string> = { n0: "box" };
  const wires: string[] = [];
  for (let i = 1; i < 10_000; i++) {
    nodes[`n${i}`] = "add";
    wires.push(`n${i - 1}.${i === 1 ? "box" : "sum"} > n${i}.a`);
    if (i > 1) wires.push(`n${((i * 7919) % (i - 1)) + 1}.half > n${i}.b`);
  }
  const description = describeRegistry(registry);
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 5; i++) {
    const document = graph(nodes, wires);
    const started = cpuMs();
    plan(description, document);
    best = Math.min(best, cpuMs() - started);
  }
  console.log(`10,000 nodes are planned in ${best.toFixed(0)} ms`);
  expect(best).toBeLessThan(200);
});

test("X13 what a conversion makes is freed with its reader", async () => {
  const converting = createRegistry({ nodes: testNodes, conversions: [boxNumber] });
  const document = graph(
    { n: { type: "int", params: { value: 4 } }, a: "add", late: "async-add", lazy: "lazy" },
    ["n.value > a.a", "n.value > late.a", "n.value > lazy.later", "n.value > lazy.now"],
  );
  const made = plan(describeRegistry(converting), document);
  const result = await collect(execute(made, { registry: converting, host: boxHost }));
  expect(valueOf(result.outputs["a"]?.["sum"])).toBe(40);
  expect(valueOf(result.outputs["late"]?.["sum"])).toBe(40);
  expect(valueOf(result.outputs["lazy"]?.["box"])).toBe(81);
  expect(Box.living).toBe(5);
  result.dispose();
});

test("N2 a plan of another version of a node is refused by name", async () => {
  const made = plan(describeRegistry(registry), graph({ a: four }));
  const [step] = made.steps;
  const newer = { ...made, steps: [{ ...step, version: 9 }] } as typeof made;
  await expect(collect(execute(newer, { registry, host: boxHost }))).rejects.toThrow(
    'type "test/box", version 9, is not in the registry',
  );
});
