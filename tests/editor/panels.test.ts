import { describe, expect, test } from "vitest";
import { distanceToWire, layoutNode, wirePath } from "../../src/editor/canvas/geometry.ts";
import { fileNameOf, readGraph, writeGraph } from "../../src/editor/files/read-graph.ts";
import { insertNode, insertZone } from "../../src/editor/graph/insert.ts";
import { shapeOf } from "../../src/editor/graph/ports.ts";
import { parseParam } from "../../src/editor/graph/parse-param.ts";
import { paletteEntries, search } from "../../src/editor/graph/search.ts";
import { validate } from "../../src/engine/graph/validate.ts";
import { actionFor, SHORTCUTS } from "../../src/editor/shortcuts.ts";
import { socketStyle } from "../../src/editor/theme/socket-style.ts";
import { zoned } from "./fixtures/graphs.ts";
import { catalog } from "./fixtures/registry.ts";

describe("palette", () => {
  const titles = (query: string): string[] =>
    search(paletteEntries(catalog), query).map((entry) => entry.title);

  test("finds by name, type, keyword and help, the name first", () => {
    expect(titles("spin")[0]).toBe("Spin");
    expect(titles("wool")).toEqual(["Spin"]);
    expect(titles("cloth/")).toEqual(["Weave"]);
    expect(titles("twists two")).toEqual(["Ply"]);
    expect(titles("yarn ply")).toEqual(["Ply"]);
    expect(titles("( [ \\")).toEqual([]);
    expect(titles("loop")).toEqual(["Repeat"]);
  });

  test("a loose wire leaves only nodes that take it", () => {
    const cloth = { side: "output", address: "weave.cloth", type: "cloth" } as const;
    expect(paletteEntries(catalog, cloth).map((entry) => entry.title)).toEqual(["Reroute", "Repeat"]);
    const warp = { side: "input", address: "weave.warp", type: "thread" } as const;
    expect(paletteEntries(catalog, warp).map((entry) => entry.title)).toEqual(["Spin", "Reroute"]);
  });

  test("a node added from a wire inside a zone stands in the zone and is wired", () => {
    const { edit, ids } = insertNode(zoned, catalog, "yarn/ply", [0, 0], {
      end: { side: "output", address: "ply.yarn", type: "yarn" },
    });
    const next = edit(zoned);
    expect(ids).toEqual(["ply2"]);
    expect(next.nodes["ply2"]?.zone).toBe("loop");
    expect(next.edges.at(-1)).toEqual({ from: "ply.yarn", to: "ply2.a" });
    expect(validate(catalog.description, next)).toEqual([]);
  });

  test("a zone added from a wire carries it", () => {
    const next = insertZone(zoned, catalog, "repeat", [0, 0], {
      end: { side: "output", address: "spin.thread", type: "thread" },
    }).edit(zoned);
    expect(next.zones?.["repeat"]).toEqual({ kind: "repeat", carry: ["thread"] });
    expect(next.edges.at(-1)).toEqual({ from: "spin.thread", to: "repeatBegin.thread" });
  });
});

describe("parameters", () => {
  test.each([
    ["length", "12", { value: 12 }],
    ["length", "1.5", { fault: "This must be a whole number." }],
    ["length", "0", { fault: "The smallest value is 1." }],
    ["length", "65", { fault: "The largest value is 64." }],
    ["length", "", { fault: "This is not a number." }],
    ["twist", "1e-3", { value: 0.001 }],
    ["seed", "18446744073709551615", { value: "18446744073709551615" }],
    ["seed", "42", { value: 42 }],
    ["seed", "-1", { fault: "A seed is a whole number from 0." }],
  ])("%s from %j", (name, text, expected) => {
    const spec = catalog.node("yarn/spin")?.params.find((param) => param.name === name)?.spec;
    expect(spec && parseParam(spec, text)).toEqual(expected);
  });
});

