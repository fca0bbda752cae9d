import {
  f32x4,
  i32,
  i32x4,
  v128,
  type Code,
  type FunctionBody,
  type FunctionSource,
  type Local,
} from "./assembler.ts";

/** Activations and their derivatives, four floats at a time; `count` is a multiple of 4. */

const { add, sub, mul, div, const: c } = f32x4;
const ONE = c(1);

/** 1.5 · 2²³: a float of its size holds a small whole number n added to it in its lowest bits. */
const ROUNDER = 1.5 * 2 ** 23;

/** Code that leaves eˣ in `result`, to within 2 units in the last place for x in [−87, 88]; x beyond is that bound. */
function setExp(f: FunctionBody, result: Local, x: Code): Code {
  const n = f.local("v128");
  const whole = sub(n.get, c(ROUNDER));
  // eˣ = 2ⁿ · eʳ with |r| ≤ ln 2 / 2; ln 2 in two parts so that n times the first is exact.
  const reduce = [
    ...result.set(f32x4.pseudoMax(f32x4.pseudoMin(x, c(88)), c(-87))),
    ...n.set(add(mul(result.get, c(Math.LOG2E)), c(ROUNDER))),
    ...result.set(sub(sub(result.get, mul(whole, c(0.693359375))), mul(whole, c(-2.12194440054690583e-4)))),
  ];
  const polynomial = [1 / 120, 1 / 24, 1 / 6, 1 / 2, 1, 1].reduce<Code>(
    (sum, coefficient) => add(mul(sum, result.get), c(coefficient)),
    c(1 / 720),
  );
  // n in the place of a float's exponent, above the bits of 1.
  const power = i32x4.add(i32x4.shiftLeft(n.get, i32.const(23)), ONE);
  return [...reduce, ...result.set(mul(polynomial, power))];
}

/** What an activation needs to have computed first, its value and its derivative, in terms of x. */
interface Activation {
  readonly prepare: Code;
  readonly value: Code;
  readonly derivative: Code;
}

type ActivationBuilder = (f: FunctionBody, x: Code) => Activation;

/** x · σ(k·x); the derivative is s · (1 + k·x · (1 − s)). */
const scaledSilu =
  (k: number): ActivationBuilder =>
  (f, x) => {
    const s = f.local("v128");
    return {
      prepare: [...setExp(f, s, mul(x, c(-k))), ...s.set(div(ONE, add(ONE, s.get)))],
      value: mul(x, s.get),
      derivative: mul(s.get, add(ONE, mul(mul(x, c(k)), sub(ONE, s.get)))),
    };
  };

/**
 * x · Φ(x), with the tail of the normal distribution from Abramowitz and Stegun 1964, 7.1.26 (error of Φ ≤ 7.5e-8).
 * The derivative is Φ(x) + x · φ(x).
 */
const gelu: ActivationBuilder = (f, x) => {
  const [bell, t, phi] = [f.local("v128"), f.local("v128"), f.local("v128")];
  const series = [-1.453152027, 1.421413741, -0.284496736, 0.254829592].reduce<Code>(
    (sum, coefficient) => add(mul(sum, t.get), c(coefficient)),
    c(1.061405429),
  );
  const tail = mul(mul(mul(series, t.get), bell.get), c(0.5));
  return {
    prepare: [
      ...setExp(f, bell, mul(mul(x, x), c(-0.5))),
      ...t.set(div(ONE, add(ONE, mul(f32x4.absolute(x), c(0.3275911 * Math.SQRT1_2))))),
      ...phi.set(tail),
      ...phi.set(v128.select(phi.get, sub(ONE, phi.get), f32x4.less(x, c(0)))),
    ],
    value: mul(x, phi.get),
    derivative: add(phi.get, mul(x, mul(bell.get, c(1 / Math.sqrt(2 * Math.PI))))),
  };
};

/** ½x · (1 + tanh u) = x · σ(2u) with u = √(2/π) · (x + 0.044715 x³). */
const geluTanh: ActivationBuilder = (f, x) => {
  const [s, squared] = [f.local("v128"), f.local("v128")];
  const k = 2 * Math.sqrt(2 / Math.PI);
  const slope = mul(add(ONE, mul(squared.get, c(3 * 0.044715))), c(k));
  return {
    prepare: [
      ...squared.set(mul(x, x)),
      ...setExp(f, s, mul(mul(x, add(ONE, mul(squared.get, c(0.044715)))), c(-k))),
      ...s.set(div(ONE, add(ONE, s.get))),
    ],
    value: mul(x, s.get),
    derivative: mul(s.get, add(ONE, mul(mul(x, slope), sub(ONE, s.get)))),
  };
};

/** x · tanh(ln(1 + eˣ)) = x · w / (w + 2) with w = eˣ · (eˣ + 2). Beyond 20 the factor is 1 in float32. */
const mish: ActivationBuilder = (f, x) => {
  const [e, t] = [f.local("v128"), f.local("v128")];
  return {
    prepare: [
      ...setExp(f, e, f32x4.pseudoMin(x, c(20))),
      ...t.set(mul(e.get, add(e.get, c(2)))),
      ...t.set(div(t.get, add(t.get, c(2)))),
    ],
    value: mul(x, t.get),
    derivative: add(t.get, mul(mul(x, sub(ONE, mul(t.get, t.get))), div(e.get, add(ONE, e.get)))),
  };
};

/** (x, y, count): y = f(x). */
const forward = (make: ActivationBuilder): FunctionSource => ({
  parameters: ["i32", "i32", "i32"],
  build: (f, x, y, count) => {
    const [i, value] = [f.local("i32"), f.local("v128")];
    const activation = make(f, value.get);
    return f.loop(i, i32.const(0), i32.shl(count.get, i32.const(2)), 16, [
      ...value.set(v128.load(i32.add(x.get, i.get))),
      ...activation.prepare,
      ...v128.store(i32.add(y.get, i.get), activation.value),
    ]);
  },
});

/** (x, dy, dx, count): dx = dy · f′(x). */
const backward = (make: ActivationBuilder): FunctionSource => ({
  parameters: ["i32", "i32", "i32", "i32"],
  build: (f, x, dy, dx, count) => {
    const [i, value] = [f.local("i32"), f.local("v128")];
    const activation = make(f, value.get);
    return f.loop(i, i32.const(0), i32.shl(count.get, i32.const(2)), 16, [
      ...value.set(v128.load(i32.add(x.get, i.get))),
      ...activation.prepare,
      ...v128.store(i32.add(dx.get, i.get), mul(v128.load(i32.add(dy.get, i.get)), activation.derivative)),
    ]);
  },
});

export const activationFunctions = {
  silu: forward(scaledSilu(1)),
  siluGrad: backward(scaledSilu(1)),
  quickGelu: forward(scaledSilu(1.702)),
  quickGeluGrad: backward(scaledSilu(1.702)),
  gelu: forward(gelu),
  geluGrad: backward(gelu),
  geluTanh: forward(geluTanh),
  geluTanhGrad: backward(geluTanh),
  mish: forward(mish),
  mishGrad: backward(mish),
};
