import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { validate } from "../../src/engine/graph/validate.ts";
import { parseDocument } from "../../src/engine/graph/parse.ts";
import { serializeDocument } from "../../src/engine/graph/serialize.ts";
import { setParam } from "../../src/editor/graph/edits.ts";
import { GraphStore } from "../../src/editor/store/graph-store.ts";
import { zoned } from "./fixtures/graphs.ts";
import { editOf, randomActs } from "./fixtures/random.ts";
import { catalog } from "./fixtures/registry.ts";

describe("undo and redo", () => {
  test("any series of edits undone is the start, and redone is the end", () => {
    fc.assert(
      fc.property(randomActs(60), (acts) => {
        const store = new GraphStore(zoned);
        const states = [JSON.stringify(zoned)];
        for (const act of acts) {
          store.execute(act.kind, editOf(store.document, act));
          const state = JSON.stringify(store.document);
          if (state !== states.at(-1)) states.push(state);
        }
        const end = JSON.stringify(store.document);
        for (let index = states.length - 2; index >= 0; index--) {
          expect(store.undo()).toBe(true);
          expect(JSON.stringify(store.document)).toBe(states[index]);
        }
        expect(store.undo()).toBe(false);
        while (store.redo());
        expect(JSON.stringify(store.document)).toBe(end);
      }),
      { numRuns: 200 },
    );
  });

  test("typing into one field is one step, until the field is left", () => {
    const store = new GraphStore(zoned);
    const type = (value: number): void =>
      store.execute("Set length", setParam("spin", "length", value), "spin.length");
    type(1);
    type(12);
    store.seal();
    type(3);
    store.undo();
    expect(store.document.nodes["spin"]?.params["length"]).toBe(12);
    store.undo();
    expect(store.document).toBe(zoned);
  });

  test("a command after an undo drops what could be redone", () => {
    const store = new GraphStore(zoned);
    store.execute("a", setParam("spin", "length", 5));
    store.undo();
    store.execute("b", setParam("spin", "length", 6));
    expect(store.redo()).toBe(false);
    expect(store.undoLabel).toBe("b");
  });

  test("an edit that changes nothing leaves no step", () => {
    const store = new GraphStore(zoned);
    store.execute("same", setParam("nobody", "length", 5));
    expect(store.undoLabel).toBeUndefined();
  });

  test("another graph can be undone as well", () => {
    const store = new GraphStore(zoned);
    store.replace({ format: 1, nodes: {}, edges: [] });
    store.undo();
    expect(store.document).toBe(zoned);
  });
});

test("no edit makes a document that the file format refuses, leaves wires behind or breaks a zone", () => {
  fc.assert(
    fc.property(randomActs(60), (acts) => {
      let document = zoned;
      for (const act of acts) document = editOf(document, act)(document);
      expect(parseDocument(serializeDocument(document))).toMatchObject({ ok: true });
      const codes = new Set(validate(catalog.description, document).map((fault) => fault.code));
      for (const code of [
        "unknown-node",
        "unknown-port",
        "unknown-zone",
        "zone-ends",
        "zone-parents",
        "carry",
        "occupied-input",
        "bad-id",
      ] as const) {
        expect(codes).not.toContain(code);
      }
      expect(Object.keys(document.layout ?? {}).sort()).toEqual(Object.keys(document.nodes).sort());
    }),
    { numRuns: 200 },
  );
});
