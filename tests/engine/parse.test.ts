import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  createRegistry,
  defineNode,
  describeRegistry,
  float,
  migrateNodes,
  parseDocument,
  readDocument,
  serializeDocument,
  validate,
  type GraphDocument,
} from "../../src/engine/index.ts";
import { findSyntaxFault } from "../../src/engine/graph/json-syntax.ts";
import { description, graph } from "./support.ts";

const faultsOf = (input: unknown): string[] => {
  const parsed = parseDocument(input);
  return parsed.ok ? [] : parsed.faults.map(({ path, message }) => `${path}: ${message}`);
};

test("G1 every fault of form is listed with its path", () => {
  const faults = faultsOf({
    format: 1,
    name: 7,
    nodes: {
      a: { type: 3, version: 0, params: [] },
      b: 5,
      c: { type: "t", version: 1, zone: 1, params: {} },
    },
    edges: [{ from: "a.x" }, "a.x"],
    zones: { z: { kind: "repeat", carry: ["x", 4], parent: {} }, y: { carry: "x" } },
    layout: { a: [1], b: [1, 2] },
    view: [],
  });
  expect(faults.map((fault) => fault.split(":")[0])).toEqual([
    "name",
    "nodes.a.type",
    "nodes.a.version",
    "nodes.a.params",
    "nodes.b",
    "nodes.c.zone",
    "edges[0].to",
    "edges[1]",
    "zones.z.parent",
    "zones.z.carry[1]",
    "zones.y.kind",
    "zones.y.carry",
    "layout.a",
    "view",
  ]);
  expect(faults[1]).toBe("nodes.a.type: must be a text, but is 3.");
});

test.each([[[]], [null], ["3"], [undefined], [{}], [{ format: 1 }], [{ format: 1, nodes: {} }]])(
  "G1 %o is no graph",
  (input) => {
    expect(parseDocument(input).ok).toBe(false);
  },
);

test("G1 readDocument throws all faults at once", () => {
  expect(() => readDocument({ format: 1, nodes: 1, edges: 2 })).toThrow(/nodes: .*\n.*edges: /);
});

test.each([
  ['{\n  "format": 1,\n  "nodes": {},,\n}', "line 3, column 15", "a name in double quotes"],
  ['{"format": 1', "line 1, column 13", "ends too early"],
  ['{"a": 01}', "line 1, column 8", '"," or "}"'],
  ['{"a": [1 2]}', "line 1, column 10", '"," or "]"'],
  ['{"a": "x\ny"}', "line 1, column 9", "line break"],
  ['{"a": "\\x"}', "line 1, column 8", "escape"],
  ['{"a": "b', "line 1, column 7", "not closed"],
  ["{'a': 1}", "line 1, column 2", "a name in double quotes"],
  ['{"a": undefined}', "line 1, column 7", '"undefined" is no JSON value'],
  ["{} x", "line 1, column 4", "more text"],
  ['{"a" 1}', "line 1, column 6", '":"'],
  ["", "line 1, column 1", "ends too early"],
])("G2 %j is refused with its place", (text, path, reason) => {
  const [fault] = faultsOf(text);
  expect(fault).toContain(path);
  expect(fault).toContain(reason);
});

test("G2 the place is found for exactly the texts that JSON.parse refuses", () => {
  const text = fc.oneof(
    fc.json(),
    fc
      .tuple(fc.json(), fc.nat(), fc.constantFrom("", ",", "}", '"', "0", "\\", "-"))
      .map(([json, at, part]) => {
        const cut = at % (json.length + 1);
        return json.slice(0, cut) + part + json.slice(cut + 1);
      }),
  );
  fc.assert(
    fc.property(text, (json) => {
      let refused = false;
      try {
        JSON.parse(json);
      } catch {
        refused = true;
      }
      expect(findSyntaxFault(json) !== undefined).toBe(refused);
    }),
    { numRuns: 500, seed: 1 },
  );
});

test("G2 deep nesting does not exhaust the stack", () => {
  expect(findSyntaxFault("[".repeat(1e5))).toMatchObject({ column: 1e5 + 1 });
});

test("G3 a newer format is refused by number, with what to do", () => {
  const [fault] = faultsOf({ format: 99, nodes: "whatever" });
  expect(fault).toMatch(/^format: is 99, but this version reads up to 2: .*newer.*Update/);
});

