import { LoomNode } from "./loom-node.ts";
import type { NodeLayout, PortPlace } from "./geometry.ts";
import type { PortRef } from "./gestures/gesture.ts";
import type { Side } from "./node/contract.ts";

/** The socket that is drawn at a place of the page. */
export function socketAt(
  root: DocumentOrShadowRoot | null,
  idOf: (element: Element) => string | undefined,
  { clientX, clientY }: { readonly clientX: number; readonly clientY: number },
): PortRef | undefined {
  for (const target of root?.elementsFromPoint(clientX, clientY) ?? []) {
    if (!(target instanceof LoomNode)) continue;
    const inner = target.shadowRoot?.elementFromPoint(clientX, clientY)?.closest<HTMLElement>(".socket");
    const node = idOf(target);
    const { side, port } = inner?.dataset ?? {};
    if (node !== undefined && port !== undefined && (side === "input" || side === "output"))
      return { node, side, port };
  }
  return undefined;
}

/** The nearest socket of one side within `reach` canvas pixels of a canvas point. */
export function nearestSocket(
  layouts: ReadonlyMap<string, NodeLayout>,
  positionOf: (node: string) => PortPlace | undefined,
  { x, y }: PortPlace,
  side: Side,
  reach: number,
): PortRef | undefined {
  let best = reach;
  let found: PortRef | undefined;
  for (const [node, layout] of layouts) {
    const position = positionOf(node);
    if (!position) continue;
    for (const [port, place] of side === "input" ? layout.inputs : layout.outputs) {
      const distance = Math.hypot(position.x + place.x - x, position.y + place.y - y);
      if (distance > best) continue;
      best = distance;
      found = { node, side, port };
    }
  }
  return found;
}
