import fc from "fast-check";
import { NodeEditor } from "rete";
import { describe, expect, test } from "vitest";
import type { GraphDocument } from "../../src/engine/graph/document.ts";
import { validate } from "../../src/engine/graph/validate.ts";
import { omit } from "../../src/editor/graph/edits.ts";
import { shapeOf } from "../../src/editor/graph/ports.ts";
import { connectionOf, documentOf, syncEditor } from "../../src/editor/rete/document-sync.ts";
import { TypedNode } from "../../src/editor/rete/typed-node.ts";
import type { TypedSchemes } from "../../src/editor/rete/typed-node.ts";
import { GraphStore } from "../../src/editor/store/graph-store.ts";
import { zoned } from "./fixtures/graphs.ts";
import { editOf, randomActs } from "./fixtures/random.ts";
import { catalog } from "./fixtures/registry.ts";

const frameOf = (document: GraphDocument): object => omit(omit(omit(document, "nodes"), "edges"), "format");

const sorted = (document: GraphDocument): unknown => ({
  nodes: Object.fromEntries(Object.entries(document.nodes).sort(([a], [b]) => a.localeCompare(b))),
  edges: document.edges.map(({ from, to }) => `${from}>${to}`).sort(),
});

/** What the live graph holds, ports included. */
function portsOf(editor: NodeEditor<TypedSchemes>): unknown {
  return Object.fromEntries(
    editor
      .getNodes()
      .map((node) => [
        node.id,
        [Object.entries(node.inputs), Object.entries(node.outputs)].map((ports) =>
          ports.map(([name, port]) => `${name}:${String(port?.socket.name)}`).sort(),
        ),
      ])
      .sort(),
  );
}

function expectedPorts(document: GraphDocument): unknown {
  return Object.fromEntries(
    Object.entries(document.nodes)
      .map(([id, record]) => {
        const node = new TypedNode(id, record, shapeOf(document, catalog, id, record));
        return [
          id,
          [Object.entries(node.inputs), Object.entries(node.outputs)].map((ports) =>
            ports.map(([name, port]) => `${name}:${String(port?.socket.name)}`).sort(),
          ),
        ] as const;
      })
      .sort(),
  );
}

describe("the live Rete graph and the document", () => {
  test("a document goes into Rete and comes back as it was", async () => {
    const editor = new NodeEditor<TypedSchemes>();
    await syncEditor(editor, zoned, catalog);
    expect(documentOf(editor, frameOf(zoned))).toEqual(zoned);
  });

  test("a graph built in Rete becomes a document that the engine finds no fault with", async () => {
    const editor = new NodeEditor<TypedSchemes>();
    const make = (id: string, type: string): TypedNode => {
      const record = { type, version: catalog.node(type)?.version ?? 1, params: {} };
      return new TypedNode(
        id,
        record,
        shapeOf({ format: 1, nodes: { [id]: record }, edges: [] }, catalog, id, record),
      );
    };
    await editor.addNode(make("spin", "yarn/spin"));
    await editor.addNode(make("weave", "cloth/weave"));
    expect(validate(catalog.description, documentOf(editor)).map((fault) => fault.code)).toEqual([
      "missing-input",
    ]);
    await editor.addConnection(connectionOf({ from: "spin.thread", to: "weave.warp" }));
    const document = documentOf(editor);
    expect(validate(catalog.description, document)).toEqual([]);
    expect(document.edges).toEqual([{ from: "spin.thread", to: "weave.warp" }]);
  });

  test("wires that a file holds twice are both kept", async () => {
    const edge = { from: "spin.thread", to: "weave.warp" };
    const editor = new NodeEditor<TypedSchemes>();
    await syncEditor(editor, { ...zoned, edges: [edge, edge] }, catalog);
    expect(documentOf(editor).edges).toEqual([edge, edge]);
  });

  test("the view equals the document after every edit, undo and redo", async () => {
    await fc.assert(
      fc.asyncProperty(randomActs(25), async (acts) => {
        const editor = new NodeEditor<TypedSchemes>();
        const store = new GraphStore(zoned);
        const check = async (): Promise<void> => {
          await syncEditor(editor, store.document, catalog);
          expect(sorted(documentOf(editor))).toEqual(sorted(store.document));
          expect(portsOf(editor)).toEqual(expectedPorts(store.document));
        };
        for (const act of acts) {
          store.execute(act.kind, editOf(store.document, act));
          await check();
        }
        while (store.undo()) await check();
        expect(store.document).toBe(zoned);
        while (store.redo());
        await check();
      }),
      { numRuns: 40 },
    );
  });
});
