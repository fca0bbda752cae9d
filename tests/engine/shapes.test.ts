import { describe, expect, test } from "vitest";
import {
  createRegistry,
  defineNode,
  defineZone,
  describeRegistry,
  inferShapes,
  int,
  optionalPort,
  port,
  portLike,
  anyType,
  intType,
  showShape,
  socketType,
  type GraphDocument,
  type NodeRecord,
} from "../../src/engine/index.ts";

const grid = socketType<readonly number[]>({
  id: "grid",
  label: "Grid",
  shape: "[rows, columns]",
  guard: (value): value is readonly number[] => Array.isArray(value),
});
const common = { version: 1, doc: "", title: "" } as const;
const nothing = (): never => {
  throw new Error("not run here");
};
const make = defineNode({
  ...common,
  type: "t/make",
  inputs: { like: optionalPort(grid, "") },
  params: {
    rows: int({ default: 8, doc: "" }),
    columns: int({ default: 6, doc: "" }),
    by: int({ default: 2, doc: "" }),
  },
  outputs: {
    whole: port(grid, "", "like like or [rows, columns]"),
    part: port(grid, "", "[rows/by, columns*by]"),
    silent: port(grid, ""),
    given: port(grid, "", "with like [rows, depth] or [rows, columns]"),
  },
  run: nothing,
});
const turn = defineNode({
  ...common,
  type: "t/turn",
  inputs: { grid: port(grid, "") },
  params: { columns: int({ default: 3, doc: "" }) },
  outputs: {
    same: port(grid, "", "like grid"),
    other: port(grid, "", "like grid [*, columns]"),
    odd: port(grid, "", "like grid [*, depth]"),
  },
  run: nothing,
});
const pass = defineNode({
  ...common,
  type: "t/pass",
  inputs: { in: port(anyType, "") },
  params: {},
  outputs: { out: portLike("in", "") },
  run: nothing,
});
const number = defineNode({
  ...common,
  type: "t/number",
  inputs: {},
  params: { value: int({ default: 5, doc: "" }) },
  outputs: { value: port(intType, "", "= value"), hidden: port(intType, "") },
  run: nothing,
});
const loop = defineZone({
  kind: "loop",
  title: "",
  doc: "",
  begin: { ...common, type: "t/begin", inputs: {}, params: {}, outputs: {} },
  end: { ...common, type: "t/end", inputs: {}, outputs: {} },
  start: nothing,
});
const description = describeRegistry(createRegistry({ nodes: [make, turn, pass, number], zones: [loop] }));

function shapes(
  nodes: Record<string, string | [type: string, params: NodeRecord["params"], zone?: string]>,
  wires: string[],
  zones?: NonNullable<GraphDocument["zones"]>,
): Record<string, string> {
  const records = Object.entries(nodes).map(([id, one]): [string, NodeRecord] => {
    const [type, params = {}, zone] = typeof one === "string" ? [one] : one;
    return [id, { type: `t/${type}`, version: 1, params, ...(zone === undefined ? {} : { zone }) }];
  });
  const edges = wires.map((wire) => {
    const [from = "", to = ""] = wire.split(" > ");
    return { from, to };
  });
  const document: GraphDocument = {
    format: 1,
    nodes: Object.fromEntries(records),
    edges,
    ...(zones ? { zones } : {}),
  };
  return Object.fromEntries(
    [...inferShapes(description, document)].map(([ref, shape]) => [ref, showShape(shape)]),
  );
}

