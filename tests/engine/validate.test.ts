import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  canConnect,
  InvalidGraphError,
  parseDocument,
  plan,
  validate,
  type Fault,
  type GraphDocument,
} from "../../src/engine/index.ts";
import { description, graph } from "./support.ts";

const faults = (document: GraphDocument): Fault[] => validate(description, document);
const summary = (document: GraphDocument): string[] =>
  faults(document).map(({ code, node, port, zone }) =>
    [code, node ?? zone, port].filter((part) => part !== undefined).join(" "),
  );

const loop = (extra: Parameters<typeof graph>[0] = {}, wires: string[] = [], carry = ["x"]): GraphDocument =>
  graph(
    {
      start: "box",
      begin: { type: "repeat-begin", zone: "z" },
      end: { type: "repeat-end", zone: "z" },
      ...extra,
    },
    wires,
    { z: { kind: "repeat", carry } },
  );
const wired = ["start.box > begin.x", "begin.x > end.x"];

test("a sound graph has no fault", () => {
  expect(faults(loop({ after: "add" }, [...wired, "end.x > after.a", "end.count > after.plus"]))).toEqual([]);
});

test("V1 unknown types, newer and older versions", () => {
  const document = graph({ a: "nothing", b: "box", c: "box" });
  const nodes = {
    ...document.nodes,
    b: { type: "test/box", version: 2, params: {} },
    c: { type: "test/box", version: 0, params: {} },
  };
  const found = faults({ ...document, nodes });
  expect(found.map(({ code, node }) => `${node} ${code}`)).toEqual([
    "a unknown-node-type",
    "b newer-node",
    "c outdated-node",
  ]);
  expect(found[0]?.message).toContain('Node "a" is of the unknown type "test/nothing"');
  expect(found[1]?.message).toContain("Update");
});

test("V1 names of Object's own are no types, nodes or params", () => {
  const document = graph({ a: { type: "box", params: { toString: 1 } } }, [
    "constructor.box > a.value",
    "a.hasOwnProperty > a.value",
  ]);
  const nodes = { ...document.nodes, b: { type: "constructor", version: 1, params: {} } };
  expect(summary({ ...document, nodes })).toEqual([
    "unknown-node constructor",
    "unknown-port a hasOwnProperty",
    "unknown-param a toString",
    "unknown-node-type b",
  ]);
});

test("V2 wires to what does not exist name the ports that do", () => {
  const found = faults(
    graph({ a: "box", b: "add" }, ["a.bax > b.a", "a.box > b.q", "a.box > c.a", "a > b.a", "a.box > b.a.c"]),
  );
  expect(
    found
      .filter(({ code }) => code === "unknown-port" || code === "unknown-node")
      .map(({ message }) => message),
  ).toEqual([
    'The wire a.bax → b.a: node "a" (Box) has no output "bax"; it has box.',
    'The wire a.box → b.q: node "b" (Add) has no input "q"; it has a, b, plus.',
    'The wire a.box → c.a: there is no node "c".',
    'The wire a → b.a: "a" is not of the form node.port.',
    'The wire a.box → b.a.c: "b.a.c" is not of the form node.port.',
  ]);
});

test("V3 two wires into one input", () => {
  const found = faults(graph({ a: "box", b: "box", c: "add" }, ["a.box > c.a", "b.box > c.a"]));
  expect(found).toMatchObject([{ code: "occupied-input", node: "c", port: "a", edge: 1 }]);
  expect(found[0]?.message).toContain("already has the wire from a.box");
});

test("V4 required inputs, by node and port", () => {
  const found = faults(graph({ c: "add", l: "lazy" }));
  expect(found.map(({ message }) => message)).toEqual([
    'Node "c" (Add): input "a" (Box [value]) is not wired.',
    'Node "l" (Lazy): input "later" (Box [value]) is not wired.',
  ]);
});

