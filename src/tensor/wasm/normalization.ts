import type * as tf from "@tensorflow/tfjs";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import { applyActivation } from "./activations.ts";
import { dispose, doublesAt, floatsOf, inputOf, sizeOf, type KernelBody, type KernelCall } from "./kernel.ts";
import { addressOf, simdOf } from "./simd.ts";

/*
 * Group and layer normalization over channels-last x seen as `[pictures, pixels, channels]`: a mean and a deviation
 * belong to a picture and a group of channels, a block (Wu and He 2018, eq. 1; layer normalization has one pixel a
 * picture and one group). Sums are in double precision.
 */

interface Sizes {
  readonly pictures: number;
  readonly pixels: number;
  readonly channels: number;
  readonly groups: number;
  readonly perGroup: number;
  readonly epsilon: number;
  readonly silu: boolean;
  /** Bytes of one picture. */
  readonly bytes: number;
}

function sizesOf(call: KernelCall): Sizes {
  const { shape } = inputOf(call, "x");
  const { rowsPerStat, groups, epsilon, silu } = call.attrs as {
    rowsPerStat: number;
    groups: number;
    epsilon: number;
    silu: boolean;
  };
  const channels = shape.at(-1) ?? 1;
  const bytes = rowsPerStat * channels * 4;
  const pictures = (sizeOf(shape) * 4) / bytes;
  return {
    pictures,
    pixels: rowsPerStat,
    channels,
    groups,
    perGroup: channels / groups,
    epsilon,
    silu,
    bytes,
  };
}

const named = (call: KernelCall, name: string): Float32Array => floatsOf(call.backend, inputOf(call, name));

/** Calls `visit` for every picture with Σ a per channel, followed by Σ a · b per channel. */
function eachSum(
  backend: BackendWasm,
  { pictures, pixels, channels, bytes }: Sizes,
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  visit: (sums: Float64Array, picture: number) => void,
): void {
  const space = backend.makeOutput([4 * channels], "float32");
  const [at, aAt, bAt] = [addressOf(backend, space), addressOf(backend, a), addressOf(backend, b)];
  const sums = doublesAt(backend, space);
  const { addRowProducts } = simdOf(backend);
  for (let n = 0; n < pictures; n += 1) {
    sums.fill(0);
    addRowProducts(aAt + n * bytes, bAt + n * bytes, at, at + channels * 8, pixels, channels);
    visit(sums, n);
  }
  dispose(backend, space);
}

/** `x` → mean and 1/√(variance + ε) of every block, `[blocks, 2]`. */
export const normStats: KernelBody = (call) => {
  const { backend } = call;
  const x = inputOf(call, "x");
  const sizes = sizesOf(call);
  const { pictures, pixels, channels, groups, perGroup, epsilon } = sizes;
  const count = pixels * perGroup;
  const stats = new Float32Array(pictures * groups * 2);
  eachSum(backend, sizes, x, x, (sums, n) => {
    for (let g = 0; g < groups; g += 1) {
      let [total, squares] = [0, 0];
      for (let c = g * perGroup; c < (g + 1) * perGroup; c += 1) {
        total += sums[c] as number;
        squares += sums[channels + c] as number;
      }
      const mean = total / count;
      const block = (n * groups + g) * 2;
      stats[block] = mean;
      stats[block + 1] = 1 / Math.sqrt(Math.max(0, squares / count - mean * mean) + epsilon);
    }
  });
  return backend.makeOutput([pictures * groups, 2], "float32", undefined, stats);
};

/** `x`, `stats`, `gamma`, `beta` → γ · x̂ + β, with x̂ the normalized x. */
function normalize(call: KernelCall, sizes: Sizes): tf.TensorInfo {
  const { backend } = call;
  const { pictures, pixels, channels, groups, perGroup, bytes } = sizes;
  const x = inputOf(call, "x");
  const result = backend.makeOutput(x.shape, "float32");
  const map = backend.makeOutput([2, channels], "float32");
  const [stats, gamma, beta] = [named(call, "stats"), named(call, "gamma"), named(call, "beta")];
  const scaleAndShift = floatsOf(backend, map);
  const [xAt, resultAt, mapAt] = [addressOf(backend, x), addressOf(backend, result), addressOf(backend, map)];
  const { affineRows } = simdOf(backend);
  for (let n = 0; n < pictures; n += 1) {
    for (let c = 0; c < channels; c += 1) {
      const block = (n * groups + Math.floor(c / perGroup)) * 2;
      const scale = (gamma[c] as number) * (stats[block + 1] as number);
      scaleAndShift[c] = scale;
      scaleAndShift[channels + c] = (beta[c] as number) - scale * (stats[block] as number);
    }
    affineRows(xAt + n * bytes, resultAt + n * bytes, mapAt, mapAt + channels * 4, pixels, channels);
  }
  dispose(backend, map);
  return result;
}

