import type { ParameterKind } from "./parameters.ts";

/** Rows of the file that are moved together: their places in memory are neighbours, so a cache line is written at once. */
const ROWS_AT_ONCE = 16;

type Values = Float32Array | Uint16Array;

/**
 * Puts a piece of a parameter, as it lies in the file, into its places in this project's layout: OIHW → HWIO, `[out, in]` →
 * `[in, out]`. Pieces may be cut anywhere and come in any order.
 *
 * @param shape the file's.
 * @param begin place of the piece's first value within the parameter.
 * @param to the whole parameter; of the same kind of array as `piece`.
 */
export function scatter<T extends Values>(
  kind: ParameterKind,
  shape: readonly number[],
  piece: T,
  begin: number,
  to: T,
): void {
  if (kind === "vector" || kind === "embedding") {
    to.set(piece, begin);
    return;
  }
  const [rows = 1, inputs = 1, height = 1, width = 1] = shape;
  const length = inputs * height * width;
  const places = height * width === 1 ? undefined : kernelPlaces(inputs, height * width);
  const end = begin + piece.length;
  for (let at = begin; at < end;) {
    const row = Math.floor(at / length);
    const column = at % length;
    if (column === 0 && end - at >= length) {
      const count = Math.min(ROWS_AT_ONCE, Math.floor((end - at) / length));
      moveRows(piece, at - begin, to, { row, count, rows, length, places });
      at += count * length;
    } else {
      const last = Math.min(length, column + end - at);
      for (let i = column; i < last; i++)
        to[(places?.[i] ?? i) * rows + row] = piece[at - begin + i - column] ?? 0;
      at += last - column;
    }
  }
}

interface Rows {
  readonly row: number;
  readonly count: number;
  readonly rows: number;
  readonly length: number;
  readonly places: Int32Array | undefined;
}

function moveRows(piece: Values, from: number, to: Values, { row, count, rows, length, places }: Rows): void {
  for (let i = 0; i < length; i++) {
    let target = (places ? (places[i] ?? 0) : i) * rows + row;
    let source = from + i;
    for (let r = 0; r < count; r++, source += length) to[target++] = piece[source] ?? 0;
  }
}

/** For each value of a filter of one output, `[in, h·w]`, its place in `[h·w, in]`. */
function kernelPlaces(inputs: number, area: number): Int32Array {
  const places = new Int32Array(inputs * area);
  for (let i = 0; i < inputs; i++) for (let p = 0; p < area; p++) places[i * area + p] = p * inputs + i;
  return places;
}
