import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { validate } from "../../src/engine/graph/validate.ts";
import { serializeDocument } from "../../src/engine/graph/serialize.ts";
import type { GraphDocument } from "../../src/engine/graph/document.ts";
import { connect, moveNodes, setParam } from "../../src/editor/graph/edits.ts";
import { fragmentOf, paste } from "../../src/editor/graph/fragment.ts";
import { layoutNode } from "../../src/editor/canvas/geometry.ts";
import { shapeOf } from "../../src/editor/graph/ports.ts";
import { paletteEntries } from "../../src/editor/graph/search.ts";
import {
  addPort,
  portRefusal,
  removePort,
  renamePort,
  renameSubgraph,
} from "../../src/editor/graph/subgraph-ports.ts";
import { setMode } from "../../src/editor/graph/modes.ts";
import { setZone } from "../../src/editor/graph/zones.ts";
import { deleteSelected, pasteInto } from "../../src/editor/store/commands.ts";
import { EditorSession } from "../../src/editor/store/session.ts";
import {
  closedSubgraphs,
  openSelected,
  renameNode,
  subgraphSelected,
  toggleMode,
  unpackSelected,
} from "../../src/editor/store/subgraph-commands.ts";
import { insertOwn } from "../../src/editor/subgraph/insert-own.ts";
import { infoOf, loneSubgraph } from "../../src/editor/subgraph/own-nodes.ts";
import { zoned } from "./fixtures/graphs.ts";
import { editOf, randomActs } from "./fixtures/random.ts";
import { catalog } from "./fixtures/registry.ts";

let session: EditorSession;
beforeEach(() => {
  session = new EditorSession(catalog, zoned);
});

/** Groups and opens. */
function openGroup(...ids: string[]): void {
  session.selection.set(ids);
  expect(subgraphSelected(session)).toBe("");
  openSelected(session);
}

const faults = (): string[] => session.faults.map(({ message }) => message);

describe("making and opening", () => {
  test("what is selected becomes one node, which is selected, opened and left; undo takes it back", () => {
    session.selection.set(["begin"]);
    expect(subgraphSelected(session)).toBe("");
    expect([...session.selection.nodes]).toEqual(["subgraph"]);
    expect(Object.keys(session.document.nodes)).toEqual(["spin", "first", "corner", "weave", "subgraph"]);
    expect(faults()).toEqual([]);
    openSelected(session);
    expect(session.store.path).toEqual(["subgraph"]);
    expect(Object.keys(session.document.nodes)).toEqual(["inputs", "begin", "ply", "end", "outputs"]);
    expect(
      session.catalog.node("boundary/inputs")?.outputs.map(({ name, type }) => `${name} ${type}`),
    ).toEqual(["yarn yarn", "b yarn"]);
    session.store.openScope([]);
    expect(session.document).toBe(session.store.root);
    session.store.undo();
    expect(session.document).toBe(zoned);
  });

  test("an edit inside changes the subgraph, and undo from outside leads back to where it was done", () => {
    openGroup("ply", "begin");
    session.store.execute("Move", moveNodes(new Map([["ply", [1, 2]]])));
    session.store.openScope([]);
    expect(session.store.root.subgraphs?.["subgraph"]?.layout?.["ply"]).toEqual([1, 2]);
    session.store.undo();
    expect(session.store.path).toEqual(["subgraph"]);
    expect(session.document.layout?.["ply"]).toEqual([600, 0]);
    session.store.undo();
    expect(session.store.path).toEqual([]);
    expect(session.store.root).toBe(zoned);
    session.store.redo();
    session.store.redo();
    expect(session.store.path).toEqual(["subgraph"]);
    expect(session.document.layout?.["ply"]).toEqual([1, 2]);
  });

  test("what cannot be a subgraph is refused in words and changes nothing", () => {
    session.selection.set(["spin", "ply"]);
    expect(subgraphSelected(session)).toContain("different zones");
    session.selection.set(["spin"]);
    expect(unpackSelected(session)).toContain("Select a subgraph");
    expect(session.document).toBe(zoned);
  });

  test("a fault inside is said at the subgraph's node outside, and at its own node inside", () => {
    openGroup("ply", "begin");
    session.store.execute("Cut", (document) => ({
      ...document,
      edges: document.edges.filter(({ to }) => to !== "ply.a"),
    }));
    expect(session.faults).toMatchObject([{ node: "ply", port: "a" }]);
    session.store.openScope([]);
    expect(session.faults).toMatchObject([{ node: "subgraph" }]);
    expect(session.faults[0]?.message).toContain("subgraph/ply");
    expect(session.problems()).toMatchObject([{ node: "subgraph/ply", port: "a" }]);
  });

  test("what the last run says of nodes inside is theirs inside, and together the subgraph's outside", () => {
    session.selection.set(["first"]);
    subgraphSelected(session);
    const { runs } = session;
    runs.start([], 0);
    runs.handle({ type: "planned", nodes: ["spin", "subgraph/first"] });
    expect(session.runOf("subgraph").status).toBe("waiting");
    runs.handle({ type: "nodeStarted", node: "subgraph/first", reason: { kind: "first-run" } });
    expect(session.runOf("subgraph")).toMatchObject({ status: "running", progress: { done: 0, total: 1 } });
    const done = {
      type: "nodeFinished",
      ms: 3,
      bytes: 8,
      cached: false,
      reason: { kind: "first-run" },
    } as const;
    runs.handle({ ...done, node: "subgraph/first" });
    expect(session.runOf("subgraph")).toMatchObject({ status: "done", ms: 3, bytes: 8 });
    openSelected(session);
    expect(session.runOf("first").status).toBe("done");
    expect(session.here("subgraph/first")).toBe("first");
    expect(session.here("spin")).toBeUndefined();
    runs.fail("subgraph/first", "It broke.");
    session.store.openScope([]);
    expect(session.runOf("subgraph")).toMatchObject({ status: "failed", error: { message: "It broke." } });
  });
});

