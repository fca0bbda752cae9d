import {
  f32,
  f32x4,
  i32,
  v128,
  type Code,
  type FunctionBody,
  type FunctionSource,
  type Local,
} from "./assembler.ts";

const zero = i32.const(0);
const bytes = (floats: Code): Code => i32.shl(floats, i32.const(2));

/** The operands of {@link addProducts} and the locals that its tiles share. */
interface Operands {
  readonly a: Local;
  readonly b: Local;
  readonly c: Local;
  readonly rows: Local;
  readonly places: Local;
  readonly aRow: Local;
  readonly aPlace: Local;
  readonly bRow: Local;
  readonly bPlace: Local;
  readonly cRow: Local;
  readonly m: Local;
  readonly n: Local;
  /** Where a's current m and b's current n begin. */
  readonly aBase: Local;
  readonly bBase: Local;
  readonly aAt: Local;
  readonly bAt: Local;
  readonly cAt: Local;
  readonly row: Local;
  readonly place: Local;
  readonly vectors: readonly Local[];
  readonly operands: readonly Local[];
  readonly splat: Local;
}

/**
 * c[m + i, n + j] += Σ a · b for `height` values of i and `width` groups of four j. The sums stay in registers while the
 * places are gone through, so height · width + width + 1 must not exceed the 15 that x86-64 has.
 */
function tile(f: FunctionBody, o: Operands, height: number, width: number): Code {
  const sum = (i: number, j: number): Local => o.vectors[i * width + j] as Local;
  const each = (body: (i: number, j: number) => Code): Code =>
    Array.from({ length: height }, (_, i) =>
      Array.from({ length: width }, (_, j) => body(i, j)).flat(),
    ).flat();
  const cPlace = (i: number): Code => i32.add(o.cAt.get, i32.mul(o.cRow.get, i32.const(i)));
  const step = [
    ...Array.from({ length: width }, (_, j) =>
      (o.operands[j] as Local).set(v128.load(o.bAt.get, 16 * j)),
    ).flat(),
    ...Array.from({ length: height }, (_, i) => [
      ...o.splat.set(v128.loadSplat(o.aAt.get, 4 * i)),
      ...Array.from({ length: width }, (_, j) =>
        sum(i, j).set(f32x4.add(sum(i, j).get, f32x4.mul(o.splat.get, (o.operands[j] as Local).get))),
      ).flat(),
    ]).flat(),
    ...o.aAt.advance(o.aPlace.get),
    ...o.bAt.advance(o.bPlace.get),
  ];
  return [
    ...o.cAt.set(i32.add(i32.add(o.c.get, i32.mul(o.m.get, o.cRow.get)), bytes(o.n.get))),
    ...each((i, j) => sum(i, j).set(v128.load(cPlace(i), 16 * j))),
    ...overPlaces(f, o, step),
    ...each((i, j) => v128.store(cPlace(i), sum(i, j).get, 16 * j)),
  ];
}

/** The same for one value. */
function single(f: FunctionBody, o: Operands, sum: Local): Code {
  const step = [
    ...sum.set(f32.add(sum.get, f32.mul(f32.load(o.aAt.get), f32.load(o.bAt.get)))),
    ...o.aAt.advance(o.aPlace.get),
    ...o.bAt.advance(o.bPlace.get),
  ];
  return [
    ...o.cAt.set(i32.add(i32.add(o.c.get, i32.mul(o.m.get, o.cRow.get)), bytes(o.n.get))),
    ...sum.set(f32.load(o.cAt.get)),
    ...overPlaces(f, o, step),
    ...f32.store(o.cAt.get, sum.get),
  ];
}

function overPlaces(f: FunctionBody, o: Operands, step: Code): Code {
  return f.loop(o.row, zero, o.rows.get, 1, [
    ...o.aAt.set(i32.add(o.aBase.get, i32.mul(o.row.get, o.aRow.get))),
    ...o.bAt.set(i32.add(o.bBase.get, i32.mul(o.row.get, o.bRow.get))),
    ...f.loop(o.place, zero, o.places.get, 1, step),
  ]);
}

/**
 * Matrix product over pixels: c[m, n] += Σ_{row, place} a[row, place, m] · b[row, place, n] for `height` m and `width` n.
 *
 * Strides are in bytes and free. Groups of four m are `aGroup` and groups of eight n `bGroup` bytes apart: 16 and 32
 * where all m and all n lie next to each other. Other groups need `height` a multiple of 4 and `width` of 8.
 */
export const addProducts: FunctionSource = {
  parameters: Array.from({ length: 14 }, () => "i32" as const),
  build: (f, ...parameters) => {
    const [a, b, c, height, width, rows, places, aGroup, aRow, aPlace, bGroup, bRow, bPlace, cRow] =
      parameters as [
        ...[Local, Local, Local, Local, Local, Local, Local],
        ...[Local, Local, Local, Local, Local, Local, Local],
      ];
    const [m, n, aBase, bBase, aAt, bAt, cAt, row, place] = Array.from({ length: 9 }, () =>
      f.local("i32"),
    ) as [...[Local, Local, Local, Local, Local], ...[Local, Local, Local, Local]];
    const vectors = Array.from({ length: 8 }, () => f.local("v128"));
    const operands = Array.from({ length: 8 }, () => f.local("v128"));
    const sum = f.local("f32");
    const shared = {
      a,
      b,
      c,
      rows,
      places,
      aRow,
      aPlace,
      bRow,
      bPlace,
      cRow,
      m,
      n,
      aBase,
      bBase,
      aAt,
      bAt,
      cAt,
    };
    const o: Operands = { ...shared, row, place, vectors, operands, splat: f.local("v128") };
    const upTo = (size: Local, multiple: number): Code => i32.and(size.get, i32.const(-multiple));
    const band = (tall: number, wide: number, next: Code): Code => [
      ...bBase.set(b.get),
      ...f.loop(n, zero, upTo(width, 4 * wide), 4 * wide, [
        ...tile(f, o, tall, wide),
        ...bBase.advance(next),
      ]),
      ...f.loop(n, n.get, upTo(width, 4), 4, [...tile(f, o, tall, 1), ...bBase.advance(i32.const(16))]),
    ];
    const lastColumns: Code = [
      ...bBase.set(i32.add(b.get, bytes(upTo(width, 4)))),
      ...f.loop(n, upTo(width, 4), width.get, 1, [...single(f, o, sum), ...bBase.advance(i32.const(4))]),
    ];
    return [
      ...aBase.set(a.get),
      ...f.loop(m, zero, upTo(height, 4), 4, [...band(4, 2, bGroup.get), ...aBase.advance(aGroup.get)]),
      ...f.loop(m, m.get, height.get, 1, [...band(1, 8, i32.const(128)), ...aBase.advance(i32.const(4))]),
      ...aBase.set(a.get),
      ...f.loop(m, zero, height.get, 1, [...lastColumns, ...aBase.advance(i32.const(4))]),
    ];
  },
};