describe("N5 shapes before the run", () => {
  test("N5 from parameters, stored or not, with a product or a quotient", () => {
    expect(shapes({ a: "make", b: ["make", { rows: 10, by: 5 }] }, [])).toEqual({
      "a.whole": "[8, 6]",
      "a.part": "[4, 12]",
      "a.given": "[8, 6]",
      "b.whole": "[10, 6]",
      "b.part": "[2, 30]",
      "b.given": "[10, 6]",
    });
  });

  test("N5 a quotient that does not come out, and a parameter that is computed, stay words", () => {
    const found = shapes({ n: "number", a: ["make", { rows: 7 }], b: "make" }, ["n.hidden > b.rows"]);
    expect(found["a.part"]).toBe("[rows/by, 12]");
    expect(found["b.whole"]).toBe("[rows, 6]");
    expect(found["b.part"]).toBe("[rows/2, 12]");
  });

  test("N5 a number that is known goes along wires and corners", () => {
    const found = shapes({ n: ["number", { value: 4 }], p: "pass", a: "make" }, [
      "n.value > p.in",
      "p.out > a.rows",
    ]);
    expect(found["a.whole"]).toBe("[4, 6]");
  });

  test("N5 like an input, also through corners; with other axes; and else where it is not wired", () => {
    const found = shapes({ a: "make", p: "pass", t: "turn", b: "make" }, [
      "a.whole > p.in",
      "p.out > t.grid",
      "t.other > b.like",
    ]);
    expect(found).toMatchObject({
      "p.out": "[8, 6]",
      "t.same": "[8, 6]",
      "t.other": "[8, 3]",
      "t.odd": "[8, depth]",
      "b.whole": "[8, 3]",
    });
  });

  test("N5 like something unknown is unknown, and not what holds without a wire", () => {
    const found = shapes({ a: "make", b: "make" }, ["a.silent > b.like"]);
    expect(found).not.toHaveProperty(["b.whole"]);
    expect(found["b.given"]).toBe("[8, depth]");
    expect(shapes({ a: "make", t: "turn" }, ["a.silent > t.grid"])).toMatchObject({ "t.other": "[?, 3]" });
  });

  const zone = (inner: string): Record<string, string> =>
    shapes(
      { a: "make", begin: ["begin", {}, "z"], t: ["turn", {}, "z"], end: ["end", {}, "z"], after: "turn" },
      ["a.whole > begin.x", "begin.x > t.grid", `${inner} > end.x`, "end.x > after.grid"],
      { z: { kind: "loop", carry: ["x"] } },
    );

  test("N5 a carried value keeps its shape where each round keeps it", () => {
    expect(zone("t.same")).toMatchObject({
      "begin.x": "[8, 6]",
      "t.same": "[8, 6]",
      "end.x": "[8, 6]",
      "after.same": "[8, 6]",
    });
  });

  test("N5 an axis that a round changes is not known, before and after the loop as well as in it", () => {
    expect(zone("t.other")).toMatchObject({
      "begin.x": "[8, ?]",
      "t.same": "[8, ?]",
      "end.x": "[8, ?]",
      "after.same": "[8, ?]",
    });
  });

  test("N5 two carried values that swap have what both have in common", () => {
    const found = shapes(
      { a: "make", b: ["make", { columns: 9 }], begin: ["begin", {}, "z"], end: ["end", {}, "z"] },
      ["a.whole > begin.x", "b.whole > begin.y", "begin.x > end.y", "begin.y > end.x"],
      { z: { kind: "loop", carry: ["x", "y"] } },
    );
    expect(found).toMatchObject({ "begin.x": "[8, ?]", "end.y": "[8, ?]" });
  });

  test("N5 circles and loops that are not wired say nothing", () => {
    expect(shapes({ a: "turn", b: "turn" }, ["a.same > b.grid", "b.same > a.grid"])).toEqual({
      "a.other": "[?, 3]",
      "a.odd": "[?, depth]",
      "b.other": "[?, 3]",
      "b.odd": "[?, depth]",
    });
    expect(
      shapes({ begin: ["begin", {}, "z"], end: ["end", {}, "z"] }, ["begin.x > end.x"], {
        z: { kind: "loop", carry: ["x"] },
      }),
    ).toEqual({});
  });

  test("N1 a shape like an input that there is not is refused", () => {
    const bad = defineNode({
      ...common,
      type: "t/bad",
      inputs: {},
      params: {},
      outputs: { out: port(grid, "", "like nobody") },
      run: nothing,
    });
    expect(() => createRegistry({ nodes: [bad] })).toThrow(/"out" is like "nobody", which is no input/);
  });
});
