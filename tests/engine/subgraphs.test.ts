import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { makeSubgraph } from "../../src/editor/graph/subgraphs.ts";
import { unpackSubgraph } from "../../src/editor/graph/unpack-subgraph.ts";
import { pruneSubgraphs } from "../../src/editor/graph/used-subgraphs.ts";
import {
  createCache,
  createRegistry,
  defineNode,
  describeRegistry,
  describeSubgraphs,
  expand,
  parseDocument,
  port,
  readDocument,
  resolveOutput,
  serializeDocument,
  specialise,
  validate,
  type GraphDocument,
  type NodeDefinition,
  type NodeRecord,
} from "../../src/engine/index.ts";
import { randomGraph, type RandomGraph } from "./random-graphs.ts";
import {
  boxNode,
  boxType,
  readNode,
  redBoxType,
  Box,
  description,
  expectNothingLeft,
  failure,
  graph,
  run,
  startAfresh,
  type Crate,
} from "./support.ts";

afterEach(expectNothingLeft);

/** The document with the nodes as a subgraph. @throws with the reason where that is refused. */
function grouped(document: GraphDocument, ids: readonly string[], name = "Group"): GraphDocument {
  const outcome = makeSubgraph(describeSubgraphs(description, document.subgraphs), document, ids, name);
  if (!outcome.ok) throw new Error(outcome.reason);
  return outcome.edit(document);
}

const numberOf = (value: unknown): number =>
  value instanceof Box ? value.value : ((value as Crate).parts[0]?.value ?? Number.NaN);

/** What a run kept, by the last part of each node's path: grouping changes nothing but the path. */
async function results(document: GraphDocument): Promise<Record<string, number>> {
  const ran = await run(document, { keep: "all" });
  const all = Object.entries(ran.outputs).flatMap(([node, ports]) =>
    Object.entries(ports)
      .filter(([, value]) => typeof value === "object")
      .map(([port, value]): [string, number] => [`${node.split("/").at(-1) ?? ""}.${port}`, numberOf(value)]),
  );
  ran.dispose();
  return Object.fromEntries(all);
}

/** box 3 → add (+1) → add (+10) → read. */
const chain = graph(
  {
    box: { type: "box", params: { value: 3 } },
    one: { type: "add", params: { plus: 1 } },
    two: { type: "add", params: { plus: 10 } },
    read: "read",
  },
  ["box.box > one.a", "one.sum > two.a", "two.sum > read.box"],
);

describe("S1 expansion", () => {
  test("S1 a subgraph is a node with the ports that the wires across its border make", () => {
    const document = grouped(chain, ["one", "two"], "Two adds");
    expect(Object.keys(document.nodes)).toEqual(["box", "read", "twoAdds"]);
    expect(document.subgraphs?.["two-adds"]).toMatchObject({
      name: "Two adds",
      inputs: [{ name: "a", type: "box" }],
      outputs: [{ name: "sum", type: "box" }],
    });
    expect(document.edges).toEqual([
      { from: "box.box", to: "twoAdds.a" },
      { from: "twoAdds.sum", to: "read.box" },
    ]);
    expect(validate(description, document)).toEqual([]);
  });

  test("S1 nodes inside are named by their path, in events and errors", async () => {
    const inner = graph({ box: { type: "box", params: { value: 3 } }, check: "fail", read: "read" }, [
      "box.box > check.box",
      "check.box > read.box",
    ]);
    const document = grouped(grouped(inner, ["check"], "Inner"), ["inner"], "Outer");
    const error = await failure(run(document));
    expect(error.node).toBe("outer/inner/check");
    expect(error.message).toContain('Node "outer/inner/check" (Fail above): 3 is above 0');
    const sound = grouped(chain, ["one", "two"]);
    const { events, dispose } = await run(sound);
    expect(events).toContainEqual(expect.objectContaining({ type: "nodeFinished", node: "group/one" }));
    dispose();
  });

  test("S1 a fault inside is named by the path, and an output that nothing is wired to by the subgraph", () => {
    const document = grouped(chain, ["one", "two"]);
    const subgraph = document.subgraphs?.["group"];
    if (!subgraph) throw new Error("no group");
    const withEdges = (edges: GraphDocument["edges"]): GraphDocument => ({
      ...document,
      subgraphs: { group: { ...subgraph, edges } },
    });
    const noInput = validate(description, withEdges(subgraph.edges.filter(({ to }) => to !== "one.a")));
    expect(noInput).toMatchObject([{ code: "missing-input", node: "group/one", port: "a" }]);
    const noOutput = validate(
      description,
      withEdges(subgraph.edges.filter(({ to }) => to !== "outputs.sum")),
    );
    expect(noOutput).toMatchObject([{ code: "subgraph", node: "read", port: "box" }]);
    expect(noOutput[0]?.message).toContain('nothing inside the subgraph is wired to its output "sum"');
  });

  test("S1 ports that a subgraph does not have, and ids that are taken, are faults", () => {
    const document = grouped(chain, ["one", "two"]);
    const odd: GraphDocument = {
      ...document,
      nodes: { ...document.nodes, "group/one": { type: "test/box", version: 1, params: {} } },
      edges: [
        ...document.edges,
        { from: "box.box", to: "group.nothing" },
        { from: "group.half", to: "group/one.value" },
      ],
    };
    const messages = validate(description, odd).map(({ code, message }) => `${code} ${message}`);
    expect(messages).toContainEqual(expect.stringMatching(/^bad-id Two nodes are called "group\/one"/));
    expect(messages).toContainEqual(expect.stringMatching(/^unknown-port .*no input "nothing"; it has a\./));
  });

  test("S1 a document without subgraphs and modes is left as it is", () => {
    expect(expand(description, chain).document).toBe(chain);
  });
});

