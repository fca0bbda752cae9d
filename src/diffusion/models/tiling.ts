import * as tf from "@tensorflow/tfjs";

/** Sides of a square tile before and after, and the part of it that its neighbour covers too. */
export interface TileGrid {
  readonly input: number;
  readonly output: number;
  readonly overlap: number;
}

type Forward = (x: tf.Tensor4D) => tf.Tensor4D;

/** Runs `forward` on one picture of the batch at a time. */
export function runSliced(x: tf.Tensor4D, forward: Forward): tf.Tensor4D {
  const batch = x.shape[0];
  if (batch === 1) return forward(x);
  return tf.tidy(() => {
    const parts = Array.from({ length: batch }, (_, i) =>
      tf.tidy(() => forward(tf.slice(x, [i, 0, 0, 0], [1, -1, -1, -1]))),
    );
    return tf.concat(parts, 0);
  });
}

/**
 * Runs `forward` on overlapping tiles and joins them; in the overlap one tile fades linearly into the next, the one above
 * first, then the one on the left. The arrangement is diffusers'. A picture no larger than a tile is run whole.
 */
export function runTiled(x: tf.Tensor4D, forward: Forward, grid: TileGrid): tf.Tensor4D {
  const [, height, width] = x.shape;
  if (height <= grid.input && width <= grid.input) return forward(x);
  const stride = Math.floor(grid.input * (1 - grid.overlap));
  const blend = Math.floor(grid.output * grid.overlap);
  const kept = grid.output - blend;
  if (stride < 1 || kept < 1)
    throw new Error(`A tile of ${String(grid.input)} is too small to be blended; choose a larger one.`);

  return tf.tidy(() => {
    const joined: tf.Tensor4D[] = [];
    let above: tf.Tensor4D[] = [];
    for (let top = 0; top < height; top += stride) {
      const row: tf.Tensor4D[] = [];
      for (let left = 0; left < width; left += stride) {
        const upper = above[row.length];
        const before = row.at(-1);
        row.push(
          tf.tidy(() => {
            let tile = forward(cut(x, top, left, grid.input));
            if (upper) tile = fade(upper, tile, 1, blend);
            if (before) tile = fade(before, tile, 2, blend);
            return tile;
          }),
        );
      }
      joined.push(
        tf.tidy(() =>
          tf.concat(
            row.map((tile) => cut(tile, 0, 0, kept)),
            2,
          ),
        ),
      );
      tf.dispose(above);
      above = row;
    }
    return tf.concat(joined, 1);
  });
}

/** The square of side `size` at (top, left), smaller at the far edges. */
function cut(x: tf.Tensor4D, top: number, left: number, size: number): tf.Tensor4D {
  const [batch, height, width, channels] = x.shape;
  return tf.slice(
    x,
    [0, top, left, 0],
    [batch, Math.min(size, height - top), Math.min(size, width - left), channels],
  );
}

/** `tile` with its first places along `axis` mixed with the last ones of its neighbour. */
function fade(neighbour: tf.Tensor4D, tile: tf.Tensor4D, axis: 1 | 2, extent: number): tf.Tensor4D {
  const end = neighbour.shape[axis];
  const size = tile.shape[axis];
  const mixed = Math.min(end, size, extent);
  if (mixed === 0) return tile;
  const take = (x: tf.Tensor4D, start: number, length: number): tf.Tensor4D => {
    const begin = [0, 0, 0, 0];
    const sizes = [...x.shape];
    begin[axis] = start;
    sizes[axis] = length;
    return tf.slice(x, begin, sizes);
  };
  const ramp = tf.reshape(
    tf.div(tf.range(0, mixed), mixed),
    axis === 1 ? [1, mixed, 1, 1] : [1, 1, mixed, 1],
  );
  const start = tf.add(
    tf.mul(take(neighbour, end - mixed, mixed), tf.sub(1, ramp)),
    tf.mul(take(tile, 0, mixed), ramp),
  ) as tf.Tensor4D;
  return size === mixed ? start : tf.concat([start, take(tile, mixed, size - mixed)], axis);
}
