import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { GraphDocument } from "../../src/engine/graph/document.ts";
import { parseDocument } from "../../src/engine/graph/parse.ts";
import { serializeDocument } from "../../src/engine/graph/serialize.ts";
import { validate } from "../../src/engine/graph/validate.ts";
import { bridge, duplicate, fragmentOf, insertionInto, paste } from "../../src/editor/graph/fragment.ts";
import { removeWithZones } from "../../src/editor/graph/zones.ts";
import { zoned } from "./fixtures/graphs.ts";
import { randomDocument } from "./fixtures/random.ts";
import { catalog } from "./fixtures/registry.ts";

/** Faults of a kind that only a broken edit makes. */
const broken = (document: GraphDocument): string[] =>
  validate(catalog.description, document)
    .map((fault) => fault.code)
    .filter((code) =>
      [
        "unknown-node",
        "unknown-port",
        "unknown-zone",
        "zone-ends",
        "zone-parents",
        "carry",
        "occupied-input",
        "bad-id",
      ].includes(code),
    );

const some = (document: GraphDocument, picks: readonly number[]): string[] => {
  const ids = Object.keys(document.nodes);
  return [...new Set(picks.map((pick) => ids[pick % Math.max(1, ids.length)] ?? ""))].filter(
    (id) => id !== "",
  );
};

const picks = fc.array(fc.nat(99), { minLength: 1, maxLength: 12 });

describe("copies of a part of a graph", () => {
  test("a copied loop is a loop of its own, wires and carried values with it", () => {
    const fragment = fragmentOf(zoned, catalog, ["begin", "ply"]);
    expect(Object.keys(fragment.nodes).sort()).toEqual(["begin", "end", "ply"]);
    const { edit, ids } = paste(zoned, fragment, [0, 1000]);
    const next = edit(zoned);
    expect([...ids].sort()).toEqual(["begin2", "end2", "ply2"]);
    expect(next.nodes["ply2"]?.zone).toBe("loop2");
    expect(next.zones?.["loop2"]).toEqual({ kind: "repeat", carry: ["yarn"] });
    expect(next.edges).toContainEqual({ from: "begin2.yarn", to: "ply2.a" });
    expect(next.edges).toContainEqual({ from: "ply2.yarn", to: "end2.yarn" });
    expect(next.layout?.["begin2"]).toEqual([0, 1000]);
  });

  test("a duplicate keeps the wires that come in, and stands in the same zone", () => {
    const { edit, ids } = duplicate(zoned, catalog, ["ply"], [40, 40]);
    const next = edit(zoned);
    expect(ids).toEqual(["ply2"]);
    expect(next.nodes["ply2"]?.zone).toBe("loop");
    expect(next.edges).toContainEqual({ from: "begin.yarn", to: "ply2.a" });
    expect(next.edges.filter((edge) => edge.from.startsWith("ply2."))).toEqual([]);
    expect(validate(catalog.description, next)).toEqual([]);
  });

  test("a fragment is a graph file, and no copy, paste or duplicate breaks a graph", () => {
    fc.assert(
      fc.property(randomDocument(), picks, (document, chosen) => {
        const ids = some(document, chosen);
        const fragment = fragmentOf(document, catalog, ids);
        expect(parseDocument(serializeDocument(fragment))).toMatchObject({ ok: true });
        expect(broken(fragment)).toEqual([]);
        expect(broken(paste(document, fragment, [0, 0]).edit(document))).toEqual([]);
        const copy = duplicate(document, catalog, ids, [40, 40]);
        expect(broken(copy.edit(document))).toEqual([]);
        expect(Object.keys(copy.edit(document).nodes).length).toBe(
          Object.keys(document.nodes).length + copy.ids.length,
        );
      }),
      { numRuns: 150 },
    );
  });
});

describe("bridging", () => {
  test("what fed a deleted node feeds what read it, where it fits", () => {
    const next = removeWithZones(catalog, ["first"])(bridge(catalog, ["first"])(zoned));
    expect(next.edges).not.toContainEqual({ from: "spin.thread", to: "first.a" });
    // A thread would make the loop carry threads, and ply gives only yarn: no bridge there.
    expect(next.edges.some((edge) => edge.to === "begin.yarn")).toBe(false);
    const body = removeWithZones(catalog, ["ply"])(bridge(catalog, ["ply"])(zoned));
    expect(body.edges).toContainEqual({ from: "begin.yarn", to: "end.yarn" });
  });

  test("bridging makes no wire that the editor would refuse", () => {
    fc.assert(
      fc.property(randomDocument(), picks, (document, chosen) => {
        const ids = some(document, chosen);
        const before = new Set(validate(catalog.description, document).map((fault) => fault.message));
        const next = removeWithZones(catalog, ids)(bridge(catalog, ids)(document));
        expect(broken(next)).toEqual([]);
        const fresh = validate(catalog.description, next).filter((fault) => !before.has(fault.message));
        expect(
          fresh.filter(
            (fault) =>
              fault.code === "type-mismatch" &&
              fault.edge !== undefined &&
              !document.edges.some(
                (edge) =>
                  edge.to === next.edges[fault.edge ?? -1]?.to &&
                  edge.from === next.edges[fault.edge ?? -1]?.from,
              ),
          ),
        ).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});

test("a node fits into a wire when one of its inputs and one of its outputs do", () => {
  const document = {
    ...zoned,
    nodes: { ...zoned.nodes, extra: { type: "yarn/ply", version: 1, params: {} } },
  };
  const edge = { from: "first.yarn", to: "begin.yarn" };
  const wire = document.edges.find((candidate) => candidate.to === edge.to) ?? edge;
  expect(insertionInto(document, catalog, "extra", wire)).toEqual({ input: "a", output: "yarn" });
  const warp = document.edges.find((candidate) => candidate.to === "weave.warp") ?? edge;
  expect(insertionInto(document, catalog, "extra", warp)).toBeUndefined();
});
