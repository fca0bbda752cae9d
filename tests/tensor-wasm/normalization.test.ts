import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { TorchGenerator } from "../../src/tensor/torch-generator.ts";
import { relativeError } from "../support/arrays.ts";
import { runKernel, startWasm } from "./start-wasm.ts";

beforeAll(startWasm);

interface Case {
  readonly pictures: number;
  readonly pixels: number;
  readonly channels: number;
  readonly groups: number;
  readonly silu: boolean;
  /** Added to x: a mean far from zero. */
  readonly offset?: number;
}

const cases: Record<string, Case> = {
  "four channels a group": { pictures: 3, pixels: 35, channels: 16, groups: 4, silu: false },
  "one channel a group, odd": { pictures: 2, pixels: 9, channels: 5, groups: 5, silu: false },
  "one group, odd channels, SiLU": { pictures: 3, pixels: 6, channels: 7, groups: 1, silu: true },
  "three channels a group, SiLU": { pictures: 1, pixels: 20, channels: 6, groups: 2, silu: true },
  "layer normalization": { pictures: 11, pixels: 1, channels: 13, groups: 1, silu: false },
  "a picture of three values, SiLU": { pictures: 3, pixels: 1, channels: 3, groups: 1, silu: true },
  "a mean far from zero": { pictures: 2, pixels: 64, channels: 8, groups: 2, silu: false, offset: 300 },
};

const epsilon = 1e-5;
const at = (values: ArrayLike<number>, index: number): number => values[index] ?? Number.NaN;

/** y and the gradients of Σ dy·y, from the definition, in double precision. */
function reference(c: Case, x: Float32Array, gamma: Float32Array, beta: Float32Array, dy: Float32Array) {
  const perGroup = c.channels / c.groups;
  const count = c.pixels * perGroup;
  const y = new Float64Array(x.length);
  const dx = new Float64Array(x.length);
  const dGamma = new Float64Array(c.channels);
  const dBeta = new Float64Array(c.channels);
  for (let n = 0; n < c.pictures; n += 1) {
    for (let g = 0; g < c.groups; g += 1) {
      const places: [index: number, channel: number][] = [];
      for (let p = 0; p < c.pixels; p += 1)
        for (let k = g * perGroup; k < (g + 1) * perGroup; k += 1)
          places.push([(n * c.pixels + p) * c.channels + k, k]);
      const mean = places.reduce((sum, [i]) => sum + at(x, i), 0) / count;
      const variance = places.reduce((sum, [i]) => sum + (at(x, i) - mean) ** 2, 0) / count;
      const r = 1 / Math.sqrt(variance + epsilon);
      const normal = places.map(([i]) => (at(x, i) - mean) * r);
      const upstream = places.map(([i, k], place) => {
        const z = at(gamma, k) * at(normal, place) + at(beta, k);
        const s = 1 / (1 + Math.exp(-z));
        y[i] = c.silu ? z * s : z;
        return at(dy, i) * (c.silu ? s * (1 + z * (1 - s)) : 1);
      });
      const scaled = places.map(([, k], place) => at(gamma, k) * at(upstream, place));
      const m1 = scaled.reduce((sum, value) => sum + value, 0) / count;
      const m2 = scaled.reduce((sum, value, place) => sum + value * at(normal, place), 0) / count;
      places.forEach(([i, k], place) => {
        dx[i] = r * (at(scaled, place) - m1 - at(normal, place) * m2);
        dGamma[k] = at(dGamma, k) + at(upstream, place) * at(normal, place);
        dBeta[k] = at(dBeta, k) + at(upstream, place);
      });
    }
  }
  return { y, dx, parameters: Float64Array.from([...dGamma, ...dBeta]) };
}

describe("group and layer normalization on wasm equal the definition in double precision", () => {
  for (const [name, c] of Object.entries(cases)) {
    it(name, async () => {
      const generator = TorchGenerator.fromSeed(6);
      const size = c.pictures * c.pixels * c.channels;
      const x = generator.randn(size).map((value) => 2 * value + (c.offset ?? 0.5));
      const [gamma, beta, dy] = [
        generator.randn(c.channels),
        generator.randn(c.channels),
        generator.randn(size),
      ];
      const expected = reference(c, x, gamma, beta, dy);
      const attrs = { rowsPerStat: c.pixels, groups: c.groups, epsilon, silu: c.silu };
      const shape: [number, number, number] = [c.pictures, c.pixels, c.channels];
      const inputs = { x: tf.tensor3d(x, shape), gamma: tf.tensor1d(gamma), beta: tf.tensor1d(beta) };
      const stats = runKernel("LoomNormStats", { x: inputs.x }, attrs);
      expect(stats.shape).toEqual([c.pictures * c.groups, 2]);
      const y = runKernel("LoomNormApply", { ...inputs, stats }, attrs);
      const backward = { ...inputs, stats, dy: tf.tensor3d(dy, shape) };
      const means = runKernel("LoomNormGradStats", backward, attrs);
      const dx = runKernel("LoomNormGradInput", { ...backward, means }, attrs);
      const parameters = runKernel("LoomNormGradParameters", backward, attrs);
      expect(y.shape).toEqual(shape);
      expect(dx.shape).toEqual(shape);
      expect(parameters.shape).toEqual([2, c.channels]);
      // x itself carries a rounding error of offset · 2⁻²⁴ relative to a deviation of 2.
      const tolerance = c.offset ? 5e-5 : 3e-6;
      expect(relativeError(await y.data(), expected.y)).toBeLessThan(tolerance);
      expect(relativeError(await dx.data(), expected.dx)).toBeLessThan(tolerance);
      expect(relativeError(await parameters.data(), expected.parameters)).toBeLessThan(tolerance);
    });
  }
});