test("V5 type mismatches name both types with shapes", () => {
  const found = faults(
    graph({ n: "int", c: "add", r: "read", i: "int" }, [
      "n.value > c.a",
      "n.value > c.plus",
      "c.sum > r.box",
      "r.value > i.value",
    ]),
  );
  expect(found.map(({ code, node, port }) => `${code} ${node}.${port}`)).toEqual([
    "type-mismatch c.a",
    "type-mismatch i.value",
  ]);
  expect(found[0]?.message).toBe("The wire n.value → c.a: Integer does not fit into Box [value].");
  expect(found[1]?.message).toBe("The wire r.value → i.value: Number does not fit into Integer.");
});

describe("V6", () => {
  test("types go through reroutes and carried values, however many", () => {
    const document = graph(
      {
        n: "int",
        p1: "pass",
        p2: "pass",
        begin: { type: "repeat-begin", zone: "z" },
        inside: { type: "pass", zone: "z" },
        end: { type: "repeat-end", zone: "z" },
        p3: "pass",
        c: "add",
      },
      [
        "n.value > p1.in",
        "p1.out > p2.in",
        "p2.again > begin.x",
        "begin.x > inside.in",
        "inside.out > end.x",
        "end.x > p3.in",
        "p3.out > c.a",
      ],
      { z: { kind: "repeat", carry: ["x"] } },
    );
    expect(summary(document)).toEqual(["type-mismatch c a"]);
  });

  test("a circle of reroutes has type any and ends", () => {
    const found = faults(
      graph({ a: "pass", b: "pass", c: "add" }, ["a.out > b.in", "b.out > a.in", "b.again > c.a"]),
    );
    expect(found.map(({ code }) => code)).toEqual(["cycle"]);
  });
});

test("V7 parameters: unknown, of the wrong kind, out of range", () => {
  const found = faults(
    graph({
      a: { type: "box", params: { valeu: 1 } },
      b: { type: "box", params: { value: "1" } },
      c: { type: "int", params: { value: 1e9 } },
    }),
  );
  expect(found.map(({ message }) => message)).toEqual([
    'Node "a" (Box) has no parameter "valeu"; it has value.',
    'Node "b" (Box): "value" must be a number, but is "1".',
    'Node "c" (Whole number): "value" must be at most 1000, but is 1000000000.',
  ]);
});

test("V8 ids with dots", () => {
  expect(summary(graph({ "a.b": "box", "": "box" }))).toEqual(["bad-id a.b", "bad-id "]);
  expect(summary(graph({}, [], { "z.z": { kind: "repeat", carry: [] } }))).toContain("bad-id z.z");
});

describe("V9", () => {
  test("zones without begin or end, with two, or of an unknown kind", () => {
    expect(
      summary(graph({}, [], { z: { kind: "repeat", carry: [] }, y: { kind: "spiral", carry: [] } })),
    ).toEqual(["zone-ends z", "zone-ends z", "unknown-zone-kind y"]);
    const found = faults(loop({ end2: { type: "repeat-end", zone: "z" } }, [...wired, "begin.x > end2.x"]));
    expect(found).toMatchObject([{ code: "zone-ends", zone: "z", node: "end2" }]);
    expect(found[0]?.message).toContain("has 2 nodes (end, end2) as its end");
  });

  test("nodes in a zone that does not exist, and ends outside of every zone", () => {
    const found = faults(graph({ a: { type: "box", zone: "gone" }, b: "repeat-begin" }));
    expect(found.map(({ code, node }) => `${code} ${node}`)).toEqual(["unknown-zone a", "zone-ends b"]);
  });
});

test("V10 zones that stand in themselves, and parents that do not exist", () => {
  const zones = {
    a: { kind: "repeat", carry: [], parent: "b" },
    b: { kind: "repeat", carry: [], parent: "a" },
    c: { kind: "repeat", carry: [], parent: "a" },
    d: { kind: "repeat", carry: [], parent: "nowhere" },
    e: { kind: "repeat", carry: [], parent: "e" },
  };
  const codes = faults(graph({}, [], zones)).filter(({ code }) => code !== "zone-ends");
  expect(codes.map(({ code, zone }) => `${code} ${zone}`)).toEqual([
    "zone-parents a",
    "zone-parents b",
    "unknown-zone d",
    "zone-parents e",
  ]);
});