describe("ports", () => {
  const group = (): { id: string; root: () => GraphDocument } => {
    openGroup("first");
    return { id: "subgraph", root: () => session.store.root };
  };

  test("a renamed port keeps its wires inside and at every use, and the values stored there", () => {
    const { id, root } = group();
    session.store.executeRoot("Rename port", renamePort(id, "inputs", "a", "wool"));
    session.store.executeRoot("Rename port", renamePort(id, "outputs", "yarn", "twine"));
    expect(root().edges).toContainEqual({ from: "spin.thread", to: "subgraph.wool" });
    expect(root().edges).toContainEqual({ from: "subgraph.twine", to: "begin.yarn" });
    expect(session.document.edges).toEqual([
      { from: "inputs.wool", to: "first.a" },
      { from: "first.yarn", to: "outputs.twine" },
    ]);
    expect(validate(catalog.description, root())).toEqual([]);
  });

  test("a removed port takes its wires along everywhere; undo brings all back", () => {
    const { id, root } = group();
    const before = root();
    session.store.executeRoot("Remove port", removePort(id, "outputs", "yarn"));
    expect(root().edges.some(({ from }) => from === "subgraph.yarn")).toBe(false);
    expect(session.document.edges).toEqual([{ from: "inputs.a", to: "first.a" }]);
    session.store.undo();
    expect(root()).toBe(before);
  });

  test("a port for a parameter is a field of the node", () => {
    const { id, root } = group();
    session.store.executeRoot("Add port", addPort(id, "inputs", { name: "turn", type: "text" }));
    session.store.execute("Draw wire", connect("inputs.turn", "first.kind"));
    session.store.openScope([]);
    const info = session.catalog.node("subgraph/subgraph");
    expect(info?.params.map(({ name, spec }) => `${name} ${spec.kind}`)).toEqual(["turn choice"]);
    session.store.execute("Set turn", setParam("subgraph", "turn", "Z"));
    expect(faults()).toEqual([]);
    session.store.executeRoot("Rename port", renamePort(id, "inputs", "turn", "way"));
    expect(root().nodes["subgraph"]?.params).toEqual({ way: "Z" });
    const subgraph = root().subgraphs?.["subgraph"];
    expect(subgraph && portRefusal(subgraph, "inputs", "way")).toContain("already");
    expect(subgraph && portRefusal(subgraph, "inputs", "a b")).toContain("letters");
  });

  test("the nodes of the ports cannot be deleted, copied, muted or put into a zone", () => {
    openGroup("begin");
    session.selection.set(["inputs", "outputs"]);
    const before = session.document;
    deleteSelected(session);
    toggleMode(session, "mute");
    session.store.execute("Zone", setZone(session.catalog, ["inputs"], "loop"));
    expect(session.document).toBe(before);
    expect(fragmentOf(before, session.catalog, ["inputs", "ply"]).nodes).not.toHaveProperty("inputs");
  });
});