test("G3 something else than a graph is refused", () => {
  expect(faultsOf({ nodes: {}, links: [] })[0]).toContain("Is this a Latent Loom graph?");
});

describe("G4", () => {
  const migrations = [
    {
      from: -1,
      migrate: (json: Record<string, unknown>) => ({ ...json, edges: json["wires"], wires: undefined }),
    },
    {
      from: 0,
      migrate: (json: Record<string, unknown>) => ({ ...json, nodes: json["blocks"], blocks: undefined }),
    },
  ];

  test("older formats are upgraded one step at a time", () => {
    const parsed = parseDocument({ format: -1, blocks: {}, wires: [], view: { zoom: 2 } }, { migrations });
    expect(parsed).toMatchObject({
      ok: true,
      upgradedFrom: -1,
      document: { format: 1, nodes: {}, edges: [], view: { zoom: 2 } },
    });
    const [fault] = faultsOf({ format: -2, nodes: {}, edges: [] });
    expect(fault).toContain("is -2, which this version cannot read");
  });

  test("a migration that throws is a fault, not an exception", () => {
    const broken = [
      {
        from: 0,
        migrate: () => {
          throw new Error("no blocks");
        },
      },
    ];
    const parsed = parseDocument({ format: 0 }, { migrations: broken });
    expect(parsed).toMatchObject({ ok: false, faults: [{ path: "format" }] });
  });

  test("a node's migrate upgrades its parameters; unknown and newer nodes stay", () => {
    const scale = defineNode({
      type: "test/scale",
      version: 3,
      title: "Scale",
      doc: "Scales.",
      inputs: {},
      params: { factor: float({ default: 1, doc: "factor" }) },
      outputs: {},
      migrate: (params, from) => {
        if (params["percent"] === "bad") throw new Error("percent is bad");
        return from === 1 ? { factor: Number(params["percent"]) / 100 } : params;
      },
      run: () => ({}),
    });
    const registry = createRegistry({ nodes: [scale] });
    const document: GraphDocument = {
      format: 1,
      nodes: {
        old: { type: "test/scale", version: 1, title: "mine", params: { percent: 50 } },
        bad: { type: "test/scale", version: 1, params: { percent: "bad" } },
        newer: { type: "test/scale", version: 4, params: { factor: 2 } },
        other: { type: "else/where", version: 1, params: { deep: "kept" } },
      },
      edges: [],
    };
    const { document: now, migrated, faults } = migrateNodes(registry, document);
    expect(migrated).toEqual(["old"]);
    expect(now.nodes["old"]).toEqual({
      type: "test/scale",
      version: 3,
      title: "mine",
      params: { factor: 0.5 },
    });
    expect(now.nodes["newer"]).toBe(document.nodes["newer"]);
    expect(now.nodes["other"]).toBe(document.nodes["other"]);
    expect(faults).toMatchObject([{ code: "outdated-node", node: "bad" }]);
    expect(faults[0]?.message).toContain("percent is bad");
    expect(validate(describeRegistry(registry), now).map(({ code, node }) => `${node} ${code}`)).toEqual([
      "bad outdated-node",
      "newer newer-node",
      "other unknown-node-type",
    ]);
  });
});

const messy = `{"edges":[{"to":"b.a","note":1,"from":"a.box"}],"view":{"zoom":1.50},"futureKey":{"x":[1,{"y":null}]},
  "nodes":{"b":{"params":{"z":1,"a":2},"version":1,"type":"test/add","colour":"red"},
  "a":{"type":"nobody/knows-it","version":7,"params":{"list":[1,2,3],"deep":{"a":{"b":"a long text that does not fit on one line with all the others around it"}}}},
  "__proto__":{"type":"x","version":1,"params":{}}},
  "zones":{"z":{"carry":[],"kind":"repeat","speed":3}},"format":1,"layout":{"a":[1e2,-0.0]},"name":"ü \\u2028 \\ud800"}`;

test("G5 load → save is a fixed point, byte for byte, after the first save", () => {
  const once = serializeDocument(readDocument(messy));
  expect(serializeDocument(readDocument(once))).toBe(once);
  expect(once.indexOf('"format"')).toBeLessThan(once.indexOf('"name"'));
  expect(once).toContain('    { "from": "a.box", "to": "b.a", "note": 1 }');
  expect(once.endsWith("}\n")).toBe(true);
});

