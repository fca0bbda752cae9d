import type { LoomCanvas } from "../canvas/loom-canvas.ts";
import { contains } from "../canvas/geometry.ts";
import type { PaletteRequest } from "../canvas/gestures/gesture.ts";
import { insertNode, insertZone } from "../graph/insert.ts";
import { insertOwn } from "../subgraph/insert-own.ts";
import type { OwnNode } from "../subgraph/own-nodes.ts";
import type { PaletteEntry } from "../graph/search.ts";
import { zonesInside } from "../graph/zones.ts";
import type { ClipboardPlace } from "./clipboard.ts";

const onGrid = (value: number): number => Math.round(value / 10) * 10;

/** The innermost zone whose region holds a point. */
export function zoneAt(canvas: LoomCanvas, x: number, y: number): string | undefined {
  const { document } = canvas.session;
  let inner: string | undefined;
  for (const zone of Object.keys(document.zones ?? {})) {
    const region = canvas.zones.regionOf(document, zone);
    if (region && contains(region, x, y) && (inner === undefined || zonesInside(document, inner).has(zone)))
      inner = zone;
  }
  return inner;
}

/** Under the pointer, where it is over the canvas; else in the middle. */
export function pastePlace(canvas: LoomCanvas): ClipboardPlace {
  const { x, y } = canvas.pointer ?? canvas.center();
  return { at: [onGrid(x), onGrid(y)], zone: zoneAt(canvas, x, y) };
}

/** Adds what was chosen in the palette, wired to the end that asked for it. */
export function addChosen(
  canvas: LoomCanvas,
  entry: PaletteEntry,
  request: PaletteRequest,
  own: readonly OwnNode[] = [],
): void {
  const { store, catalog, selection } = canvas.session;
  const at = [onGrid(request.x) - (request.from?.side === "input" ? 264 : 0), onGrid(request.y)] as const;
  const zone = zoneAt(canvas, request.x, request.y);
  const kept = entry.kind === "own" ? own.find(({ name }) => name === entry.id) : undefined;
  const insertion = kept
    ? insertOwn(store.document, catalog, kept, at, { end: request.from, zone })
    : entry.kind === "zone"
      ? insertZone(store.document, catalog, entry.id, at, { end: request.from, parent: zone })
      : insertNode(store.document, catalog, entry.id, at, { end: request.from, zone });
  store.execute(`Add ${entry.title}`, insertion.edit);
  selection.set(insertion.ids);
  canvas.element.focus({ preventScroll: true });
}

/** Places an element at a point of the canvas, moved in where it would stand out. */
export function placeWithin(
  canvas: LoomCanvas,
  [x, y]: readonly [number, number],
  [width, height]: readonly [number, number],
): (element: Element | undefined) => void {
  const left = Math.max(8, Math.min(x, canvas.clientWidth - width - 8));
  const top = Math.max(8, Math.min(y, canvas.clientHeight - height - 8));
  return (element) => {
    if (element instanceof HTMLElement) element.style.transform = `translate(${left}px, ${top}px)`;
  };
}
