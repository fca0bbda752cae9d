import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { TorchGenerator } from "../../src/tensor/torch-generator.ts";
import { relativeError } from "../support/arrays.ts";
import { runKernel, startWasm } from "./start-wasm.ts";

beforeAll(startWasm);

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const bell = (x: number): number => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);

/** Φ by Simpson's rule from 0, in double precision: an error below 1e-13 for |x| ≤ 40. */
function normalCdf(x: number): number {
  const end = Math.min(Math.abs(x), 9);
  const steps = 2000;
  const h = end / steps;
  let sum = bell(0) + bell(end);
  for (let i = 1; i < steps; i += 1) sum += (i % 2 === 1 ? 4 : 2) * bell(i * h);
  const area = (sum * h) / 3;
  return x < 0 ? 0.5 - area : 0.5 + area;
}

const tanhInner = (x: number): number => Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3);

const references: Record<string, (x: number) => number> = {
  silu: (x) => x * sigmoid(x),
  quickGelu: (x) => x * sigmoid(1.702 * x),
  gelu: (x) => x * normalCdf(x),
  geluTanh: (x) => 0.5 * x * (1 + Math.tanh(tanhInner(x))),
  mish: (x) => x * Math.tanh(Math.log1p(Math.exp(x))),
};

/** f′ by a five-point stencil, whose error is below 1e-9 for these functions. */
const slope = (f: (x: number) => number, x: number, h = 1e-3): number =>
  (8 * (f(x + h) - f(x - h)) - (f(x + 2 * h) - f(x - 2 * h))) / (12 * h);

describe("activations on wasm", () => {
  const x = Float32Array.from([
    ...TorchGenerator.fromSeed(4).randn(997),
    -30,
    -12,
    -5,
    -1e-6,
    0,
    1e-6,
    5,
    12,
    30,
    60,
  ]);
  const dy = TorchGenerator.fromSeed(5).randn(x.length);

  for (const [kind, f] of Object.entries(references)) {
    it(`${kind} and its derivative equal the formula`, async () => {
      const value = runKernel("LoomActivation", { x: tf.tensor1d(x) }, { kind });
      expect(await worst(value, x.map(f))).toBeLessThan(4e-7);
      const gradient = runKernel("LoomActivationGrad", { x: tf.tensor1d(x), dy: tf.tensor1d(dy) }, { kind });
      const expected = Float64Array.from(x, (v, i) => (dy[i] ?? 0) * slope(f, v));
      // Rounding of the exponent alone, up to 10, times |dy| up to 3.5.
      expect(await worst(gradient, expected)).toBeLessThan(10 * 3.5 * 2 ** -24);
    });

    it(`${kind}: every number of values, in place of no other`, async () => {
      for (let size = 0; size <= 9; size += 1) {
        const part = x.slice(0, size);
        const tensor = tf.tensor1d(part);
        const value = runKernel("LoomActivation", { x: tensor }, { kind });
        expect(relativeError(await value.data(), part.map(f)), `${size} values`).toBeLessThan(1e-6);
        const gradient = runKernel(
          "LoomActivationGrad",
          { x: tensor, dy: tf.tensor1d(dy.slice(0, size)) },
          { kind },
        );
        const expected = Float64Array.from(part, (v, i) => (dy[i] ?? 0) * slope(f, v));
        expect(relativeError(await gradient.data(), expected), `${size} gradients`).toBeLessThan(2e-6);
        expect(await tensor.data()).toEqual(part);
      }
    });

    it(`${kind}: far values go to x or to 0, NaN stays`, async () => {
      const far = tf.tensor1d([-1e4, -200, 200, 1e4, Number.NaN]);
      const [a, b, c, d, e] = await runKernel("LoomActivation", { x: far }, { kind }).data();
      expect([a, b].map((value) => Math.abs(value ?? 1) < 1e-20)).toEqual([true, true]);
      expect([c, d, e]).toEqual([200, 1e4, Number.NaN]);
      const dFar = tf.ones([5]);
      const [da, db, dc, dd, de] = await runKernel(
        "LoomActivationGrad",
        { x: far, dy: dFar },
        { kind },
      ).data();
      expect([da, db].map((value) => Math.abs(value ?? 1) < 1e-20)).toEqual([true, true]);
      expect([dc, dd, de]).toEqual([1, 1, Number.NaN]);
    });
  }

  it("geglu and its gradient equal the formula, for odd widths too", async () => {
    for (const [rows, width] of [
      [5, 3],
      [2, 8],
      [1, 1],
      [7, 13],
    ] as const) {
      const values = x.slice(0, rows * width * 2);
      const tensor = tf.tensor3d(values, [1, rows, width * 2]);
      const half = (row: number, k: number): [a: number, gate: number] => [
        values[row * width * 2 + k] ?? 0,
        values[row * width * 2 + width + k] ?? 0,
      ];
      const gelu = references["gelu"] as (x: number) => number;
      const y = runKernel("LoomGeglu", { x: tensor });
      expect(y.shape).toEqual([1, rows, width]);
      const expected = new Float64Array(rows * width);
      const dExpected = new Float64Array(rows * width * 2);
      for (let row = 0; row < rows; row += 1) {
        for (let k = 0; k < width; k += 1) {
          const [a, gate] = half(row, k);
          const up = dy[row * width + k] ?? 0;
          expected[row * width + k] = a * gelu(gate);
          dExpected[row * width * 2 + k] = up * gelu(gate);
          dExpected[row * width * 2 + width + k] = up * a * slope(gelu, gate);
        }
      }
      expect(relativeError(await y.data(), expected)).toBeLessThan(1e-6);
      const dx = runKernel("LoomGegluGrad", {
        x: tensor,
        dy: tf.tensor3d(dy.slice(0, rows * width), [1, rows, width]),
      });
      expect(dx.shape).toEqual(tensor.shape);
      expect(relativeError(await dx.data(), dExpected)).toBeLessThan(2e-6);
    }
  });
});

/** Largest error, each relative to max(|expected|, 1). */
async function worst(tensor: tf.Tensor, expected: ArrayLike<number>): Promise<number> {
  const values = await tensor.data<"float32">();
  expect(values).toHaveLength(expected.length);
  return values.reduce((most, value, i) => {
    const reference = expected[i] ?? Number.NaN;
    const error = Math.abs(value - reference) / Math.max(1, Math.abs(reference));
    return error <= most ? most : error;
  }, 0);
}
