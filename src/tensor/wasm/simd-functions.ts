import { f32, f32x4, f64, f64x2, i32, v128, type Code, type FunctionSource } from "./assembler.ts";
import { activationFunctions } from "./simd-activations.ts";
import { convolve } from "./simd-convolution.ts";
import { halfFunctions } from "./simd-halves.ts";
import { addProducts } from "./simd-products.ts";

/**
 * The inner loops of our WASM kernels, four floats at a time. Addresses and strides are in bytes, lengths in floats.
 * `simd.ts` gives them types and instantiates them on a backend's heap.
 */

const I = "i32" as const;
const LANES_HIGH = [2, 3, 0, 1] as const;
const bytes = (floats: Code): Code => i32.shl(floats, i32.const(2));
const wholeVectors = (floats: Code): Code => i32.and(floats, i32.const(-4));

/** to[i, j, k] = from[i, j, k], or += `scale` · from[i, j, k], for strided i and j and neighbouring k. */
const moveRows = (add: boolean): FunctionSource => ({
  parameters: add ? [I, I, I, I, I, I, I, I, I, "f32"] : [I, I, I, I, I, I, I, I, I],
  build: (f, from, to, outer, inner, length, fromOuter, fromInner, toOuter, toInner, scale) => {
    const [i, j, k] = [f.local("i32"), f.local("i32"), f.local("i32")];
    const [source, target] = [f.local("i32"), f.local("i32")];
    const at = { from: i32.add(source.get, k.get), to: i32.add(target.get, k.get) };
    const vectorValue = scale
      ? f32x4.add(v128.load(at.to), f32x4.mul(v128.load(at.from), f32x4.splat(scale.get)))
      : v128.load(at.from);
    const scalarValue = scale
      ? f32.add(f32.load(at.to), f32.mul(f32.load(at.from), scale.get))
      : f32.load(at.from);
    const row = [
      ...f.loop(k, i32.const(0), bytes(wholeVectors(length.get)), 16, v128.store(at.to, vectorValue)),
      ...f.loop(k, k.get, bytes(length.get), 4, f32.store(at.to, scalarValue)),
    ];
    return f.loop(i, i32.const(0), outer.get, 1, [
      ...source.set(i32.add(from.get, i32.mul(i.get, fromOuter.get))),
      ...target.set(i32.add(to.get, i32.mul(i.get, toOuter.get))),
      ...f.loop(j, i32.const(0), inner.get, 1, [
        ...row,
        ...source.advance(fromInner.get),
        ...target.advance(toInner.get),
      ]),
    ]);
  },
});

/**
 * to[c, r] = from[r, c] with rows `fromStride` and `toStride` bytes apart, for `count` matrices `fromStep` and `toStep`
 * bytes apart.
 */