test("V11 carried names: twice, no name, taken, unwired, of another type at the end", () => {
  expect(summary(loop({}, wired, ["x", "x"]))).toEqual(["carry z"]);
  expect(summary(loop({}, wired, ["x", "a-b"]))).toContain("carry z");
  expect(summary(loop({}, wired, ["x", "index"]))).toContain("carry begin index");
  expect(summary(loop({}, wired, ["x", "times"]))).toContain("carry begin times");
  expect(summary(loop({}, []))).toEqual(["missing-input begin x", "missing-input end x"]);
  const found = faults(loop({}, ["start.box > begin.x", "begin.index > end.x"]));
  expect(found.map(({ message }) => message)).toEqual([
    "The wire begin.index → end.x: Integer does not fit into Box [value].",
  ]);
});

describe("V12", () => {
  const two = (wires: string[]): GraphDocument =>
    graph(
      {
        start: "box",
        b1: { type: "repeat-begin", zone: "one" },
        in1: { type: "add", zone: "one" },
        e1: { type: "repeat-end", zone: "one" },
        b2: { type: "repeat-begin", zone: "two" },
        in2: { type: "add", zone: "two" },
        e2: { type: "repeat-end", zone: "two" },
        after: "add",
      },
      ["start.box > in1.a", "start.box > in2.a", ...wires],
      { one: { kind: "repeat", carry: [] }, two: { kind: "repeat", carry: [] } },
    );

  test("values may come in from around, and leave only through the end", () => {
    expect(summary(two(["start.box > after.a"]))).toEqual([]);
    const found = faults(two(["in1.sum > after.a"]));
    expect(found).toMatchObject([{ code: "zone-boundary", node: "after", port: "a" }]);
    expect(found[0]?.message).toContain('values leave the zone "one" only through its end');
  });

  test("not from a body into a sibling's, nor from a body into its own begin", () => {
    expect(faults(two(["start.box > after.a", "in1.sum > in2.b"]))[0]?.message).toContain(
      'from the body of the zone "one" into that of "two"',
    );
    expect(
      summary(
        loop({ in: { type: "add", zone: "z" } }, ["begin.x > in.a", "in.sum > begin.x", "begin.x > end.x"]),
      ),
    ).toContain("zone-boundary begin x");
  });
});

describe("V13", () => {
  const around = (type: string, wires: string[]): GraphDocument =>
    loop({ in: { type, zone: "z" }, lazy: { type: "lazy", zone: "z" } }, [
      "start.box > begin.x",
      "lazy.box > end.x",
      "in.sum > lazy.later",
      ...wires,
    ]);

  test("a node that waits may not stand between begin and a lazy input", () => {
    expect(faults(around("add", ["begin.x > in.a"]))).toEqual([]);
    const found = faults(around("async-add", ["begin.x > in.a"]));
    expect(found).toMatchObject([{ code: "async-in-lazy", node: "lazy", port: "later" }]);
    expect(found[0]?.message).toContain('Node "in" (Add later)');
  });

  test("it may where it does not change with the iteration", () => {
    expect(faults(around("async-add", ["start.box > in.a"]))).toEqual([]);
  });

  test("a zone waits, too", () => {
    const document = graph(
      {
        start: "box",
        b: { type: "repeat-begin", zone: "o" },
        bi: { type: "repeat-begin", zone: "i" },
        ei: { type: "repeat-end", zone: "i" },
        lazy: { type: "lazy", zone: "o" },
        e: { type: "repeat-end", zone: "o" },
      },
      ["start.box > b.x", "b.x > bi.y", "bi.y > ei.y", "ei.y > lazy.later", "lazy.box > e.x"],
      { o: { kind: "repeat", carry: ["x"] }, i: { kind: "repeat", carry: ["y"], parent: "o" } },
    );
    expect(
      faults(document).map(
        ({ code, node, message }) => `${code} ${node} ${message.includes('the zone "i"')}`,
      ),
    ).toEqual(["async-in-lazy lazy true"]);
  });
});

test("V14 two nodes that wait for each other's lazy inputs", () => {
  const document = graph({ s: "box", d1: "add", d2: "add", l1: "lazy", l2: "lazy" }, [
    "s.box > d1.a",
    "s.box > d2.a",
    "d1.sum > l1.later",
    "d2.sum > l1.now",
    "d2.sum > l2.later",
    "d1.sum > l2.now",
  ]);
  expect(faults(document)).toMatchObject([{ code: "lazy-conflict" }]);
});

