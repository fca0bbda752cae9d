/**
 * Just enough of the WebAssembly binary format to write kernels as expressions: integers and addresses (i32), float
 * vectors (v128) and counted loops. An expression is its bytes; operands come before the operator, as in the format.
 * Source: WebAssembly core specification 2.0, chapter 5 (binary format).
 */

export type Code = readonly number[];
type ValueType = "i32" | "f32" | "f64" | "v128";

const TYPE_CODES: Record<ValueType, number> = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b };

function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value >>> 0;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
}

function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    const done = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
    bytes.push(done ? low : low | 0x80);
    if (done) return bytes;
  }
}

const float32Bytes = (value: number): number[] => [...new Uint8Array(new Float32Array([value]).buffer)];

const binary =
  (...opcode: number[]) =>
  (a: Code, b: Code): Code => [...a, ...b, ...opcode];
const unary =
  (...opcode: number[]) =>
  (a: Code): Code => [...a, ...opcode];
const load =
  (...opcode: number[]) =>
  (address: Code, offset = 0): Code => [...address, ...opcode, 0, ...unsigned(offset)];
const store =
  (...opcode: number[]) =>
  (address: Code, value: Code, offset = 0): Code => [...address, ...value, ...opcode, 0, ...unsigned(offset)];

const vector = (opcode: number): number[] => [0xfd, ...unsigned(opcode)];

export const i32 = {
  const: (value: number): Code => [0x41, ...signed(value)],
  load: load(0x28),
  add: binary(0x6a),
  sub: binary(0x6b),
  mul: binary(0x6c),
  and: binary(0x71),
  shl: binary(0x74),
};

export const f32 = { load: load(0x2a), store: store(0x38), add: binary(0x92), mul: binary(0x94) };

export const f64 = {
  load: load(0x2b),
  store: store(0x39),
  add: binary(0xa0),
  mul: binary(0xa2),
  promote: unary(0xbb),
};

export const v128 = {
  load: load(...vector(0x00)),
  /** One float four times. */
  loadSplat: load(...vector(0x09)),
  store: store(...vector(0x0b)),
  and: binary(...vector(0x4e)),
  /** a and not b */
  andNot: binary(...vector(0x4f)),
  or: binary(...vector(0x50)),
  /** The bits of a where mask has ones, else those of b. */
  select: (a: Code, b: Code, mask: Code): Code => [...a, ...b, ...mask, ...vector(0x52)],
  /** Four 32-bit lanes out of the eight of a and b, by index. */
  shuffle: (a: Code, b: Code, lanes: readonly [number, number, number, number]): Code => [
    ...a,
    ...b,
    ...vector(0x0d),
    ...lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => lane * 4 + byte)),
  ],
};

export const f32x4 = {
  const: (value: number): Code => {
    const bytes = float32Bytes(value);
    return [...vector(0x0c), ...bytes, ...bytes, ...bytes, ...bytes];
  },
  splat: unary(...vector(0x13)),
  equal: binary(...vector(0x41)),
  less: binary(...vector(0x43)),
  absolute: unary(...vector(0xe0)),
  negate: unary(...vector(0xe1)),
  add: binary(...vector(0xe4)),
  sub: binary(...vector(0xe5)),
  mul: binary(...vector(0xe6)),
  div: binary(...vector(0xe7)),
  /** b < a ? b : a, so that a NaN in a stays. One instruction on x86-64, where min is eight. */
  pseudoMin: binary(...vector(0xea)),
  /** a < b ? b : a */
  pseudoMax: binary(...vector(0xeb)),
};

export const i32x4 = {
  splat: unary(...vector(0x11)),
  add: binary(...vector(0xae)),
  /** By an i32. */
  shiftLeft: binary(...vector(0xab)),
  /** Ones where a > b, signed. */
  greater: binary(...vector(0x3b)),
  /** The lower and the upper four of eight 16-bit lanes, with zeros above. */
  extendLow: unary(...vector(0xa9)),
  extendHigh: unary(...vector(0xaa)),
};

export const f64x2 = {
  add: binary(...vector(0xf0)),
  mul: binary(...vector(0xf2)),
  /** The first two lanes of four floats. */
  promoteLow: unary(...vector(0x5f)),
};

export class Local {
  private readonly index: number;

  constructor(index: number) {
    this.index = index;
  }

  get get(): Code {
    return [0x20, ...unsigned(this.index)];
  }

  set(value: Code): Code {
    return [...value, 0x21, ...unsigned(this.index)];
  }

  /** Adds to an i32 local. */
  advance(by: Code): Code {
    return this.set(i32.add(this.get, by));
  }
}

/** Locals and control flow of one function. */
export class FunctionBody {
  readonly types: ValueType[] = [];
  private readonly parameters: number;

  constructor(parameters: number) {
    this.parameters = parameters;
  }

  local(type: ValueType): Local {
    this.types.push(type);
    return new Local(this.parameters + this.types.length - 1);
  }

  /** for (counter = start; counter < end; counter += step), signed. */
  loop(counter: Local, start: Code, end: Code, step: number, body: Code): Code {
    return [
      ...counter.set(start),
      ...[0x02, 0x40, 0x03, 0x40],
      ...counter.get,
      ...end,
      ...[0x4e, 0x0d, 1],
      ...body,
      ...counter.advance(i32.const(step)),
      ...[0x0c, 0, 0x0b, 0x0b],
    ];
  }
}

export interface FunctionSource {
  /** i32 unless said otherwise. */
  readonly parameters: readonly ValueType[];
  readonly build: (body: FunctionBody, ...parameters: Local[]) => Code;
}

const section = (id: number, ...entries: Code[]): number[] => {
  const content = [...unsigned(entries.length), ...entries.flat()];
  return [id, ...unsigned(content.length), ...content];
};

const named = (text: string): number[] => {
  const bytes = new TextEncoder().encode(text);
  return [...unsigned(bytes.length), ...bytes];
};

/**
 * A module that works on an imported memory and exports one function per entry, none of which returns a value.
 *
 * @param shared whether the memory is a SharedArrayBuffer's, which the import must say
 */
export function assemble(
  functions: Readonly<Record<string, FunctionSource>>,
  shared: boolean,
): Uint8Array<ArrayBuffer> {
  const names = Object.keys(functions);
  const sources = Object.values(functions);
  const memory = shared ? [0x03, 0, ...unsigned(65536)] : [0x00, 0];
  const types = sources.map(({ parameters }) => [
    0x60,
    ...unsigned(parameters.length),
    ...parameters.map((type) => TYPE_CODES[type]),
    0,
  ]);
  const bodies = sources.map(({ parameters, build }) => {
    const body = new FunctionBody(parameters.length);
    const code = build(body, ...parameters.map((_, index) => new Local(index)));
    const locals = body.types.flatMap((type) => [1, TYPE_CODES[type]]);
    const content = [...unsigned(body.types.length), ...locals, ...code, 0x0b];
    return [...unsigned(content.length), ...content];
  });
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, ...types),
    ...section(2, [...named("env"), ...named("memory"), 0x02, ...memory]),
    ...section(3, ...names.map((_, index) => unsigned(index))),
    ...section(7, ...names.map((name, index) => [...named(name), 0x00, ...unsigned(index)])),
    ...section(10, ...bodies),
  ]);
}