const transpose: FunctionSource = {
  parameters: [I, I, I, I, I, I, I, I, I],
  build: (f, from, to, rows, columns, fromStride, toStride, count, fromStep, toStep) => {
    const matrix = f.local("i32");
    const [r, c] = [f.local("i32"), f.local("i32")];
    const [source, target] = [f.local("i32"), f.local("i32")];
    const [a, b, d, e] = [f.local("v128"), f.local("v128"), f.local("v128"), f.local("v128")];
    const [ab, AB, de, DE] = [f.local("v128"), f.local("v128"), f.local("v128"), f.local("v128")];
    const place = (base: Code, stride: Code, index: Code, offset: Code): Code =>
      i32.add(i32.add(base, i32.mul(index, stride)), bytes(offset));
    const next = (n: number): Code => i32.add(source.get, i32.mul(fromStride.get, i32.const(n)));
    const below = (n: number): Code => i32.add(target.get, i32.mul(toStride.get, i32.const(n)));
    const block: Code = [
      ...source.set(place(from.get, fromStride.get, r.get, c.get)),
      ...target.set(place(to.get, toStride.get, c.get, r.get)),
      ...a.set(v128.load(source.get)),
      ...b.set(v128.load(next(1))),
      ...d.set(v128.load(next(2))),
      ...e.set(v128.load(next(3))),
      ...ab.set(v128.shuffle(a.get, b.get, [0, 4, 1, 5])),
      ...AB.set(v128.shuffle(a.get, b.get, [2, 6, 3, 7])),
      ...de.set(v128.shuffle(d.get, e.get, [0, 4, 1, 5])),
      ...DE.set(v128.shuffle(d.get, e.get, [2, 6, 3, 7])),
      ...v128.store(target.get, v128.shuffle(ab.get, de.get, [0, 1, 4, 5])),
      ...v128.store(below(1), v128.shuffle(ab.get, de.get, [2, 3, 6, 7])),
      ...v128.store(below(2), v128.shuffle(AB.get, DE.get, [0, 1, 4, 5])),
      ...v128.store(below(3), v128.shuffle(AB.get, DE.get, [2, 3, 6, 7])),
    ];
    const single = f32.store(
      place(to.get, toStride.get, c.get, r.get),
      f32.load(place(from.get, fromStride.get, r.get, c.get)),
    );
    return f.loop(matrix, i32.const(0), count.get, 1, [
      ...f.loop(
        c,
        i32.const(0),
        wholeVectors(columns.get),
        4,
        f.loop(r, i32.const(0), wholeVectors(rows.get), 4, block),
      ),
      ...f.loop(
        c,
        i32.const(0),
        wholeVectors(columns.get),
        1,
        f.loop(r, wholeVectors(rows.get), rows.get, 1, single),
      ),
      ...f.loop(c, wholeVectors(columns.get), columns.get, 1, f.loop(r, i32.const(0), rows.get, 1, single)),
      ...from.advance(fromStep.get),
      ...to.advance(toStep.get),
    ]);
  },
};

/** sums[k] += Σ_rows a[row, k], in double precision. */
const addRowSums: FunctionSource = {
  parameters: [I, I, I, I],
  build: (f, a, sums, rows, columns) => {
    const [row, k, target, value] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("v128")];
    const high = (v: Code): Code => v128.shuffle(v, v, LANES_HIGH);
    const addTo = (offset: number, part: Code): Code =>
      v128.store(target.get, f64x2.add(v128.load(target.get, offset), f64x2.promoteLow(part)), offset);
    return f.loop(row, i32.const(0), rows.get, 1, [
      ...target.set(sums.get),
      ...f.loop(k, i32.const(0), wholeVectors(columns.get), 4, [
        ...value.set(v128.load(a.get)),
        ...addTo(0, value.get),
        ...addTo(16, high(value.get)),
        ...a.advance(i32.const(16)),
        ...target.advance(i32.const(32)),
      ]),
      ...f.loop(k, k.get, columns.get, 1, [
        ...f64.store(target.get, f64.add(f64.load(target.get), f64.promote(f32.load(a.get)))),
        ...a.advance(i32.const(4)),
        ...target.advance(i32.const(8)),
      ]),
    ]);
  },
};

/** sums[k] += Σ_rows a[row, k] and products[k] += Σ_rows a[row, k] · b[row, k], in double precision. */
const addRowProducts: FunctionSource = {
  parameters: [I, I, I, I, I, I],
  build: (f, a, b, sums, products, rows, columns) => {
    const [row, k, place] = [f.local("i32"), f.local("i32"), f.local("i32")];
    const [x, y, low, high] = [f.local("v128"), f.local("v128"), f.local("v128"), f.local("v128")];
    const upper = (v: Code): Code => f64x2.promoteLow(v128.shuffle(v, v, LANES_HIGH));
    const addTo = (base: Code, offset: number, part: Code): Code =>
      v128.store(
        i32.add(base, place.get),
        f64x2.add(v128.load(i32.add(base, place.get), offset), part),
        offset,
      );
    const addOne = (base: Code, part: Code): Code =>
      f64.store(i32.add(base, place.get), f64.add(f64.load(i32.add(base, place.get)), part));
    return f.loop(row, i32.const(0), rows.get, 1, [
      ...place.set(i32.const(0)),
      ...f.loop(k, i32.const(0), wholeVectors(columns.get), 4, [
        ...x.set(v128.load(a.get)),
        ...y.set(v128.load(b.get)),
        ...low.set(f64x2.promoteLow(x.get)),
        ...high.set(upper(x.get)),
        ...addTo(sums.get, 0, low.get),
        ...addTo(sums.get, 16, high.get),
        ...addTo(products.get, 0, f64x2.mul(low.get, f64x2.promoteLow(y.get))),
        ...addTo(products.get, 16, f64x2.mul(high.get, upper(y.get))),
        ...a.advance(i32.const(16)),
        ...b.advance(i32.const(16)),
        ...place.advance(i32.const(32)),
      ]),
      ...f.loop(k, k.get, columns.get, 1, [
        ...addOne(sums.get, f64.promote(f32.load(a.get))),
        ...addOne(products.get, f64.mul(f64.promote(f32.load(a.get)), f64.promote(f32.load(b.get)))),
        ...a.advance(i32.const(4)),
        ...b.advance(i32.const(4)),
        ...place.advance(i32.const(8)),
      ]),
    ]);
  },
};

