import { f32x4, i32, v128, type Code, type FunctionSource, type Local } from "./assembler.ts";

/** Output pixels and groups of four output channels computed together: their eight sums stay in registers. */
const PIXELS = 4;
const VECTORS = 2;

const zero = i32.const(0);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/**
 * Convolution of one padded picture: y[p, o] += Σ_{i, g, j, c} picture[g, at(p) + (i, j), c] · weights[o, i, g, j, c], where g
 * counts groups of four input channels c and o goes over groups of eight output channels.
 *
 * `places` lists for every four pixels p their four byte offsets into a group of the picture and then their four byte
 * offsets into y; `tiles` is the number of such fours. Strides are in bytes.
 */
export const convolve: FunctionSource = {
  parameters: upTo(12).map(() => "i32" as const),
  build: (f, ...parameters) => {
    const [
      picture,
      weights,
      y,
      places,
      tiles,
      rows,
      groups,
      columns,
      groupStride,
      rowStride,
      outGroups,
      weightStride,
    ] = parameters as [
      ...[Local, Local, Local, Local, Local, Local],
      ...[Local, Local, Local, Local, Local, Local],
    ];
    const [o, t, i, g, j, list, weight] = upTo(7).map(() => f.local("i32")) as [
      ...[Local, Local, Local, Local],
      ...[Local, Local, Local],
    ];
    const starts = upTo(PIXELS).map(() => f.local("i32"));
    const pointers = upTo(PIXELS).map(() => f.local("i32"));
    const targets = upTo(PIXELS).map(() => f.local("i32"));
    const sums = upTo(PIXELS * VECTORS).map(() => f.local("v128"));
    const filters = upTo(VECTORS).map(() => f.local("v128"));
    const value = f.local("v128");
    const at = (locals: readonly Local[], index: number): Local => locals[index] as Local;

    const eachSum = (body: (sum: Local, pixel: number, vector: number) => Code): Code =>
      sums.flatMap((sum, index) => body(sum, Math.floor(index / VECTORS), index % VECTORS));
    // One channel of one tap a step: with more, V8 moves all loads to the front and runs out of registers.
    const step = [
      ...filters.flatMap((filter, vector) => filter.set(v128.load(weight.get, vector * 16))),
      ...upTo(PIXELS).flatMap((pixel) => [
        ...value.set(v128.loadSplat(at(pointers, pixel).get)),
        ...filters.flatMap((filter, vector) => {
          const sum = at(sums, pixel * VECTORS + vector);
          return sum.set(f32x4.add(sum.get, f32x4.mul(value.get, filter.get)));
        }),
      ]),
      ...weight.advance(i32.const(VECTORS * 16)),
      ...pointers.flatMap((pointer) => pointer.advance(i32.const(4))),
    ];
    const reduction = f.loop(
      i,
      zero,
      rows.get,
      1,
      f.loop(g, zero, groups.get, 1, [
        ...pointers.flatMap((pointer, pixel) =>
          pointer.set(
            i32.add(
              at(starts, pixel).get,
              i32.add(i32.mul(i.get, rowStride.get), i32.mul(g.get, groupStride.get)),
            ),
          ),
        ),
        ...f.loop(j, zero, i32.shl(columns.get, i32.const(2)), 1, step),
      ]),
    );
    const tile = [
      ...starts.flatMap((start, pixel) => start.set(i32.add(picture.get, i32.load(list.get, pixel * 4)))),
      ...targets.flatMap((target, pixel) =>
        target.set(i32.add(y.get, i32.load(list.get, (PIXELS + pixel) * 4))),
      ),
      ...list.advance(i32.const(PIXELS * 8)),
      ...weight.set(i32.add(weights.get, i32.mul(o.get, weightStride.get))),
      ...eachSum((sum, pixel, vector) => sum.set(v128.load(at(targets, pixel).get, vector * 16))),
      ...reduction,
      ...eachSum((sum, pixel, vector) => v128.store(at(targets, pixel).get, sum.get, vector * 16)),
    ];
    return f.loop(o, zero, outGroups.get, 1, [
      ...list.set(places.get),
      ...f.loop(t, zero, tiles.get, 1, tile),
      ...y.advance(i32.const(VECTORS * 16)),
    ]);
  },
};