describe("names, uses and the palette", () => {
  test("a title given to one use is the subgraph's own", () => {
    session.selection.set(["first"]);
    subgraphSelected(session);
    renameNode(session, "subgraph", "My ply");
    expect(session.catalog.node("subgraph/subgraph")?.title).toBe("My ply");
    renameNode(session, "subgraph", "");
    expect(session.catalog.node("subgraph/subgraph")?.title).toBe("My ply");
    session.store.executeRoot("Rename", renameSubgraph("subgraph", "Other"));
    expect(paletteEntries(session.catalog).map(({ title }) => title)).toContain("Other");
  });

  test("a subgraph is not offered inside itself, nor one that holds it, and its ports' nodes never are", () => {
    openGroup("first");
    session.store.openScope([]);
    session.selection.set(["subgraph"]);
    subgraphSelected(session);
    session.store.openScope(["subgraph2", "subgraph"]);
    expect([...closedSubgraphs(session)].sort()).toEqual(["subgraph", "subgraph2"]);
    const offered = paletteEntries(session.catalog, undefined, { closed: closedSubgraphs(session) });
    expect(offered.filter(({ id }) => /^(subgraph|boundary)\//.test(id))).toEqual([]);
    session.store.openScope([]);
    expect([...closedSubgraphs(session)]).toEqual([]);
  });

  test("copied into another graph a subgraph brings itself along; what is the same is not doubled", () => {
    session.selection.set(["first"]);
    subgraphSelected(session);
    const fragment = fragmentOf(session.document, session.catalog, ["subgraph"]);
    expect(loneSubgraph(fragment)).toBe("subgraph");
    const other: GraphDocument = { format: 1, nodes: {}, edges: [] };
    const pasted = paste(other, fragment, [0, 0]).edit(other);
    expect(pasted.subgraphs).toEqual(session.store.root.subgraphs);
    const twice = paste(pasted, fragment, [9, 9]).edit(pasted);
    expect(Object.keys(twice.subgraphs ?? {})).toEqual(["subgraph"]);
    expect(twice.nodes["subgraph2"]?.type).toBe("subgraph/subgraph");
    const changed = renameSubgraph("subgraph", "Changed")(twice);
    const third = paste(changed, fragment, [0, 0]).edit(changed);
    expect(Object.keys(third.subgraphs ?? {})).toEqual(["subgraph", "subgraph2"]);
    expect(third.nodes["subgraph3"]?.type).toBe("subgraph/subgraph2");
  });

  test("a subgraph is not pasted into itself, in words", () => {
    session.selection.set(["first"]);
    subgraphSelected(session);
    const fragment = fragmentOf(session.document, session.catalog, ["subgraph"]);
    expect(pasteInto(session, fragment, [0, 0])).toBe("");
    session.store.openScope(["subgraph"]);
    const before = session.store.root;
    expect(pasteInto(session, fragment, [0, 0])).toContain('"Subgraph" is open here');
    expect(session.store.root).toBe(before);
  });

  test("a node of one's own is offered where it fits, and comes wired", () => {
    session.selection.set(["first"]);
    subgraphSelected(session);
    const graph = fragmentOf(session.document, session.catalog, ["subgraph"]);
    const own = { name: "My ply", graph };
    const info = infoOf(catalog.description, own);
    if (!info) throw new Error("no info");
    const end = { side: "output", address: "spin.thread", type: "thread" } as const;
    const titles = (type: string): string[] =>
      paletteEntries(catalog, { ...end, type }, { own: [{ name: "My ply", info }] }).map(
        ({ title }) => title,
      );
    expect(titles("thread")).toContain("My ply");
    expect(titles("cloth")).not.toContain("My ply");
    const inserted = insertOwn(zoned, catalog, own, [5, 5], { end });
    const next = inserted.edit(zoned);
    expect(next.edges).toContainEqual({ from: "spin.thread", to: `${inserted.ids[0]}.a` });
    expect(validate(catalog.description, next)).toEqual([]);
  });

  test("a subgraph that nothing uses any more leaves the file", () => {
    session.selection.set(["first"]);
    subgraphSelected(session);
    session.selection.set(["subgraph"]);
    deleteSelected(session);
    expect(session.store.root).not.toHaveProperty("subgraphs");
    expect(serializeDocument(session.store.root)).toContain('"format": 1');
  });

  test("the button of a subgraph has room below its ports", () => {
    session.selection.set(["first"]);
    subgraphSelected(session);
    const { document } = session;
    const record = document.nodes["subgraph"];
    if (!record) throw new Error("no subgraph");
    const shape = shapeOf(document, session.catalog, "subgraph", record);
    const plain = {
      ...shape,
      info: shape.info && { ...catalog.nodes[0], ...shape.info, subgraph: undefined },
    };
    const face = { collapsed: false, advanced: false, wired: new Set<string>() };
    expect(layoutNode(shape, face).height).toBe(layoutNode(plain as never, face).height + 24);
  });
});

describe("mute and bypass", () => {
  test("a second press takes it away; both are one step of undo, for any number of nodes", () => {
    session.selection.set(["spin", "first"]);
    toggleMode(session, "mute");
    expect([session.document.nodes["spin"]?.mode, session.document.nodes["first"]?.mode]).toEqual([
      "mute",
      "mute",
    ]);
    session.selection.set(["spin"]);
    toggleMode(session, "bypass");
    session.selection.set(["spin", "first"]);
    toggleMode(session, "mute");
    expect(session.document.nodes["spin"]?.mode).toBe("mute");
    toggleMode(session, "mute");
    expect(session.document.nodes["spin"]).not.toHaveProperty("mode");
    for (let step = 0; step < 4; step++) session.store.undo();
    expect(session.document).toBe(zoned);
  });

  test("what depends on a muted node is marked as not running, and is no fault", () => {
    session.store.execute("Mute", setMode(["first"], "mute"));
    expect(Object.keys(zoned.nodes).filter((id) => session.isInactive(id))).toEqual([
      "first",
      "begin",
      "ply",
      "end",
      "corner",
    ]);
    expect(faults()).toEqual([]);
    session.store.execute("Bypass", setMode(["spin"], "bypass"));
    expect(faults()[0]).toContain('"spin" (Spin) is bypassed');
  });
});

test("any series of edits, in the graph and in its subgraphs, undone is the start, and redone is the end", () => {
  fc.assert(
    fc.property(randomActs(50), (acts) => {
      const mine = new EditorSession(catalog, zoned);
      for (const act of acts) {
        const { store } = mine;
        const uses = Object.keys(store.document.nodes).filter((id) =>
          store.document.nodes[id]?.type.startsWith("subgraph/"),
        );
        if (act.c % 5 === 0) store.openScope([...store.path, uses[act.a % Math.max(1, uses.length)] ?? ""]);
        else if (act.c % 7 === 0) store.openScope(store.path.slice(0, -1));
        store.execute(act.kind, editOf(store.document, act));
        expect(mine.document).toBe(store.document);
        const inside = Object.keys(store.document.nodes).filter((id) =>
          store.document.nodes[id]?.type.startsWith("boundary/"),
        );
        expect(inside.length).toBe(store.path.length === 0 ? 0 : 2);
      }
      const end = JSON.stringify(mine.store.root);
      while (mine.store.undo());
      expect(mine.store.root).toBe(zoned);
      while (mine.store.redo());
      expect(JSON.stringify(mine.store.root)).toBe(end);
    }),
    { numRuns: 100 },
  );
});
