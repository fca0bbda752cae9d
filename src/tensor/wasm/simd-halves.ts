import { f32x4, i32, i32x4, v128, type Code, type FunctionSource } from "./assembler.ts";

/**
 * 16-bit floating-point numbers → float32, eight at a time: `count`, a multiple of 8, from address `from` to address `to`. They
 * may end at one address: what is written never overtakes what is still to be read.
 */
const widen = (four: (bits: Code) => Code): FunctionSource => ({
  parameters: ["i32", "i32", "i32"],
  build: (f, from, to, count) => {
    const [i, eight, four32] = [f.local("i32"), f.local("v128"), f.local("v128")];
    const half = (lanes: Code, offset: number): Code => [
      ...four32.set(lanes),
      ...v128.store(to.get, four(four32.get), offset),
    ];
    return f.loop(i, i32.const(0), count.get, 8, [
      ...eight.set(v128.load(from.get)),
      ...half(i32x4.extendLow(eight.get), 0),
      ...half(i32x4.extendHigh(eight.get), 16),
      ...from.advance(i32.const(16)),
      ...to.advance(i32.const(32)),
    ]);
  },
});

const every = (value: number): Code => i32x4.splat(i32.const(value));

/** The exponent of float32 is 112 higher; a product with 2^112 is exact, and makes subnormal numbers normal ones. */
function fromFloat16(bits: Code): Code {
  const magnitude = i32x4.shiftLeft(v128.and(bits, every(0x7fff)), i32.const(13));
  const sign = i32x4.shiftLeft(v128.and(bits, every(0x8000)), i32.const(16));
  // Infinity and NaN have the largest exponent, which the product does not reach.
  const special = v128.and(i32x4.greater(magnitude, every(0x0f7fffff)), every(0x7f800000));
  return v128.or(v128.or(f32x4.mul(magnitude, f32x4.const(2 ** 112)), special), sign);
}

export const halfFunctions = {
  widenFloat16: widen(fromFloat16),
  /** bfloat16 is the upper half of a float32. */
  widenBfloat16: widen((bits) => i32x4.shiftLeft(bits, i32.const(16))),
};
