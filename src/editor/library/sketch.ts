import type { GraphDocument } from "../../engine/graph/document.ts";
import { endpoint } from "../graph/ports.ts";

/** A graph as a drawing: boxes and the lines between them, in the unit of {@link Sketch.width}. */
export interface Sketch {
  readonly width: number;
  readonly height: number;
  /** `[x, y, in a zone]`: every box has the same size. */
  readonly boxes: readonly (readonly [x: number, y: number, zoned: boolean])[];
  readonly lines: readonly (readonly [from: number, to: number])[];
}

export const BOX = { width: 264, height: 150 } as const;
const MOST_BOXES = 150;
const MARGIN = 60;

/** Small enough to be kept with every graph of the library, so that a list of them loads no graph. */
export function sketchOf({ nodes, edges, layout = {} }: GraphDocument): Sketch {
  const ids = Object.keys(nodes)
    .filter((id) => nodes[id]?.type !== "value/note")
    .slice(0, MOST_BOXES);
  const places = ids.map((id) => layout[id] ?? [0, 0]);
  const xs = places.length === 0 ? [0] : places.map(([x]) => x);
  const ys = places.length === 0 ? [0] : places.map(([, y]) => y);
  const left = Math.min(...xs) - MARGIN;
  const top = Math.min(...ys) - MARGIN;
  const index = new Map(ids.map((id, position) => [id, position]));
  const lines = edges.flatMap(({ from, to }): (readonly [number, number])[] => {
    const [a, b] = [index.get(endpoint(from).node), index.get(endpoint(to).node)];
    return a === undefined || b === undefined ? [] : [[a, b]];
  });
  return {
    width: Math.max(...xs) - left + BOX.width + MARGIN,
    height: Math.max(...ys) - top + BOX.height + MARGIN,
    boxes: ids.map((id, position) => {
      const [x, y] = places[position] ?? [0, 0];
      return [Math.round(x - left), Math.round(y - top), nodes[id]?.zone !== undefined] as const;
    }),
    lines: lines.slice(0, 2 * MOST_BOXES),
  };
}
