import type { EdgeRecord } from "../../../engine/graph/document.ts";
import { connect, disconnect, edgeKey, moveNodes, sequence } from "../../graph/edits.ts";
import type { Edit, Point } from "../../graph/edits.ts";
import { insertionInto } from "../../graph/fragment.ts";
import { address, endpoint } from "../../graph/ports.ts";
import { setZone, zonesInside } from "../../graph/zones.ts";
import { contains, overlaps } from "../geometry.ts";
import type { PortPlace } from "../geometry.ts";
import type { CanvasHost, Gesture } from "./gesture.ts";

const GRID = 10;

const snap = (value: number): number => Math.round(value / GRID) * GRID;

/** Drags nodes. They keep their places to each other; the one that was taken hold of lands on the grid. */
export function startDragNodes(
  host: CanvasHost,
  start: PointerEvent,
  grip: string,
  ids: ReadonlySet<string>,
): Gesture {
  const origin = new Map<string, PortPlace>();
  for (const id of ids) {
    const position = host.position(id);
    if (position) origin.set(id, position);
  }
  const from = host.toCanvas(start);
  const anchor = origin.get(grip) ?? from;
  let now = origin;
  const show = (positions: Map<string, PortPlace>): void => {
    now = positions;
    host.place(positions);
  };
  return {
    move: (event) => {
      const to = host.toCanvas(event);
      const dx = snap(anchor.x + to.x - from.x) - anchor.x;
      const dy = snap(anchor.y + to.y - from.y) - anchor.y;
      show(new Map([...origin].map(([id, { x, y }]) => [id, { x: x + dx, y: y + dy }])));
      host.zones.highlight(zoneChange(host, ids, grip)?.zone);
      host.wires.mark("hover", wireUnder(host, ids, grip)?.key);
    },
    end: () => {
      host.zones.highlight(undefined);
      host.wires.mark("hover", undefined);
      const positions = new Map([...now].map(([id, { x, y }]): [string, Point] => [id, [x, y]]));
      const edits: Edit[] = [moveNodes(positions)];
      const wire = wireUnder(host, ids, grip);
      if (wire) {
        edits.push(
          disconnect([wire.key]),
          connect(wire.edge.from, address(grip, wire.input)),
          connect(address(grip, wire.output), wire.edge.to),
        );
      }
      const change = zoneChange(host, ids, grip);
      if (change) edits.push(setZone(host.session.catalog, change.nodes, change.zone));
      const what = ids.size === 1 ? "node" : `${ids.size} nodes`;
      const label = wire
        ? "Put node into wire"
        : change
          ? `Move ${what} ${change.zone === undefined ? "out of" : "into"} zone`
          : `Move ${what}`;
      host.session.store.execute(label, sequence(...edits));
    },
    cancel: () => {
      host.zones.highlight(undefined);
      host.place(origin);
    },
  };
}

/** The wire on which a single node without wires lies, if it can be put into it. */
function wireUnder(
  host: CanvasHost,
  ids: ReadonlySet<string>,
  grip: string,
):
  | { readonly key: string; readonly edge: EdgeRecord; readonly input: string; readonly output: string }
  | undefined {
  const { document, catalog } = host.session;
  const rect = host.rect(grip);
  if (ids.size !== 1 || !rect) return undefined;
  const isWired = document.edges.some(
    ({ from, to }) => endpoint(from).node === grip || endpoint(to).node === grip,
  );
  const wire = isWired
    ? undefined
    : host.wireAt(rect.x + rect.width / 2, rect.y + Math.min(rect.height / 2, 40));
  const edge = wire && document.edges.find((candidate) => edgeKey(candidate) === wire.key);
  if (!wire || !edge) return undefined;
  const zone = zoneChange(host, ids, grip);
  const after = zone ? setZone(catalog, zone.nodes, zone.zone)(document) : document;
  const ports = insertionInto(after, catalog, grip, edge);
  return ports && { key: wire.key, edge, ...ports };
}

/**
 * The zone that dragged nodes get into or out of. In: the grip's middle lies in a region. Out: it touches nothing of its
 * zone's region any more. In between a drag only makes room, and the region grows with it.
 */
function zoneChange(
  host: CanvasHost,
  ids: ReadonlySet<string>,
  grip: string,
): { readonly nodes: string[]; readonly zone: string | undefined } | undefined {
  const { catalog, document } = host.session;
  const record = document.nodes[grip];
  const rect = host.rect(grip);
  const info = catalog.node(record?.type ?? "");
  if (!record || !rect || info?.zoneEnd || info?.boundary) return undefined;
  const free = [...ids].filter((id) => {
    const node = document.nodes[id];
    return node !== undefined && node.zone === record.zone && !catalog.node(node.type)?.zoneEnd;
  });
  const middle = { x: rect.x + rect.width / 2, y: rect.y + rect.height / 2 };
  let inner: string | undefined;
  for (const zone of Object.keys(document.zones ?? {})) {
    const region = host.zones.regionOf(document, zone, ids);
    if (!region || !contains(region, middle.x, middle.y)) continue;
    if (inner === undefined || zonesInside(document, inner).has(zone)) inner = zone;
  }
  if (inner === record.zone) return undefined;
  if (inner === undefined && record.zone !== undefined) {
    const own = host.zones.regionOf(document, record.zone, ids);
    if (own && overlaps(own, rect)) return undefined;
  }
  return { nodes: free, zone: inner };
}
