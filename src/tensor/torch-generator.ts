import { normalFill16 } from "./torch-normal.ts";

const STATE_LENGTH = 624;
const SHIFT = 397;
const MIN_SEED = -(2n ** 63n);
const MAX_SEED = 2n ** 64n - 1n;
/** From here on torch draws integers from 64 random bits instead of 32. */
const WIDE_RANGE = 2 ** 28;
/** From here on torch permutes with another algorithm; no data set here comes near. */
const MAX_PERMUTATION = Math.floor((2 ** 32 - 1) / 20);
/** 624 words of state, the position, whether a normal is kept, and that normal as a double. */
const BYTE_LENGTH = (STATE_LENGTH + 2) * 4 + 8;

/**
 * PyTorch's CPU generator (`torch.Generator("cpu")`): the Mersenne Twister MT19937 (Matsumoto and Nishimura 1998) and
 * the distributions of ATen, so that one seed gives the same numbers here and there.
 *
 * How equal, against torch 2.13.0: `rand`, `randint`, `randperm` and the generator's state are equal in every bit.
 * `randn` of 16 values or more is equal in every bit to torch on an x86-64 CPU with AVX2 or AVX-512; on other CPUs (and
 * under `ATEN_CPU_CAPABILITY=default`) torch itself differs from that by a few units in the last place. `randn` below
 * 16 values is computed in double precision with the engine's `Math.log1p`, `sin` and `cos` and then rounded to float32:
 * equal in every bit unless such a value, off by one unit of a double, straddles two floats (about one in 10⁸).
 *
 * A draw changes the generator. A holder of a shared value must `clone()` before drawing.
 */
export class TorchGenerator {
  private readonly state: Uint32Array;
  private position: number;
  /** The second normal of a pair drawn in double precision, kept for the next draw of fewer than 16. */
  private nextNormal: number | undefined;

  private constructor(state: Uint32Array, position: number, nextNormal: number | undefined) {
    this.state = state;
    this.position = position;
    this.nextNormal = nextNormal;
  }

  /**
   * As `torch.Generator().manual_seed(seed)`.
   *
   * @param seed −2⁶³ … 2⁶⁴ − 1 as a safe integer, a bigint or decimal text. torch uses the low 32 bits only.
   * @throws RangeError naming the seed when it is no integer, outside that range, or a number over 2⁵³ − 1 (which may
   *   have lost digits already: pass a bigint or a string).
   */
  static fromSeed(seed: number | bigint | string): TorchGenerator {
    const state = new Uint32Array(STATE_LENGTH);
    let word = Number(BigInt.asUintN(32, parseSeed(seed)));
    state[0] = word;
    for (let i = 1; i < STATE_LENGTH; i += 1) {
      word = (Math.imul(word ^ (word >>> 30), 1812433253) + i) >>> 0;
      state[i] = word;
    }
    return new TorchGenerator(state, STATE_LENGTH, undefined);
  }