/** Sound graphs; while fast-check shrinks, what a failed run left must not count. */
const soundGraph = randomGraph.filter(({ document }: RandomGraph) => {
  startAfresh();
  return validate(description, document).length === 0;
});
const choices = fc.array(fc.nat(9999), { minLength: 1, maxLength: 12 });

/** Groups at random, again and again: subgraphs with zones, in zones, and in each other. */
function groupAtRandom(document: GraphDocument, picks: readonly number[]): GraphDocument {
  let current = document;
  for (const pick of picks) {
    const ids = Object.keys(current.nodes);
    const size = 1 + (pick % 4);
    const chosen = Array.from(
      { length: size },
      (_, index) => ids[(pick + index * (1 + (pick % 3))) % ids.length] ?? "",
    );
    const outcome = makeSubgraph(describeSubgraphs(description, current.subgraphs), current, chosen, "Part");
    if (outcome.ok) current = outcome.edit(current);
  }
  return current;
}

test("S1 S4 a random grouping of a random graph gives what the graph gives without it, and no fault", async () => {
  let groups = 0;
  let nested = 0;
  let zoned = 0;
  await fc.assert(
    fc.asyncProperty(soundGraph, choices, async ({ document, expected }, picks) => {
      const made = groupAtRandom(document, picks);
      const subgraphs = Object.values(made.subgraphs ?? {});
      groups += subgraphs.length;
      const uses = (record: NodeRecord): boolean => record.type.startsWith("subgraph/");
      if (subgraphs.some(({ nodes }) => Object.values(nodes).some(uses))) nested++;
      if (subgraphs.some(({ zones }) => zones !== undefined)) zoned++;
      expect(validate(description, made)).toEqual([]);
      const { document: flat } = expand(description, made);
      expect(Object.keys(flat.nodes).length).toBe(Object.keys(document.nodes).length);
      const got = await results(made);
      for (const [ref, value] of expected) expect(`${ref} = ${got[ref]}`).toBe(`${ref} = ${value}`);
      expectNothingLeft();
    }),
    { numRuns: 120 },
  );
  expect(groups).toBeGreaterThan(200);
  expect(nested).toBeGreaterThan(20);
  expect(zoned).toBeGreaterThan(10);
});

test("S1 unpacking every subgraph gives the graph's results again, and leaves no subgraph behind", async () => {
  await fc.assert(
    fc.asyncProperty(soundGraph, choices, async ({ document }, picks) => {
      let made = groupAtRandom(document, picks);
      for (let guard = 0; guard < 200; guard++) {
        const id = Object.keys(made.nodes).find((node) => made.nodes[node]?.type.startsWith("subgraph/"));
        if (id === undefined) break;
        const outcome = unpackSubgraph(made, id);
        if (!outcome.ok) throw new Error(outcome.reason);
        made = pruneSubgraphs(outcome.edit(made));
      }
      expect(made.subgraphs).toBeUndefined();
      expect(Object.keys(made.nodes).length).toBe(Object.keys(document.nodes).length);
      const sorted = (values: Record<string, number>): string[] =>
        Object.entries(values)
          .map(([ref, value]) => `${ref.split(".").at(-1) ?? ""} ${value}`)
          .sort();
      expect(sorted(await results(made))).toEqual(sorted(await results(document)));
      expectNothingLeft();
    }),
    { numRuns: 60 },
  );
});