test("G5 the order of known keys does not depend on how a document was made", () => {
  const one: GraphDocument = {
    format: 1,
    nodes: { a: { type: "t", version: 1, zone: "z", params: {} } },
    edges: [{ from: "a.x", to: "b.y" }],
  };
  const other: GraphDocument = {
    edges: [{ to: "b.y", from: "a.x" }],
    nodes: { a: { params: {}, zone: "z", version: 1, type: "t" } },
    format: 1,
  };
  expect(serializeDocument(other)).toBe(serializeDocument(one));
});

test("G5 G6 any JSON in params, view and unknown keys survives, and saving is a fixed point", () => {
  const key = fc
    .string({ minLength: 1 })
    .filter(
      (name) =>
        !["format", "nodes", "edges", "zones", "layout", "view", "name", "description"].includes(name),
    );
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.jsonValue()),
      fc.dictionary(key, fc.jsonValue()),
      fc.dictionary(fc.string(), fc.jsonValue()),
      (params, extras, view) => {
        const json = JSON.stringify({
          ...extras,
          format: 1,
          nodes: { n: { type: "t", version: 1, params } },
          edges: [],
          view,
        });
        const once = serializeDocument(readDocument(json));
        expect(JSON.parse(once)).toEqual(JSON.parse(json));
        expect(serializeDocument(readDocument(once))).toBe(once);
      },
    ),
    { numRuns: 200, seed: 2 },
  );
});

test("G6 unknown keys are kept at every level", () => {
  const saved = JSON.parse(serializeDocument(readDocument(messy))) as Record<
    string,
    Record<string, Record<string, unknown>>
  >;
  expect(saved["futureKey"]).toEqual({ x: [1, { y: null }] });
  expect(saved["nodes"]?.["b"]?.["colour"]).toBe("red");
  expect(saved["zones"]?.["z"]?.["speed"]).toBe(3);
  expect(Object.keys(saved["nodes"] ?? {})).toContain("__proto__");
});

test("G7 a node of an unknown type keeps all its data, and only running it is refused", () => {
  const document = readDocument(messy);
  expect(document.nodes["a"]).toMatchObject({
    type: "nobody/knows-it",
    version: 7,
    params: { list: [1, 2, 3] },
  });
  expect(validate(description, document)).toContainEqual(
    expect.objectContaining({ code: "unknown-node-type", node: "a" }),
  );
  const again = readDocument(serializeDocument(document));
  expect(again.nodes["a"]).toEqual(document.nodes["a"]);
});

test("G8 what JSON would drop or change is refused by path", () => {
  const circle: Record<string, unknown> = {};
  circle["self"] = circle;
  const around = (view: unknown): unknown => ({ ...graph({}), view });
  expect(faultsOf(around({ zoom: Number.NaN }))).toEqual(["view.zoom: NaN cannot stand in a graph file."]);
  expect(faultsOf(around({ f: () => 1 }))[0]).toContain("view.f: a function");
  expect(faultsOf(around({ n: 1n }))[0]).toContain("view.n: a bigint");
  expect(faultsOf(around(circle))[0]).toContain("view.self: it contains itself");
  expect(
    faultsOf('{"format":1,"nodes":{"a":{"type":"t","version":1,"params":{"x":1e999}}},"edges":[]}'),
  ).toEqual(["nodes.a.params.x: Infinity cannot stand in a graph file."]);
});

test("G8 the input is not changed and not shared", () => {
  const document = graph({ a: "box" });
  const before = JSON.stringify(document);
  const parsed = readDocument(document);
  expect(parsed).toEqual(document);
  expect(parsed.nodes).not.toBe(document.nodes);
  expect(JSON.stringify(document)).toBe(before);
});

test("G9 every archived file loads, and saving it is a fixed point", () => {
  const folder = new URL("../../graphs/archive/", import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".json"),
  );
  expect(files).toContain("v1/every-feature.graph.json");
  for (const name of files) {
    const once = serializeDocument(readDocument(readFileSync(new URL(name, folder), "utf8")));
    expect(serializeDocument(readDocument(once))).toBe(once);
  }
});
