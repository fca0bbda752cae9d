/**
 * The arithmetic behind `torch.randn` for float32 tensors of 16 elements or more, in the exact order and precision of
 * ATen's AVX2 kernel (`NormalFill16<float>` in ATen/native/cpu/DistributionTemplates.h), which every x86-64 machine
 * with AVX2 or AVX-512 runs. Logarithm, sine and cosine are the single-precision polynomials of Cephes (S. Moshier,
 * netlib.org/cephes), so no result depends on the JavaScript engine's `Math.log`, `Math.sin` or `Math.cos`.
 */

const float64 = new Float64Array(1);
const words = new Uint32Array(float64.buffer);
const float32 = new Float32Array(1);
const float32Bits = new Uint32Array(float32.buffer);

const littleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;
const LOW = littleEndian ? 0 : 1;

const f = Math.fround;

/**
 * Single-precision fused multiply-add: a·b + c rounded once. All arguments are float32 values.
 *
 * a·b is exact in double precision, the sum is not always; rounding it to double and then to single differs from one
 * rounding only where the double lies exactly between two floats, so only there is the lost part looked at.
 */
export function fusedMultiplyAdd(a: number, b: number, c: number): number {
  const product = a * b;
  const sum = product + c;
  float64[0] = sum;
  const low = words[LOW] ?? 0;
  if ((low & 0x1fffffff) !== 0x10000000) return f(sum);
  const bigPart = sum - product;
  const lost = product - (sum - bigPart) + (c - bigPart);
  if (lost === 0) return f(sum);
  // One unit of the double towards the lost part breaks the tie the right way.
  const awayFromZero = lost > 0 === sum > 0;
  words[LOW] = awayFromZero ? low + 1 : low - 1;
  return f(float64[0] ?? 0);
}
const fma = fusedMultiplyAdd;

const SQRT_HALF = f(Math.SQRT1_2);
const LOG_0 = f(7.0376836292e-2);
const LOG_1 = f(-1.151461031e-1);
const LOG_2 = f(1.167699874e-1);
const LOG_3 = f(-1.2420140846e-1);
const LOG_4 = f(1.4249322787e-1);
const LOG_5 = f(-1.6668057665e-1);
const LOG_6 = f(2.0000714765e-1);
const LOG_7 = f(-2.4999993993e-1);
const LOG_8 = f(3.3333331174e-1);
const LN2_LOW = f(-2.1219444e-4);
const LN2_HIGH = f(0.693359375);

/** Natural logarithm of a positive normal float32 (Cephes `logf`). */
export function logFloat32(value: number): number {
  float32[0] = value;
  const bits = float32Bits[0] ?? 0;
  let exponent = (bits >>> 23) - 126;
  float32Bits[0] = (bits & 0x007fffff) | 0x3f000000;
  let x = float32[0] ?? 0;
  if (x < SQRT_HALF) {
    exponent -= 1;
    x = f(f(x - 1) + x);
  } else {
    x = f(x - 1);
  }
  const z = f(x * x);
  let y = fma(LOG_0, x, LOG_1);
  y = fma(y, x, LOG_2);
  y = fma(y, x, LOG_3);
  y = fma(y, x, LOG_4);
  y = fma(y, x, LOG_5);
  y = fma(y, x, LOG_6);
  y = fma(y, x, LOG_7);
  y = fma(y, x, LOG_8);
  y = f(y * x);
  y = fma(y, z, f(exponent * LN2_LOW));
  y = fma(z, -0.5, y);
  return fma(exponent, LN2_HIGH, f(x + y));
}

const FOUR_OVER_PI = f(1.27323954473516);
const MINUS_QUARTER_PI_1 = f(-0.78515625);
const MINUS_QUARTER_PI_2 = f(-2.4187564849853515625e-4);
const MINUS_QUARTER_PI_3 = f(-3.77489497744594108e-8);
const SIN_0 = f(-1.9515295891e-4);
const SIN_1 = f(8.3321608736e-3);
const SIN_2 = f(-1.6666654611e-1);
const COS_0 = f(2.443315711809948e-5);
const COS_1 = f(-1.388731625493765e-3);
const COS_2 = f(4.166664568298827e-2);

const TWO_PI = f(2 * Math.PI);

/**
 * Box–Muller on 16 uniforms in place, from `offset`: the pair (j, j+8) becomes r·cos θ and r·sin θ with
 * r = √(−2 ln(1 − u_j)) and θ = 2π·u_{j+8} (Cephes `sinf` and `cosf`, θ ≥ 0).
 */
export function normalFill16(data: Float32Array, offset: number): void {
  for (let j = offset; j < offset + 8; j += 1) {
    const radius = f(Math.sqrt(f(-2 * logFloat32(f(1 - (data[j] ?? 0))))));
    const theta = f(TWO_PI * (data[j + 8] ?? 0));

    const octant = (Math.trunc(f(theta * FOUR_OVER_PI)) + 1) & ~1;
    let x = fma(octant, MINUS_QUARTER_PI_1, theta);
    x = fma(octant, MINUS_QUARTER_PI_2, x);
    x = fma(octant, MINUS_QUARTER_PI_3, x);
    const z = f(x * x);
    let even = fma(COS_0, z, COS_1);
    even = fma(even, z, COS_2);
    even = f(even * z);
    even = f(fma(even, z, f(z * -0.5)) + 1);
    let odd = fma(SIN_0, z, SIN_1);
    odd = fma(odd, z, SIN_2);
    odd = f(odd * z);
    odd = fma(odd, x, x);

    const swapped = (octant & 2) !== 0;
    const cosine = swapped ? odd : even;
    const sine = swapped ? even : odd;
    const negativeCosine = (~(octant - 2) & 4) !== 0;
    const negativeSine = (octant & 4) !== 0;
    // + 0 turns −0 into 0, as the kernel's final addition of the mean does.
    data[j] = f(radius * (negativeCosine ? -cosine : cosine)) + 0;
    data[j + 8] = f(radius * (negativeSine ? -sine : sine)) + 0;
  }
}