describe("V15", () => {
  test("every knot is named once, by its nodes in order", () => {
    const found = faults(
      graph({ a: "pass", b: "pass", c: "pass", d: "pass", e: "pass", f: "pass" }, [
        "a.out > b.in",
        "b.out > c.in",
        "c.out > a.in",
        "c.again > d.in",
        "e.out > f.in",
        "f.out > e.in",
      ]),
    );
    expect(
      found.filter(({ code }) => code === "cycle").map(({ nodes }) => [...(nodes ?? [])].sort().join("")),
    ).toEqual(expect.arrayContaining(["abc", "ef"]));
    expect(found.filter(({ code }) => code === "cycle")).toHaveLength(2);
    expect(found[0]?.message).toMatch(/in a circle: (a → b → c → a|b → c → a → b|c → a → b → c)/);
  });

  test("a second cycle downstream of a first is found as well", () => {
    const found = faults(
      graph({ a: "add", b: "add", c: "add", d: "add" }, [
        "a.sum > b.a",
        "b.sum > a.a",
        "b.half > c.a",
        "c.sum > d.a",
        "d.sum > c.b",
      ]),
    );
    expect(found.filter(({ code }) => code === "cycle")).toHaveLength(2);
  });

  test("a wire from the end around the outside back into the body", () => {
    const found = faults(
      loop({ out: "add", in: { type: "add", zone: "z" } }, [...wired, "end.x > out.a", "out.sum > in.a"]),
    );
    expect(found.map(({ code }) => code)).toEqual(["cycle"]);
    expect([...(found[0]?.nodes ?? [])].sort()).toEqual(["end", "in", "out"]);
  });

  test("a chain of 50,000 nodes into a cycle is no problem", () => {
    const nodes: Record<string, string> = {};
    const wires: string[] = [];
    for (let i = 0; i < 50_000; i++) {
      nodes[`n${i}`] = "pass";
      if (i > 0) wires.push(`n${i - 1}.out > n${i}.in`);
    }
    const started = performance.now();
    const found = faults(graph({ ...nodes, x: "add" }, [...wires, "n49999.out > x.a", "x.sum > n0.in"]));
    expect(found.map(({ code }) => code)).toEqual(["cycle"]);
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

describe("V16 canConnect", () => {
  const document = loop({ in: { type: "add", zone: "z" }, n: "int", after: "add", red: "read" }, [
    ...wired,
    "begin.x > in.a",
    "end.x > after.a",
    "after.sum > red.box",
  ]);
  const ask = (from: string, to: string): unknown => canConnect(description, document, from, to);

  test.each([
    ["n.value", "in.plus", { ok: true, conversion: { from: "int", to: "float" } }],
    ["start.box", "in.b", { ok: true }],
    ["start.box", "after.a", { ok: true, replaces: "end.x" }],
  ])("allows %s → %s", (from, to, answer) => {
    expect(ask(from, to)).toEqual(answer);
  });

  test.each([
    ["n.value", "in.b", "Integer does not fit into Box [value]"],
    ["in.sum", "after.b", "leave the zone"],
    ["after.sum", "begin.x", "would close a circle: begin → "],
    ["after.sum", "in.b", "would close a circle"],
    ["after.sum", "after.b", "to itself"],
    ["nobody.x", "after.b", 'no output "nobody.x"'],
    ["start.box", "nobody.x", 'no input "nobody.x"'],
    ["start.bax", "after.b", 'no output "bax"'],
    ["start.box", "after.q", 'no input "q"'],
    ["start", "after.b", 'no output "start"'],
  ])("refuses %s → %s", (from, to, reason) => {
    expect(ask(from, to)).toEqual({ ok: false, reason: expect.stringContaining(reason) as string });
  });

  test("says yes exactly when the wire adds no fault", () => {
    const outputs = [
      "start.box",
      "begin.x",
      "begin.index",
      "in.sum",
      "in.half",
      "end.x",
      "end.count",
      "n.value",
      "after.sum",
      "red.value",
    ];
    const inputs = [
      "start.value",
      "begin.x",
      "begin.times",
      "in.a",
      "in.b",
      "in.plus",
      "end.x",
      "end.watch",
      "n.value",
      "after.b",
      "after.plus",
      "red.box",
    ];
    for (const from of outputs) {
      for (const to of inputs) {
        const edges = [...document.edges.filter((edge) => edge.to !== to), { from, to }];
        const sound = validate(description, { ...document, edges }).length === 0;
        expect(`${from} → ${to}: ${canConnect(description, document, from, to).ok}`).toBe(
          `${from} → ${to}: ${sound}`,
        );
      }
    }
  });
});

const rich = graph(
  {
    start: "box",
    n: "int",
    b: { type: "repeat-begin", zone: "o" },
    bi: { type: "repeat-begin", zone: "i" },
    add: { type: "add", zone: "i" },
    ei: { type: "repeat-end", zone: "i" },
    wait: { type: "async-add", zone: "o" },
    lazy: { type: "lazy", zone: "o" },
    e: { type: "repeat-end", zone: "o" },
    pass: "pass",
    read: "read",
  },
  [
    "start.box > b.x",
    "n.value > b.times",
    "b.x > bi.y",
    "bi.y > add.a",
    "add.half > ei.y",
    "ei.y > wait.a",
    "b.fresh > lazy.later",
    "wait.sum > lazy.now",
    "lazy.box > e.x",
    "e.x > pass.in",
    "pass.out > read.box",
  ],
  { o: { kind: "repeat", carry: ["x"] }, i: { kind: "repeat", carry: ["y"], parent: "o" } },
);

/** Places in a JSON value. */
function paths(value: unknown, at: string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([key, part]) => paths(part, [...at, key]))];
}

function mutate(json: unknown, at: readonly string[], change: unknown): unknown {
  const copy = JSON.parse(JSON.stringify(json)) as Record<string, unknown>;
  let parent = copy;
  for (const key of at.slice(0, -1)) {
    const next = parent[key];
    if (typeof next !== "object" || next === null) return copy;
    parent = next as Record<string, unknown>;
  }
  const last = at.at(-1);
  if (last === undefined) return copy;
  if (change === undefined) delete parent[last];
  else parent[last] = change;
  return copy;
}

test("V16 validate and canConnect never throw on mutated files, and a graph without faults can be planned", () => {
  expect(faults(rich)).toEqual([]);
  const refs = [...new Set(rich.edges.flatMap(({ from, to }) => [from, to]))];
  const value = fc.oneof(
    fc.constantFrom<unknown>(
      undefined,
      null,
      0,
      2,
      "",
      "o",
      "i",
      "add",
      "constructor",
      "__proto__",
      [],
      {},
      ["x"],
      ["y", "x"],
    ),
    fc.constantFrom(...refs, ...refs.flatMap((ref) => ref.split("."))),
    fc.constantFrom(...Object.values(rich.nodes), ...rich.edges),
    fc.constantFrom(...Object.values(rich.nodes).map(({ type }) => type)),
  );
  const mutation = fc.tuple(fc.constantFrom(...paths(rich)), value);
  const seen = { refused: 0, faulty: 0, sound: 0 };
  fc.assert(
    fc.property(
      fc.array(mutation, { minLength: 1, maxLength: 4 }),
      fc.constantFrom(...refs),
      fc.constantFrom(...refs),
      (mutations, from, to) => {
        const json = mutations.reduce<unknown>((now, [at, change]) => mutate(now, at, change), rich);
        const parsed = parseDocument(json);
        if (!parsed.ok) {
          seen.refused++;
          return;
        }
        const found = validate(description, parsed.document);
        canConnect(description, parsed.document, from, to);
        for (const { message } of found) expect(message.length).toBeGreaterThan(10);
        seen[found.length > 0 ? "faulty" : "sound"]++;
        if (found.length > 0) expect(() => plan(description, parsed.document)).toThrow(InvalidGraphError);
        else plan(description, parsed.document);
      },
    ),
    { numRuns: 3000, seed: 3 },
  );
  expect(Math.min(seen.refused, seen.faulty)).toBeGreaterThan(100);
  expect(seen.sound).toBeGreaterThan(10);
});
