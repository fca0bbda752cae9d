import { overlaps } from "../geometry.ts";
import type { Rect } from "../geometry.ts";
import type { CanvasHost, Gesture } from "./gesture.ts";

/** Draws a rectangle and selects the nodes that it touches; with `add` those that were selected stay so. */
export function startMarquee(host: CanvasHost, start: PointerEvent, add: boolean): Gesture {
  const { session } = host;
  const from = host.toCanvas(start);
  const before = session.selection.nodes;
  return {
    move: (event) => {
      const to = host.toCanvas(event);
      const rect: Rect = {
        x: Math.min(from.x, to.x),
        y: Math.min(from.y, to.y),
        width: Math.abs(to.x - from.x),
        height: Math.abs(to.y - from.y),
      };
      host.marquee(rect);
      const touched = Object.keys(session.document.nodes).filter((id) => {
        const node = host.rect(id);
        return node !== undefined && overlaps(node, rect);
      });
      session.selection.set(add ? [...before, ...touched] : touched);
    },
    end: () => host.marquee(undefined),
    cancel: () => {
      host.marquee(undefined);
      session.selection.set(before);
    },
  };
}