describe("geometry", () => {
  const shape = shapeOf(
    zoned,
    catalog,
    "weave",
    zoned.nodes["weave"] ?? { type: "", version: 1, params: {} },
  );

  test("every port has a place, folded or not, and ports of one side do not share one", () => {
    const open = layoutNode(shape, { collapsed: false, advanced: true, wired: new Set() });
    expect([...open.inputs.keys()].sort()).toEqual(["dye", "pattern", "tight", "warp"]);
    expect(new Set([...open.inputs.values()].map((place) => place.y)).size).toBe(4);
    const folded = layoutNode(shape, { collapsed: true, advanced: false, wired: new Set() });
    expect([...folded.inputs.keys()].sort()).toEqual(["dye", "pattern", "tight", "warp"]);
    expect(folded.height).toBeLessThan(open.height);
  });

  test("an advanced parameter is hidden until it has a wire", () => {
    const spin = shapeOf(zoned, catalog, "spin", zoned.nodes["spin"] ?? { type: "", version: 1, params: {} });
    const names = (wired: string[]): string[] =>
      layoutNode(spin, { collapsed: false, advanced: false, wired: new Set(wired) }).params.map(
        (param) => param.name,
      );
    expect(names([])).toEqual(["length", "seed"]);
    expect(names(["twist"])).toEqual(["length", "twist", "seed"]);
  });

  test("the distance to a wire is 0 at its ends and grows beside it", () => {
    const [from, to] = [
      { x: 0, y: 0 },
      { x: 300, y: 0 },
    ];
    expect(distanceToWire(from, to, 0, 0)).toBe(0);
    expect(distanceToWire(from, to, 150, 0)).toBeLessThan(0.01);
    expect(distanceToWire(from, to, 150, 20)).toBeCloseTo(20, 1);
    expect(wirePath(from, to)).toMatch(/^M0 0C/);
  });
});

describe("shortcuts", () => {
  const press = (
    key: string,
    held: { ctrlKey?: boolean; shiftKey?: boolean } = {},
  ): Parameters<typeof actionFor>[0] => ({
    key,
    ctrlKey: false,
    metaKey: false,
    shiftKey: false,
    altKey: false,
    ...held,
  });

  test("each combination means one thing", () => {
    const keys = SHORTCUTS.flatMap((shortcut) => shortcut.keys);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test("a person who types into a field means the text", () => {
    expect(actionFor(press("Backspace"), false)).toBe("delete");
    expect(actionFor(press("Backspace"), true)).toBeUndefined();
    expect(actionFor(press("z", { ctrlKey: true }), true)).toBeUndefined();
    expect(actionFor(press("Enter", { ctrlKey: true }), true)).toBe("run");
  });

  test("undo and redo differ by Shift alone, and ? needs it on many keyboards", () => {
    expect(actionFor(press("z", { ctrlKey: true }), false)).toBe("undo");
    expect(actionFor(press("Z", { ctrlKey: true, shiftKey: true }), false)).toBe("redo");
    expect(actionFor(press("?", { shiftKey: true }), false)).toBe("help");
    expect(actionFor(press(" "), false)).toBe("palette");
    expect(actionFor(press("+", { shiftKey: true }), false)).toBe("zoom-in");
  });
});

describe("files", () => {
  test("what is written is read back, and written again it is the same text", () => {
    const text = writeGraph(zoned);
    expect(readGraph(text)).toEqual(zoned);
    expect(writeGraph(readGraph(text))).toBe(text);
  });

  test("what is no graph is refused in words", () => {
    expect(() => readGraph("{")).toThrow(/line 1/);
    expect(() => readGraph('{"format":99,"nodes":{},"edges":[]}')).toThrow(/format/);
    expect(() => readGraph('{"format":1,"nodes":[],"edges":[]}')).toThrow(/nodes/);
  });

  test("a file is named after its graph", () => {
    expect(fileNameOf({ ...zoned, name: "../Sample: digits (50)" })).toBe("sample-digits-50.graph.json");
    expect(fileNameOf({ ...zoned, name: "…" })).toBe("graph.graph.json");
  });
});

test("a type that the theme does not know has always the same colour and shape", () => {
  expect(socketStyle("somethingNew")).toEqual(socketStyle("somethingNew"));
  expect(socketStyle("latent")).not.toEqual(socketStyle("image"));
});
