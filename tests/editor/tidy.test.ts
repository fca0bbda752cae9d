import ELK from "elkjs/lib/elk.bundled.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { GraphDocument } from "../../src/engine/graph/document.ts";
import { validate } from "../../src/engine/graph/validate.ts";
import { moveNodes, omit } from "../../src/editor/graph/edits.ts";
import { tidy } from "../../src/editor/graph/tidy.ts";
import { membersOf } from "../../src/editor/graph/zones.ts";
import { zoned } from "./fixtures/graphs.ts";
import { randomDocument } from "./fixtures/random.ts";
import { catalog } from "./fixtures/registry.ts";

describe("tidy", () => {
  const size = { width: 264, height: 150 };
  const elk = new ELK();
  const tidied = async (document: GraphDocument): Promise<GraphDocument> =>
    moveNodes(
      await tidy(
        document,
        catalog,
        () => size,
        (graph) => elk.layout(graph),
      ),
    )(document);

  test("no two nodes overlap, wires lead to the right, and zones hold only their own", async () => {
    await fc.assert(
      fc.asyncProperty(randomDocument(), async (document) => {
        // Faults in what does not run do not count (S9), and a circle there cannot be drawn from left to right either.
        const active = Object.entries(document.nodes).map(([id, node]) => [id, omit(node, "mode")]);
        const running = { ...document, nodes: Object.fromEntries(active) as GraphDocument["nodes"] };
        const codes = validate(catalog.description, running).map((fault) => fault.code);
        fc.pre(!codes.includes("cycle"));
        const { layout = {}, nodes, edges } = await tidied(document);
        const ids = Object.keys(nodes);
        for (const [index, a] of ids.entries()) {
          for (const b of ids.slice(index + 1)) {
            const [ax, ay] = layout[a] ?? [0, 0];
            const [bx, by] = layout[b] ?? [0, 0];
            expect({
              a,
              b,
              apart: Math.abs(ax - bx) >= size.width || Math.abs(ay - by) >= size.height,
            }).toEqual({ a, b, apart: true });
          }
        }
        for (const zone of Object.keys(document.zones ?? {})) {
          const members = new Set(membersOf(document, zone));
          const places = [...members].map((id) => layout[id] ?? [0, 0]);
          const [left, top] = [Math.min(...places.map(([x]) => x)), Math.min(...places.map(([, y]) => y))];
          const [right, bottom] = [
            Math.max(...places.map(([x]) => x)),
            Math.max(...places.map(([, y]) => y)),
          ];
          for (const id of ids.filter((other) => !members.has(other))) {
            const [x, y] = layout[id] ?? [0, 0];
            const inside =
              x + size.width > left &&
              x < right + size.width &&
              y + size.height > top &&
              y < bottom + size.height;
            expect({ zone, id, inside }).toEqual({ zone, id, inside: false });
          }
        }
        for (const { from, to } of edges) {
          const [source, target] = [from.split(".")[0] ?? "", to.split(".")[0] ?? ""];
          const inOneZone = nodes[source]?.zone === nodes[target]?.zone;
          if (inOneZone) expect(layout[source]?.[0] ?? 0).toBeLessThan(layout[target]?.[0] ?? 0);
        }
      }),
      { numRuns: 80 },
    );
  });

  test("the ends of a zone stand at its sides", async () => {
    const { layout = {} } = await tidied(zoned);
    const x = (id: string): number => layout[id]?.[0] ?? 0;
    expect(x("spin")).toBeLessThan(x("begin"));
    expect(x("begin")).toBeLessThan(x("ply"));
    expect(x("ply")).toBeLessThan(x("end"));
    expect(x("end")).toBeLessThan(x("corner"));
  });
});
