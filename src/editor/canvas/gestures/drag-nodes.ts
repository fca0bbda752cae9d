import type { EdgeRecord } from "../../../engine/graph/document.ts";
import { connect, disconnect, edgeKey, moveNodes, sequence } from "../../graph/edits.ts";
import type { Edit, Point } from "../../graph/edits.ts";
import { insertionInto } from "../../graph/fragment.ts";
import { address, endpoint } from "../../graph/ports.ts";
import { setZone, zonesInside } from "../../graph/zones.ts";
import { contains, overlaps } from "../geometry.ts";
import type { PortPlace } from "../geometry.ts";
import type { CanvasHost, Gesture } from "./gesture.ts";
import { snap } from "./snapping.ts";

/** How near, in pixels of the screen, a node comes in line with another. */
const REACH = 6;

/**
 * Drags nodes. They keep their places to each other; the one that was taken hold of comes in line with those around it,
 * or lands on the grid. With Alt it goes where the pointer goes.
 */
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
  const size = host.rect(grip) ?? { x: 0, y: 0, width: 0, height: 0 };
  const { seen } = host;
  const neighbours = Object.keys(host.session.document.nodes).flatMap((id) => {
    const rect = ids.has(id) ? undefined : host.rect(id);
    return rect && overlaps(rect, seen) ? [rect] : [];
  });
  let now = origin;
  const show = (positions: Map<string, PortPlace>): void => {
    now = positions;
    host.place(positions);
  };
  return {
    move: (event) => {
      const to = host.toCanvas(event);
      const free = { ...size, x: anchor.x + to.x - from.x, y: anchor.y + to.y - from.y };
      const landed = event.altKey
        ? { x: Math.round(free.x), y: Math.round(free.y), guides: [] }
        : snap(free, neighbours, REACH / host.transform.k);
      host.guides.show(landed.guides);
      const [dx, dy] = [landed.x - anchor.x, landed.y - anchor.y];
      show(new Map([...origin].map(([id, { x, y }]) => [id, { x: x + dx, y: y + dy }])));
      const wire = wireUnder(host, ids, grip);
      host.zones.highlight((wire ? wire.change : zoneChange(host, ids, grip))?.zone);
      host.wires.mark("hover", wire?.key);
    },
    end: () => {
      host.guides.show([]);
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
      const change = wire ? wire.change : zoneChange(host, ids, grip);
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
      host.guides.show([]);
      host.zones.highlight(undefined);
      host.wires.mark("hover", undefined);
      host.place(origin);
    },
  };
}

interface ZoneChange {
  readonly nodes: string[];
  readonly zone: string | undefined;
}

interface WireUnder {
  readonly key: string;
  readonly edge: EdgeRecord;
  readonly input: string;
  readonly output: string;
  /** The change of zone that goes with it. */
  readonly change: ZoneChange | undefined;
}

/** The wire on which a single node without wires lies, if it can be put into it. */
function wireUnder(host: CanvasHost, ids: ReadonlySet<string>, grip: string): WireUnder | undefined {
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
  const place = zoneChange(host, ids, grip);
  // At the rim of a zone the wire has the last word: one that ends at the zone's begin takes no node of the inside.
  for (const change of place ? [place, undefined] : [undefined]) {
    const after = change ? setZone(catalog, change.nodes, change.zone)(document) : document;
    const ports = insertionInto(after, catalog, grip, edge);
    if (ports) return { key: wire.key, edge, ...ports, change };
  }
  return undefined;
}

/**
 * The zone that dragged nodes get into or out of. In: the grip's middle lies in a region. Out: it touches nothing of its
 * zone's region any more. In between a drag only makes room, and the region grows with it.
 */
function zoneChange(host: CanvasHost, ids: ReadonlySet<string>, grip: string): ZoneChange | undefined {
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
