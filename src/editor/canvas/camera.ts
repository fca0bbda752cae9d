import { clampZoom } from "./area.ts";
import type { PortPlace, Rect } from "./geometry.ts";

/** Where the canvas stands and how large it is drawn: a canvas point p is seen at p · k + (x, y). */
export interface View {
  readonly x: number;
  readonly y: number;
  readonly k: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export const toCanvasPoint = (view: View, x: number, y: number): PortPlace => ({
  x: (x - view.x) / view.k,
  y: (y - view.y) / view.k,
});

/**
 * The view that shows `bounds` as large as it fits and never larger than it is. With a `least` scale what does not fit is
 * seen from its left and its top: that is where a graph begins.
 */
export function viewOf(bounds: Rect, screen: Size, least = 0): View {
  const margin = Math.min(56, screen.width / 12);
  const width = screen.width - 2 * margin;
  const height = screen.height - 2 * margin;
  const k = clampZoom(Math.max(least, Math.min(1, width / bounds.width, height / bounds.height)));
  const x =
    bounds.width * k > width ? margin - bounds.x * k : screen.width / 2 - (bounds.x + bounds.width / 2) * k;
  const y =
    bounds.height * k > height
      ? margin - bounds.y * k
      : screen.height / 2 - (bounds.y + bounds.height / 2) * k;
  return { x, y, k };
}

/** The view after a zoom that keeps the middle of the screen where it is. */
export function zoomed(view: View, screen: Size, factor: number): View {
  const k = clampZoom(view.k * factor);
  const middle = toCanvasPoint(view, screen.width / 2, screen.height / 2);
  return { x: view.x + middle.x * (view.k - k), y: view.y + middle.y * (view.k - k), k };
}

/** The view that has a node in its middle; of a tall one its upper part. */
export function centred(rect: Rect, screen: Size, k: number): View {
  return {
    x: screen.width / 2 - (rect.x + rect.width / 2) * k,
    y: screen.height / 2 - (rect.y + Math.min(rect.height, 300) / 2) * k,
    k,
  };
}