/** y[row, k] = x[row, k] · scale[k] + shift[k], and with z: + z[row, k] · zScale[k]. */
const affineRows = (second: boolean): FunctionSource => ({
  parameters: second ? [I, I, I, I, I, I, I, I] : [I, I, I, I, I, I],
  build: (f, x, y, scale, shift, rows, columns, z, zScale) => {
    const [row, k] = [f.local("i32"), f.local("i32")];
    const at = (base: { get: Code }): Code => i32.add(base.get, k.get);
    const product = <T extends typeof f32 | typeof f32x4>(ops: T, load: (address: Code) => Code): Code => {
      const first = ops.add(ops.mul(load(at(x)), load(at(scale))), load(at(shift)));
      return z && zScale ? ops.add(first, ops.mul(load(at(z)), load(at(zScale)))) : first;
    };
    const end = bytes(columns.get);
    return f.loop(row, i32.const(0), rows.get, 1, [
      ...f.loop(
        k,
        i32.const(0),
        bytes(wholeVectors(columns.get)),
        16,
        v128.store(at(y), product(f32x4, v128.load)),
      ),
      ...f.loop(k, k.get, end, 4, f32.store(at(y), product(f32, f32.load))),
      ...x.advance(end),
      ...y.advance(end),
      ...(z ? z.advance(end) : []),
    ]);
  },
});

/**
 * One place of a max pool's gradient: over a window of x with `height` rows, `width` pixels and the first `channels`
 * (a multiple of 4) of each, dx += dy where x is the window's first largest value.
 */
const maxPoolPlace: FunctionSource = {
  parameters: [I, I, I, I, I, I, I, I],
  build: (f, x, dy, dx, height, width, channels, pixelStride, rowStride) => {
    const [c, i, j, place] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
    const [most, free, hit] = [f.local("v128"), f.local("v128"), f.local("v128")];
    const window = (body: Code): Code =>
      f.loop(i, i32.const(0), height.get, 1, [
        ...place.set(i32.add(c.get, i32.mul(i.get, rowStride.get))),
        ...f.loop(j, i32.const(0), width.get, 1, [...body, ...place.advance(pixelStride.get)]),
      ]);
    const value = v128.load(i32.add(x.get, place.get));
    const target = i32.add(dx.get, place.get);
    return f.loop(c, i32.const(0), bytes(channels.get), 16, [
      ...most.set(v128.load(i32.add(x.get, c.get))),
      ...window(most.set(f32x4.pseudoMax(most.get, value))),
      ...free.set(f32x4.equal(most.get, most.get)),
      ...window([
        ...hit.set(v128.and(f32x4.equal(value, most.get), free.get)),
        ...free.set(v128.andNot(free.get, hit.get)),
        ...v128.store(
          target,
          f32x4.add(v128.load(target), v128.and(v128.load(i32.add(dy.get, c.get)), hit.get)),
        ),
      ]),
    ]);
  },
};

export const simdFunctions = {
  ...activationFunctions,
  ...halfFunctions,
  addProducts,
  convolve,
  copyRows: moveRows(false),
  addScaledRows: moveRows(true),
  transpose,
  addRowSums,
  addRowProducts,
  affineRows: affineRows(false),
  affineSumRows: affineRows(true),
  maxPoolPlace,
};
