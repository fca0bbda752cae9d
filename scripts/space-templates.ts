/**
 * Moves nodes of the templates down until none covers another: room for the node as the editor draws it, and for its preview.
 *
 *   npx tsx scripts/space-templates.ts          moves, and says what it moved
 *   npx tsx scripts/space-templates.ts --check  only says, and exits with 1 if something would move
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { layoutNode, NODE, overlaps, type Rect } from "../src/editor/canvas/geometry.ts";
import { Catalog } from "../src/editor/graph/catalog.ts";
import { shapeOf } from "../src/editor/graph/ports.ts";
import type { GraphDocument } from "../src/engine/graph/document.ts";
import { readDocument } from "../src/engine/graph/parse.ts";
import { serializeDocument } from "../src/engine/graph/serialize.ts";
import { describeNodes } from "../src/nodes/describe.ts";

const PREVIEW = NODE.width;
const GAP = 24;
const catalog = new Catalog(describeNodes());

function rectOf(document: GraphDocument, id: string, [x, y]: readonly [number, number]): Rect {
  const record = document.nodes[id];
  if (!record) throw new Error(`layout names a node "${id}" that is not there`);
  const wired = new Set(
    document.edges.filter(({ to }) => to.startsWith(`${id}.`)).map(({ to }) => to.slice(id.length + 1)),
  );
  const { width, height } = layoutNode(shapeOf(document, catalog, id, record), {
    collapsed: false,
    advanced: false,
    wired,
  });
  const preview = catalog.description.nodes[record.type]?.preview ? PREVIEW : 0;
  return { x, y, width, height: height + preview + GAP };
}

function space(document: GraphDocument): Record<string, [number, number]> {
  const layout = Object.entries(document.layout ?? {}).sort(([, a], [, b]) => a[1] - b[1] || a[0] - b[0]);
  const placed: Rect[] = [];
  const moved: Record<string, [number, number]> = {};
  for (const [id, [x, top]] of layout) {
    let y = top;
    for (;;) {
      const rect = rectOf(document, id, [x, y]);
      const blocking = placed.filter((other) => overlaps(rect, other));
      if (blocking.length === 0) {
        placed.push(rect);
        break;
      }
      y = Math.max(...blocking.map((other) => other.y + other.height));
    }
    moved[id] = [x, y];
  }
  return moved;
}

const check = process.argv.includes("--check");
let faults = 0;
for (const name of readdirSync("graphs").filter((file) => file.endsWith(".graph.json"))) {
  const path = `graphs/${name}`;
  const document = readDocument(readFileSync(path, "utf8"));
  const layout = space(document);
  const changed = Object.keys(layout).filter((id) => layout[id]?.join() !== document.layout?.[id]?.join());
  if (changed.length === 0) continue;
  faults += 1;
  console.log(`${path}: ${changed.join(", ")}`);
  const ordered: Record<string, [number, number]> = {};
  for (const id of Object.keys(document.nodes)) ordered[id] = layout[id] ?? [0, 0];
  if (!check) writeFileSync(path, serializeDocument({ ...document, layout: ordered }));
}
process.exit(check && faults > 0 ? 1 : 0);