test("S2 the cache does not see whether nodes are grouped", async () => {
  await fc.assert(
    fc.asyncProperty(soundGraph, choices, async ({ document }, picks) => {
      const cache = createCache({ budgetBytes: 1e9 });
      const first = await run(document, { cache });
      first.dispose();
      const made = groupAtRandom(document, picks);
      const second = await run(made, { cache });
      second.dispose();
      const ran = second.events.filter((event) => event.type === "nodeFinished" && !event.cached);
      const unneeded = ran.filter(
        (event) => event.type === "nodeFinished" && event.reason.kind !== "not-needed",
      );
      expect(unneeded).toEqual([]);
      cache.clear();
      expectNothingLeft();
    }),
    { numRuns: 60 },
  );
});

describe("S3 parameters of subgraphs", () => {
  const tuned = graph(
    {
      box: { type: "box", params: { value: 3 } },
      number: { type: "int", params: { value: 7 } },
      one: "add",
      two: { type: "add", params: { plus: 2 } },
      read: "read",
    },
    [
      "box.box > one.a",
      "one.sum > two.a",
      "number.value > one.plus",
      "number.value > two.plus",
      "two.sum > read.box",
    ],
  );
  const withParam = (): GraphDocument => {
    const document = grouped(tuned, ["one", "two"]);
    return { ...document, edges: document.edges.filter(({ from }) => from !== "number.value") };
  };

  test("S3 a port that feeds parameters of one kind is a parameter, its default what is stored inside", () => {
    const document = withParam();
    const node = describeSubgraphs(description, document.subgraphs).nodes["subgraph/group"];
    expect(node?.params["plus"]).toMatchObject({ kind: "float", default: 0 });
    expect(Object.keys(node?.inputs ?? {})).toEqual(["a"]);
  });

  test("S3 a stored value goes to all that the port feeds; a wire wins over it; without either what is inside counts", async () => {
    const read = async (document: GraphDocument): Promise<unknown> => {
      const ran = await run(document);
      const value = ran.outputs["read"]?.["value"];
      ran.dispose();
      return value;
    };
    const bare = withParam();
    expect(await read(bare)).toBe(5);
    const group = bare.nodes["group"];
    if (!group) throw new Error("no group");
    const stored: GraphDocument = {
      ...bare,
      nodes: { ...bare.nodes, group: { ...group, params: { plus: 20 } } },
    };
    expect(await read(stored)).toBe(43);
    expect(
      await read({ ...stored, edges: [...stored.edges, { from: "number.value", to: "group.plus" }] }),
    ).toBe(17);
    const outer = grouped(stored, ["group"], "Outer");
    expect(await read(outer)).toBe(43);
  });

  test("S3 a bad value, and a parameter that is none, are faults of the subgraph's node", () => {
    const document = withParam();
    const group = document.nodes["group"];
    if (!group) throw new Error("no group");
    const bad = {
      ...document,
      nodes: { ...document.nodes, group: { ...group, params: { plus: "much", more: 1 } } },
    };
    expect(validate(description, bad).map(({ code, node, port }) => `${code} ${node} ${port}`)).toEqual([
      "bad-param group plus",
      "unknown-param group more",
    ]);
  });
});

