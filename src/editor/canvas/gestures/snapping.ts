import { boundsOf } from "../geometry.ts";
import type { PortPlace, Rect } from "../geometry.ts";

/** A line that tells what a dragged node stands in one line with. */
export interface Guide {
  readonly from: PortPlace;
  readonly to: PortPlace;
}

export interface Snap {
  readonly x: number;
  readonly y: number;
  readonly guides: readonly Guide[];
}

const GRID = 10;

const onGrid = (value: number): number => Math.round(value / GRID) * GRID;

/** The places of a rect on one axis that people line up: its two edges and its middle. */
const marks = (start: number, size: number): readonly number[] => [start, start + size / 2, start + size];

/**
 * Where a dragged rect lands: in line with a neighbour on each axis on which one is within `reach` canvas pixels, else on
 * the grid.
 */
export function snap(rect: Rect, neighbours: readonly Rect[], reach: number): Snap {
  const across = nearest(
    marks(rect.x, rect.width),
    neighbours,
    (other) => marks(other.x, other.width),
    reach,
  );
  const down = nearest(
    marks(rect.y, rect.height),
    neighbours,
    (other) => marks(other.y, other.height),
    reach,
  );
  // Whole pixels, though a height measured on the page is none: the file keeps what a person could have typed.
  const x = across ? Math.round(rect.x + across.shift) : onGrid(rect.x);
  const y = down ? Math.round(rect.y + down.shift) : onGrid(rect.y);
  const landed = { ...rect, x, y };
  const guides: Guide[] = [];
  if (across) {
    const span = boundsOf([landed, ...across.with]);
    if (span)
      guides.push({
        from: { x: across.line, y: span.y },
        to: { x: across.line, y: span.y + span.height },
      });
  }
  if (down) {
    const span = boundsOf([landed, ...down.with]);
    if (span)
      guides.push({ from: { x: span.x, y: down.line }, to: { x: span.x + span.width, y: down.line } });
  }
  return { x, y, guides };
}

interface Line {
  readonly shift: number;
  readonly line: number;
  readonly with: readonly Rect[];
}

/** The smallest shift that brings a mark onto the same mark of a neighbour: left to left, middle to middle. */
function nearest(
  own: readonly number[],
  neighbours: readonly Rect[],
  marksOf: (rect: Rect) => readonly number[],
  reach: number,
): Line | undefined {
  let best: { shift: number; line: number } | undefined;
  for (const neighbour of neighbours) {
    for (const [index, line] of marksOf(neighbour).entries()) {
      const shift = line - (own[index] ?? Infinity);
      if (Math.abs(shift) <= reach && Math.abs(shift) < Math.abs(best?.shift ?? Infinity))
        best = { shift, line };
    }
  }
  if (!best) return undefined;
  const { shift, line } = best;
  return { shift, line, with: neighbours.filter((neighbour) => marksOf(neighbour).includes(line)) };
}
