import { readFile } from "node:fs/promises";
import type { EdgeRecord, GraphDocument, NodeRecord, ZoneRecord } from "../../src/engine/graph/document.ts";

const COPIES = 25;
const ACROSS = 5;

/**
 * 500 nodes and 1,000 wires: 25 copies of the text-to-image graph (18 nodes, 40 wires, one zone), each with a seed and a
 * note beside it. So it has what people's graphs have: prompts, choices, zones, and no fault.
 */
export async function largeGraph(): Promise<GraphDocument> {
  const file = new URL("../../graphs/txt2img.graph.json", import.meta.url);
  const graph = JSON.parse(await readFile(file, "utf8")) as GraphDocument;
  const nodes: Record<string, NodeRecord> = {};
  const edges: EdgeRecord[] = [];
  const zones: Record<string, ZoneRecord> = {};
  const layout: Record<string, readonly [number, number]> = {};
  const places = Object.values(graph.layout ?? {});
  const [left, right] = [Math.min(...places.map(([x]) => x)), Math.max(...places.map(([x]) => x))];
  const [top, bottom] = [Math.min(...places.map(([, y]) => y)), Math.max(...places.map(([, y]) => y))];
  const [width, height] = [right - left + 500, bottom - top + 700];
  for (let copy = 0; copy < COPIES; copy++) {
    const [x0, y0] = [(copy % ACROSS) * width - left, Math.floor(copy / ACROSS) * height - top];
    const named = (id: string): string => `${id}${copy}`;
    const end = (address: string): string => address.replace(".", `${copy}.`);
    for (const [id, record] of Object.entries(graph.nodes)) {
      nodes[named(id)] = { ...record, ...(record.zone === undefined ? {} : { zone: named(record.zone) }) };
      const [x, y] = graph.layout?.[id] ?? [0, 0];
      layout[named(id)] = [x + x0, y + y0];
    }
    for (const { from, to } of graph.edges) edges.push({ from: end(from), to: end(to) });
    for (const [id, zone] of Object.entries(graph.zones ?? {})) zones[named(id)] = zone;
    nodes[named("spare")] = { type: "value/seed", version: 1, params: {} };
    nodes[named("remark")] = { type: "value/note", version: 1, params: { text: `Copy ${copy}` } };
    layout[named("spare")] = [x0 + left, y0 + bottom + 350];
    layout[named("remark")] = [x0 + left + 300, y0 + bottom + 350];
  }
  return { format: 1, name: "500 nodes", nodes, edges, zones, layout };
}