describe("S4 what cannot be", () => {
  test("S4 a subgraph in itself is refused by its circle, and a missing one by name", () => {
    const part = (type: string): NonNullable<GraphDocument["subgraphs"]>[string] => ({
      inputs: [],
      outputs: [],
      nodes: { inner: { type, version: 1, params: {} } },
      edges: [],
    });
    const document: GraphDocument = {
      format: 2,
      nodes: {
        a: { type: "subgraph/a", version: 1, params: {} },
        gone: { type: "subgraph/gone", version: 1, params: {} },
      },
      edges: [],
      subgraphs: { a: part("subgraph/b"), b: part("subgraph/a") },
    };
    const faults = validate(description, document);
    expect(faults.map(({ code }) => code)).toEqual(["subgraph", "subgraph"]);
    expect(faults[0]?.message).toContain("stands in itself: a → b → a");
    expect(faults[1]?.message).toContain('does not hold the subgraph "gone"');
  });

  test("S4 nodes of two zones, and nodes with another between them, make no subgraph", () => {
    const zoned = graph(
      {
        box: "box",
        begin: { type: "repeat-begin", zone: "z" },
        add: { type: "add", zone: "z" },
        end: { type: "repeat-end", zone: "z" },
      },
      ["box.box > begin.x", "begin.x > add.a", "add.sum > end.x"],
      { z: { kind: "repeat", carry: ["x"] } },
    );
    const reason = (document: GraphDocument, ids: string[]): string => {
      const outcome = makeSubgraph(description, document, ids, "Part");
      return outcome.ok ? "" : outcome.reason;
    };
    expect(reason(zoned, ["box", "add"])).toContain("different zones");
    expect(reason(zoned, ["begin"])).toBe("");
    expect(reason(chain, ["box", "two"])).toContain('"one" stands between');
    expect(reason(chain, [])).toContain("Select");
    const whole = grouped(zoned, ["begin"]);
    expect(Object.keys(whole.nodes)).toEqual(["box", "group"]);
    expect(whole.zones).toEqual({});
    expect(whole.subgraphs?.["group"]?.zones).toEqual(zoned.zones);
  });
});

describe("S5 addresses", () => {
  test("S5 an output of a subgraph is the output inside that it comes from", async () => {
    const document = grouped(grouped(chain, ["one", "two"], "Inner"), ["inner"], "Outer");
    const expanded = expand(description, document);
    expect(resolveOutput(expanded, "outer.sum")).toBe("outer/inner/two.sum");
    expect(resolveOutput(expanded, "outer.inner.one.half")).toBe("outer/inner/one.half");
    const ran = await run(document, { keep: [resolveOutput(expanded, "outer.inner.one.sum")] });
    expect(numberOf(ran.outputs["outer/inner/one"]?.["sum"])).toBe(4);
    ran.dispose();
  });

  test("S5 only: a subgraph runs all that stands in it and what that needs", async () => {
    const document = grouped(chain, ["one", "two"]);
    const ran = await run(document, { only: ["group"] });
    expect(Object.keys(ran.reasons).sort()).toEqual(["box", "group/one", "group/two"]);
    ran.dispose();
    const inner = await run(document, { only: ["group.one"] });
    expect(Object.keys(inner.reasons).sort()).toEqual(["box", "group/one"]);
    inner.dispose();
  });

  test("S5 a use of its own can be changed without the others", () => {
    const document = grouped(chain, ["one", "two"]);
    const own = specialise(document, ["group"]);
    expect(own.nodes["group"]?.type).not.toBe(document.nodes["group"]?.type);
    expect(expand(description, own).document).toEqual(expand(description, document).document);
    expect(own.subgraphs?.["group"]).toBe(document.subgraphs?.["group"]);
  });
});

const withMode = (
  document: GraphDocument,
  modes: Readonly<Record<string, NodeRecord["mode"]>>,
): GraphDocument => ({
  ...document,
  nodes: Object.fromEntries(
    Object.entries(document.nodes).map(([id, record]) => {
      const mode = modes[id];
      return [id, mode === undefined ? record : { ...record, mode }];
    }),
  ),
});

describe("mute", () => {
  test("S6 a muted node and all that depends on it do not run; the rest does", async () => {
    const document = withMode(chain, { two: "mute" });
    const ran = await run(document);
    expect(Object.keys(ran.reasons)).toEqual(["box", "one"]);
    expect(Object.keys(ran.outputs)).toEqual(["one"]);
    ran.dispose();
    expect([...expand(description, document).inactive].sort()).toEqual(["read", "two"]);
  });

  test("S6 an optional input or a parameter that depends on it makes its node depend on it", () => {
    const document = graph({ box: "box", other: "box", add: "add", number: "int", plain: "add" }, [
      "box.box > add.a",
      "other.box > add.b",
      "box.box > plain.a",
      "number.value > plain.plus",
    ]);
    const { inactive } = expand(description, withMode(document, { other: "mute", number: "mute" }));
    expect([...inactive].sort()).toEqual(["add", "number", "other", "plain"]);
  });

  test("S6 S9 faults in what is muted do not matter, and asking for it is refused", async () => {
    const broken = withMode(graph({ box: "box", add: "add", show: "show" }, ["add.sum > show.box"]), {
      add: "mute",
    });
    expect(validate(description, broken)).toEqual([]);
    const ran = await run(broken);
    expect(Object.keys(ran.reasons)).toEqual(["box"]);
    ran.dispose();
    await expect(run(broken, { only: ["show"] })).rejects.toThrow(/"show" does not run: it is muted/);
  });

  test("S6 a muted subgraph mutes what it holds, and a muted node in one what depends on it outside", () => {
    const document = grouped(chain, ["one", "two"]);
    const muted = expand(description, withMode(document, { group: "mute" }));
    expect(Object.keys(muted.document.nodes)).toEqual(["box"]);
    const subgraph = document.subgraphs?.["group"];
    if (!subgraph) throw new Error("no group");
    const one = subgraph.nodes["one"];
    const inside: GraphDocument = {
      ...document,
      subgraphs: {
        group: { ...subgraph, nodes: { ...subgraph.nodes, one: { ...one, mode: "mute" } as NodeRecord } },
      },
    };
    expect(Object.keys(expand(description, inside).document.nodes)).toEqual(["box"]);
    expect([...expand(description, inside).inactive].sort()).toEqual(["group/one", "group/two", "read"]);
  });
});

