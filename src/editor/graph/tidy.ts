import type { GraphDocument } from "../../engine/graph/document.ts";
import type { Catalog } from "./catalog.ts";
import { moveNodes } from "./edits.ts";
import type { Edit, Point } from "./edits.ts";
import { endpoint } from "./ports.ts";

export interface Size {
  readonly width: number;
  readonly height: number;
}

const COLUMN_GAP = 70;
const ROW_GAP = 34;
const ZONE_MARGIN = 46;
const SWEEPS = 8;

/** A node, or a zone with all that stands in it, as one box. */
interface Box {
  readonly id: string;
  readonly size: Size;
  readonly nodes: readonly { readonly id: string; readonly at: Point }[];
  column: number;
  order: number;
  x: number;
  y: number;
}

/**
 * A layout from left to right in the direction of the wires (after Sugiyama et al. 1981: columns by longest path, order in
 * a column by the mean place of the neighbours). A zone is laid out by itself first and then stands as one box.
 */
export const tidy =
  (catalog: Catalog, sizeOf: (node: string) => Size): Edit =>
  (document) => {
    const boxes = layOut(document, catalog, sizeOf, undefined);
    const positions = new Map<string, Point>();
    for (const box of boxes)
      for (const { id, at } of box.nodes) positions.set(id, [round(box.x + at[0]), round(box.y + at[1])]);
    return moveNodes(positions)(document);
  };

const round = (value: number): number => Math.round(value / 10) * 10;

function layOut(
  document: GraphDocument,
  catalog: Catalog,
  sizeOf: (node: string) => Size,
  zone: string | undefined,
): Box[] {
  const boxes: Box[] = [];
  const boxOf = new Map<string, Box>();
  const add = (id: string, size: Size, nodes: Box["nodes"]): void => {
    const box: Box = { id, size, nodes, column: 0, order: boxes.length, x: 0, y: 0 };
    boxes.push(box);
    for (const node of nodes) boxOf.set(node.id, box);
  };
  for (const [id, record] of Object.entries(document.nodes)) {
    if (
      record.zone === zone ||
      (zone === undefined && !Object.hasOwn(document.zones ?? {}, record.zone ?? ""))
    ) {
      add(id, sizeOf(id), [{ id, at: [0, 0] }]);
    }
  }
  for (const [id, record] of Object.entries(document.zones ?? {})) {
    if (record.parent === zone && id !== zone) addZone(id);
  }
  assignColumns(boxes, boxOf, document, catalog);
  orderColumns(boxes, boxOf, document);
  place(boxes, boxOf, document);
  return boxes;

  function addZone(id: string): void {
    const inner = layOut(document, catalog, sizeOf, id);
    if (inner.length === 0) return;
    const nodes = inner.flatMap((box) =>
      box.nodes.map(({ id: node, at }) => ({
        id: node,
        at: [box.x + at[0] + ZONE_MARGIN, box.y + at[1] + ZONE_MARGIN] as const,
      })),
    );
    const width = Math.max(...inner.map((box) => box.x + box.size.width)) + 2 * ZONE_MARGIN;
    const height = Math.max(...inner.map((box) => box.y + box.size.height)) + 2 * ZONE_MARGIN;
    add(`zone ${id}`, { width, height }, nodes);
  }
}

function linksOf(document: GraphDocument, boxOf: ReadonlyMap<string, Box>): [Box, Box][] {
  return document.edges.flatMap(({ from, to }): [Box, Box][] => {
    const [a, b] = [boxOf.get(endpoint(from).node), boxOf.get(endpoint(to).node)];
    return a && b && a !== b ? [[a, b]] : [];
  });
}

/** Longest path from the sources; a node without readers before it moves right, next to who reads it. */
function assignColumns(
  boxes: Box[],
  boxOf: ReadonlyMap<string, Box>,
  document: GraphDocument,
  catalog: Catalog,
): void {
  const links = linksOf(document, boxOf);
  for (const box of boxes) {
    const side = catalog.node(document.nodes[box.id]?.type ?? "")?.zoneEnd?.side;
    if (side !== undefined) pin(box, side);
  }
  relax();
  for (const box of boxes) {
    const readers = links.filter(([from]) => from === box).map(([, to]) => to.column);
    const isSource = !links.some(([, to]) => to === box);
    if (isSource && readers.length > 0) box.column = Math.max(box.column, Math.min(...readers) - 1);
  }

  /** A cycle, a fault that validation names, ends after as many rounds as there are boxes. */
  function relax(): void {
    for (let round = 0; round < boxes.length; round++) {
      let moved = false;
      for (const [from, to] of links) {
        if (to.column > from.column) continue;
        to.column = from.column + 1;
        moved = true;
      }
      if (!moved) return;
    }
  }

  /** The ends of a zone stand at its two sides, whatever the wires say. */
  function pin(end: Box, side: "begin" | "end"): void {
    for (const box of boxes) if (box !== end) links.push(side === "begin" ? [end, box] : [box, end]);
  }
}

function columnsOf(boxes: readonly Box[]): Box[][] {
  const columns: Box[][] = [];
  for (const box of boxes) (columns[box.column] ??= []).push(box);
  return columns.filter((column) => column !== undefined);
}

function orderColumns(boxes: Box[], boxOf: ReadonlyMap<string, Box>, document: GraphDocument): void {
  const links = linksOf(document, boxOf);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const columns = columnsOf(boxes);
    for (const column of sweep % 2 === 0 ? columns : columns.reverse()) {
      const weight = new Map(column.map((box) => [box, meanOrder(box)]));
      column.sort((a, b) => (weight.get(a) ?? 0) - (weight.get(b) ?? 0) || a.order - b.order);
      for (const [index, box] of column.entries()) box.order = index - column.length / 2;
    }
  }

  function meanOrder(box: Box): number {
    const near = links.flatMap(([from, to]) => (from === box ? [to.order] : to === box ? [from.order] : []));
    return near.length === 0 ? box.order : near.reduce((sum, order) => sum + order, 0) / near.length;
  }
}

function place(boxes: Box[], boxOf: ReadonlyMap<string, Box>, document: GraphDocument): void {
  const columns = columnsOf(boxes);
  let x = 0;
  for (const column of columns) {
    column.sort((a, b) => a.order - b.order);
    let y = 0;
    for (const box of column) {
      box.x = x;
      box.y = y;
      y += box.size.height + ROW_GAP;
    }
    x += Math.max(...column.map((box) => box.size.width)) + COLUMN_GAP;
  }
  const links = linksOf(document, boxOf);
  // Each column slides as a whole to where its wires are shortest.
  for (const column of columns.slice(1)) {
    const shifts = links
      .filter(([from, to]) => column.includes(to) && from.column < to.column)
      .map(([from, to]) => from.y - to.y);
    if (shifts.length === 0) continue;
    const shift = shifts.reduce((sum, value) => sum + value, 0) / shifts.length;
    for (const box of column) box.y += shift;
  }
  const top = Math.min(...boxes.map((box) => box.y), Infinity);
  for (const box of boxes) box.y -= top === Infinity ? 0 : top;
}