  /** A generator with the state that {@link toBytes} wrote. Throws RangeError when the bytes are no such state. */
  static fromBytes(bytes: Uint8Array): TorchGenerator {
    if (bytes.length !== BYTE_LENGTH) {
      throw new RangeError(`A generator's state has ${BYTE_LENGTH} bytes; these are ${bytes.length}.`);
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const state = Uint32Array.from({ length: STATE_LENGTH }, (_, i) => view.getUint32(i * 4, true));
    const position = view.getUint32(STATE_LENGTH * 4, true);
    const flag = view.getUint32((STATE_LENGTH + 1) * 4, true);
    if (position > STATE_LENGTH || flag > 1) {
      throw new RangeError(
        `Not a generator's state: position ${position} (at most ${STATE_LENGTH}), flag ${flag} (0 or 1).`,
      );
    }
    return new TorchGenerator(
      state,
      position,
      flag === 1 ? view.getFloat64((STATE_LENGTH + 2) * 4, true) : undefined,
    );
  }

  /** The same state in a generator of its own. */
  clone(): TorchGenerator {
    return new TorchGenerator(this.state.slice(), this.position, this.nextNormal);
  }

  /** The whole state, 2512 bytes, little-endian: equal bytes mean equal draws from here on. */
  toBytes(): Uint8Array {
    const bytes = new Uint8Array(BYTE_LENGTH);
    const view = new DataView(bytes.buffer);
    this.state.forEach((word, i) => {
      view.setUint32(i * 4, word, true);
    });
    view.setUint32(STATE_LENGTH * 4, this.position, true);
    view.setUint32((STATE_LENGTH + 1) * 4, this.nextNormal === undefined ? 0 : 1, true);
    view.setFloat64((STATE_LENGTH + 2) * 4, this.nextNormal ?? 0, true);
    return bytes;
  }

  /** Whether both would draw the same from here on. */
  equals(other: TorchGenerator): boolean {
    return (
      this.position === other.position &&
      Object.is(this.nextNormal, other.nextNormal) &&
      this.state.every((word, i) => word === other.state[i])
    );
  }

  /** As `torch.rand(count)`: float32 in [0, 1), multiples of 2⁻²⁴. */
  rand(count: number): Float32Array {
    checkCount("rand", count);
    const values = new Float32Array(count);
    for (let i = 0; i < count; i += 1) values[i] = this.uniform();
    return values;
  }

  /**
   * As `torch.randn` of a float32 tensor with `count` elements, row-major. For pictures that is NCHW order.
   * Two draws of n are not one draw of 2n: ask for the whole tensor at once, as torch does.
   */
  randn(count: number): Float32Array {
    checkCount("randn", count);
    const values = new Float32Array(count);
    if (count < 16) {
      for (let i = 0; i < count; i += 1) values[i] = this.normal();
      return values;
    }
    for (let i = 0; i < count; i += 1) values[i] = this.uniform();
    for (let i = 0; i + 16 <= count; i += 16) normalFill16(values, i);
    if (count % 16 !== 0) {
      const tail = count - 16;
      for (let i = tail; i < count; i += 1) values[i] = this.uniform();
      normalFill16(values, tail);
    }
    return values;
  }

  /**
   * As `torch.randint(low, high, (count,))` with its int64 default: whole numbers in [low, high). diffusers draws
   * training timesteps with `low` 0.
   *
   * @throws RangeError when low or high is no safe integer, or high ≤ low, or high − low over 2⁵³ − 1.
   */
  randint(low: number, high: number, count: number): number[] {
    checkCount("randint", count);
    const range = high - low;
    if (
      !Number.isSafeInteger(low) ||
      !Number.isSafeInteger(high) ||
      !Number.isSafeInteger(range) ||
      range <= 0
    ) {
      throw new RangeError(
        `randint: from ${low} up to, but without, ${high} is no range of safe integers; low must be below high.`,
      );
    }
    return Array.from(
      { length: count },
      () => low + (range >= WIDE_RANGE ? this.random64Modulo(range) : this.random32() % range),
    );
  }

  /** As `torch.randperm(n)`: 0 … n − 1 in random order. Throws RangeError over 214,748,364, where torch changes its way. */
  randperm(n: number): number[] {
    checkCount("randperm", n);
    if (n >= MAX_PERMUTATION) throw new RangeError(`randperm: ${n} is over ${MAX_PERMUTATION - 1}.`);
    const values = Array.from({ length: n }, (_, i) => i);
    for (let i = 0; i < n - 1; i += 1) {
      const other = i + (this.random32() % (n - i));
      const kept = values[i] ?? 0;
      values[i] = values[other] ?? 0;
      values[other] = kept;
    }
    return values;
  }

  /** One float32 in [0, 1). */
  private uniform(): number {
    return (this.random32() & 0xffffff) / 2 ** 24;
  }

  /** One float64 in [0, 1) from the low 53 of 64 bits. */
  private uniformDouble(): number {
    const high = this.random32() & 0x1fffff;
    return (high * 2 ** 32 + this.random32()) / 2 ** 53;
  }

  private normal(): number {
    const kept = this.nextNormal;
    if (kept !== undefined) {
      this.nextNormal = undefined;
      return kept;
    }
    const theta = 2 * Math.PI * this.uniformDouble();
    const radius = Math.sqrt(-2 * Math.log1p(-this.uniformDouble()));
    this.nextNormal = radius * Math.sin(theta);
    return radius * Math.cos(theta);
  }

  private random64Modulo(range: number): number {
    const high = BigInt(this.random32());
    return Number(((high << 32n) | BigInt(this.random32())) % BigInt(range));
  }

  private random32(): number {
    if (this.position === STATE_LENGTH) this.twist();
    let y = this.state[this.position] ?? 0;
    this.position += 1;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  private twist(): void {
    const { state } = this;
    for (let i = 0; i < STATE_LENGTH; i += 1) {
      const next = state[(i + 1) % STATE_LENGTH] ?? 0;
      const y = ((state[i] ?? 0) & 0x80000000) | (next & 0x7fffffff);
      state[i] = (state[(i + SHIFT) % STATE_LENGTH] ?? 0) ^ (y >>> 1) ^ (next & 1 ? 0x9908b0df : 0);
    }
    this.position = 0;
  }
}

function parseSeed(seed: number | bigint | string): bigint {
  let value: bigint | undefined;
  if (typeof seed === "bigint") value = seed;
  else if (typeof seed === "string") value = /^\s*-?\d+\s*$/.test(seed) ? BigInt(seed) : undefined;
  else if (Number.isSafeInteger(seed)) value = BigInt(seed);
  else if (Number.isInteger(seed)) {
    throw new RangeError(
      `Seed ${seed} is over 2^53 - 1 and may have lost digits: pass it as text or as a bigint.`,
    );
  }
  if (value === undefined) throw new RangeError(`Seed ${JSON.stringify(seed)} is not a whole number.`);
  if (value < MIN_SEED || value > MAX_SEED) {
    throw new RangeError(`Seed ${value} is outside of what torch accepts: -2^63 to 2^64 - 1.`);
  }
  return value;
}

function checkCount(what: string, count: number): void {
  if (!Number.isSafeInteger(count) || count < 0)
    throw new RangeError(`${what}: ${count} is no count; it must be a whole number of 0 or more.`);
}