const loop = graph(
  {
    box: { type: "box", params: { value: 3 } },
    begin: { type: "repeat-begin", zone: "z", params: { times: 2 } },
    add: { type: "add", zone: "z", params: { plus: 1 } },
    show: { type: "show", zone: "z" },
    end: { type: "repeat-end", zone: "z" },
    read: "read",
  },
  ["box.box > begin.x", "begin.x > add.a", "add.sum > end.x", "add.sum > show.box", "end.x > read.box"],
  { z: { kind: "repeat", carry: ["x"] } },
);

describe("S8 zones", () => {
  test("S8 a muted end is its whole zone; a muted node of the body that reaches the end as well", () => {
    for (const id of ["begin", "end", "add"]) {
      const { document } = expand(description, withMode(loop, { [id]: "mute" }));
      expect(Object.keys(document.nodes)).toEqual(["box"]);
      expect(document.zones).toEqual({});
    }
  });

  test("S8 a muted node that does not reach the end leaves the zone to run", async () => {
    const ran = await run(withMode(loop, { show: "mute" }));
    expect(ran.outputs["read"]?.["value"]).toBe(5);
    expect(Object.keys(ran.reasons)).not.toContain("show");
    ran.dispose();
  });

  test("S8 through a bypassed zone the start values go", async () => {
    for (const id of ["begin", "end"]) {
      const ran = await run(withMode(loop, { [id]: "bypass" }));
      expect(ran.outputs["read"]?.["value"]).toBe(3);
      ran.dispose();
    }
  });

  test("S8 a bypassed node in a body is passed by in every iteration", async () => {
    const ran = await run(withMode(loop, { add: "bypass" }));
    expect(ran.outputs["read"]?.["value"]).toBe(3);
    ran.dispose();
  });
});