/** `x`, `stats`, `gamma`, `beta` → y = γ · x̂ + β, or SiLU of that. */
export const normApply: KernelBody = (call) => {
  const { backend } = call;
  const sizes = sizesOf(call);
  const normal = normalize(call, sizes);
  if (!sizes.silu) return normal;
  const result = backend.makeOutput(normal.shape, "float32");
  applyActivation(backend, "silu", [normal, result]);
  dispose(backend, normal);
  return result;
};

/** Runs `body` with the gradient before the activation, g: `dy` itself without one. */
function withGradient<T>(call: KernelCall, sizes: Sizes, body: (g: tf.TensorInfo) => T): T {
  const { backend } = call;
  const dy = inputOf(call, "dy");
  if (!sizes.silu) return body(dy);
  const normal = normalize(call, sizes);
  const g = backend.makeOutput(dy.shape, "float32");
  applyActivation(backend, "siluGrad", [normal, dy, g]);
  const result = body(g);
  dispose(backend, normal, g);
  return result;
}

/** `x`, `dy`, `stats`, `gamma`, `beta` → the means of γ · g and of γ · g · x̂ over every block, `[blocks, 2]`. */
export const normGradStats: KernelBody = (call) => {
  const { backend } = call;
  const sizes = sizesOf(call);
  const { pictures, pixels, channels, groups, perGroup } = sizes;
  const count = pixels * perGroup;
  const means = new Float32Array(pictures * groups * 2);
  withGradient(call, sizes, (g) => {
    const [stats, gamma] = [named(call, "stats"), named(call, "gamma")];
    eachSum(backend, sizes, g, inputOf(call, "x"), (sums, n) => {
      for (let group = 0; group < groups; group += 1) {
        const block = (n * groups + group) * 2;
        let [total, products] = [0, 0];
        for (let c = group * perGroup; c < (group + 1) * perGroup; c += 1) {
          total += (gamma[c] as number) * (sums[c] as number);
          products += (gamma[c] as number) * (sums[channels + c] as number);
        }
        means[block] = total / count;
        means[block + 1] =
          ((products - (stats[block] as number) * total) * (stats[block + 1] as number)) / count;
      }
    });
  });
  return backend.makeOutput([pictures * groups, 2], "float32", undefined, means);
};

/**
 * `x`, `dy`, `stats`, `means` of {@link normGradStats}, `gamma`, `beta` → dx = r · (γ · g − m₁ − x̂ · m₂), with r the
 * inverse deviation: one affine map of g and x for each picture and channel.
 */
export const normGradInput: KernelBody = (call) => {
  const { backend } = call;
  const sizes = sizesOf(call);
  const { pictures, pixels, channels, groups, perGroup, bytes } = sizes;
  const x = inputOf(call, "x");
  return withGradient(call, sizes, (g) => {
    const result = backend.makeOutput(x.shape, "float32");
    const map = backend.makeOutput([3, channels], "float32");
    const [stats, means, gamma] = [named(call, "stats"), named(call, "means"), named(call, "gamma")];
    const values = floatsOf(backend, map);
    const [gAt, xAt, resultAt] = [addressOf(backend, g), addressOf(backend, x), addressOf(backend, result)];
    const scaleAt = addressOf(backend, map);
    const shiftAt = scaleAt + channels * 4;
    const xScaleAt = shiftAt + channels * 4;
    const { affineSumRows } = simdOf(backend);
    for (let n = 0; n < pictures; n += 1) {
      for (let c = 0; c < channels; c += 1) {
        const block = (n * groups + Math.floor(c / perGroup)) * 2;
        const inverse = stats[block + 1] as number;
        const slope = inverse * inverse * (means[block + 1] as number);
        values[c] = inverse * (gamma[c] as number);
        values[channels + c] = slope * (stats[block] as number) - inverse * (means[block] as number);
        values[2 * channels + c] = -slope;
      }
      const offset = n * bytes;
      affineSumRows(
        ...[gAt + offset, resultAt + offset],
        ...[scaleAt, shiftAt, pixels, channels],
        ...[xAt + offset, xScaleAt],
      );
    }
    dispose(backend, map);
    return result;
  });
};

/** `x`, `dy`, `stats`, `gamma`, `beta` → `[2, channels]`: the gradients of gamma, Σ g · x̂, and of beta, Σ g. */
export const normGradParameters: KernelBody = (call) => {
  const { backend } = call;
  const sizes = sizesOf(call);
  const { channels, groups, perGroup } = sizes;
  const totals = new Float64Array(2 * channels);
  withGradient(call, sizes, (g) => {
    const stats = named(call, "stats");
    eachSum(backend, sizes, g, inputOf(call, "x"), (sums, n) => {
      for (let c = 0; c < channels; c += 1) {
        const block = (n * groups + Math.floor(c / perGroup)) * 2;
        const sum = sums[c] as number;
        const product =
          ((sums[channels + c] as number) - (stats[block] as number) * sum) * (stats[block + 1] as number);
        totals[c] = (totals[c] as number) + product;
        totals[channels + c] = (totals[channels + c] as number) + sum;
      }
    });
  });
  return backend.makeOutput([2, channels], "float32", undefined, Float32Array.from(totals));
};