describe("bypass", () => {
  test("S7 what comes in goes out again, through several in a row", async () => {
    const ran = await run(withMode(chain, { one: "bypass", two: "bypass" }));
    expect(ran.outputs["read"]?.["value"]).toBe(3);
    expect(Object.keys(ran.reasons)).toEqual(["box", "read"]);
    ran.dispose();
  });

  test("S7 an output without a wired input of its type is refused where it is needed, by node and port", () => {
    const document = graph({ box: "box", read: "read", number: "int", add: "add" }, [
      "box.box > add.a",
      "number.value > add.plus",
      "add.sum > read.box",
    ]);
    const [fault, ...more] = validate(description, withMode(document, { box: "bypass" }));
    expect(more).toEqual([]);
    expect(fault).toMatchObject({ code: "bypass", node: "add", port: "a" });
    expect(fault?.message).toContain(
      '"box" (Box) is bypassed, but no wired input of it fits its output "box" (Box [value])',
    );
    expect(fault?.message).toContain("add.a needs");
  });

  test("S7 an optional input that a bypassed node cannot feed is left unwired", async () => {
    const document = graph(
      {
        box: { type: "box", params: { value: 2 } },
        other: { type: "box", params: { value: 5 } },
        add: "add",
        read: "read",
      },
      ["box.box > add.a", "other.box > add.b", "add.sum > read.box"],
    );
    const ran = await run(withMode(document, { other: "bypass" }));
    expect(ran.outputs["read"]?.["value"]).toBe(2);
    ran.dispose();
  });

  test("S7 a reader of a bypassed node depends only on what is passed on to it", () => {
    const document = graph({ box: "box", other: "box", add: "add", read: "read" }, [
      "box.box > add.a",
      "other.box > add.b",
      "add.sum > read.box",
    ]);
    const { document: left } = expand(description, withMode(document, { add: "bypass", other: "mute" }));
    expect(left.edges).toEqual([{ from: "box.box", to: "read.box" }]);
  });

  test("S7 the input of the same name comes first, then one of the very type, then a narrower one", () => {
    const pick = (id: string, inputs: Record<string, typeof boxType>): NodeDefinition =>
      defineNode({
        type: `test/${id}`,
        version: 1,
        title: id,
        doc: "",
        inputs: Object.fromEntries(Object.entries(inputs).map(([name, type]) => [name, port(type, "")])),
        params: {},
        outputs: { out: port(boxType, "") },
        run: () => ({ out: new Box(0) }),
      });
    const red = defineNode({
      type: "test/red",
      version: 1,
      title: "Red",
      doc: "",
      inputs: {},
      params: {},
      outputs: { box: port(redBoxType, "") },
      run: () => ({ box: new Box(0) }),
    });
    const more = describeRegistry(
      createRegistry({
        nodes: [
          boxNode,
          readNode,
          red,
          pick("named", { a: boxType, out: boxType }),
          pick("typed", { a: redBoxType, b: boxType }),
        ],
      }),
    );
    const passed = (type: string, second: string): unknown => {
      const document = graph({ red: "red", box: "box", one: type, read: "read" }, [
        "red.box > one.a",
        `box.box > one.${second}`,
        "one.out > read.box",
      ]);
      return expand(more, withMode(document, { one: "bypass" })).document.edges;
    };
    expect(passed("named", "out")).toEqual([{ from: "box.box", to: "read.box" }]);
    expect(passed("typed", "b")).toEqual([{ from: "box.box", to: "read.box" }]);
    const narrow = graph({ red: "red", one: "typed", read: "read" }, [
      "red.box > one.a",
      "one.out > read.box",
    ]);
    expect(expand(more, withMode(narrow, { one: "bypass" })).document.edges).toEqual([
      { from: "red.box", to: "read.box" },
    ]);
  });

  test("S7 a bypassed subgraph passes on by its own ports", async () => {
    const ran = await run(withMode(grouped(chain, ["one", "two"]), { group: "bypass" }));
    expect(ran.outputs["read"]?.["value"]).toBe(3);
    ran.dispose();
  });

  test("S7 no conversion is made of a wire that passes by", () => {
    const document = graph({ number: "int", read: "read", box: "box", add: "add" }, [
      "box.box > read.box",
      "number.value > box.value",
      "box.box > add.a",
    ]);
    const codes = validate(description, withMode(document, { box: "bypass" })).map(({ code }) => code);
    expect(codes).toEqual(["bypass", "bypass"]);
  });
});

describe("G10 format 2", () => {
  const document = withMode(grouped(chain, ["one", "two"]), { read: "mute" });

  test("G10 what only format 2 can say is saved as format 2, all else as format 1", () => {
    expect(JSON.parse(serializeDocument(document))).toMatchObject({ format: 2 });
    expect(JSON.parse(serializeDocument({ ...chain, format: 2 }))).toMatchObject({ format: 1 });
    expect(parseDocument(serializeDocument(chain))).toEqual({ ok: true, document: chain });
  });

  test("G10 G5 a file with subgraphs is a fixed point, and every fault of form in it has its path", () => {
    const text = serializeDocument(document);
    expect(readDocument(text)).toEqual({ ...document, format: 2 });
    expect(serializeDocument(readDocument(text))).toBe(text);
    const parsed = parseDocument({
      format: 2,
      nodes: { a: { type: "t", version: 1, params: {}, mode: "sleep" } },
      edges: [],
      subgraphs: {
        s: {
          inputs: [{ name: 1, type: "x" }],
          outputs: {},
          nodes: { b: { type: 1, version: 1, params: {} } },
          edges: 3,
          layout: [],
        },
        t: 4,
      },
    });
    expect(parsed.ok ? [] : parsed.faults.map(({ path }) => path)).toEqual([
      "nodes.a.mode",
      "subgraphs.s.inputs[0].name",
      "subgraphs.s.outputs",
      "subgraphs.s.nodes.b.type",
      "subgraphs.s.edges",
      "subgraphs.s.layout",
      "subgraphs.t",
    ]);
  });
});
