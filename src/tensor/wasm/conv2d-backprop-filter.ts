import type * as tf from "@tensorflow/tfjs";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import { copyToGroups, groupedPicture } from "./channel-groups.ts";
import { convGeometry, type ConvGeometry } from "./conv2d-geometry.ts";
import { dispose, floatsOf, inputOf, type KernelBody } from "./kernel.ts";
import { addressOf, simdOf } from "./simd.ts";

/** Pixels gone through at a time, so that their part of both operands stays in the processor's first cache. */
const PIXELS_PER_BAND = { grouped: 800, plain: 30 };

/**
 * Gradient of a convolution by its filter, from `x` [n,h,w,in] and `dy` [n,h',w',out] to `[kh,kw,in,out]`: a matrix
 * product over the pixels, one picture after the other, for any stride:
 * dW[i,j,c,o] = Σ_{n,u,v} x[n, s·u + i − top, s·v + j − left, c] · dy[n,u,v,o].
 *
 * Measured at batch 128, 14², 5×5, 32 to 64 channels: 58 GFLOP/s, where the stock forward kernel has 43 and gives 29
 * for the same gradient as a convolution of transposed tensors.
 */
export const conv2DBackpropFilter: KernelBody = (call) => {
  const { backend, attrs } = call;
  const x = inputOf(call, "x");
  const dy = inputOf(call, "dy");
  const filterShape = attrs["filterShape"] as number[];
  const g = convGeometry(x.shape, filterShape, attrs);
  const result = backend.makeOutput(filterShape, "float32");
  if (g.inChannels % 4 === 0 && g.outChannels % 8 === 0) addGrouped(backend, x, dy, g, result);
  // With few output channels the roles change, so that the longer side is the one computed four at a time.
  else if (g.outChannels < 8 && g.filterWidth * g.inChannels > g.outChannels)
    addSwapped(backend, x, dy, g, result);
  else addPlain(backend, x, dy, g, result, false);
  return result;
};

/** With x in groups of four and dy in groups of eight channels. */
function addGrouped(
  backend: BackendWasm,
  x: tf.TensorInfo,
  dy: tf.TensorInfo,
  g: ConvGeometry,
  result: tf.TensorInfo,
): void {
  const padded = groupedPicture(g);
  const pixels = g.outHeight * g.outWidth;
  const picture = backend.makeOutput([g.inChannels, padded.height, padded.width], "float32");
  const gradient = backend.makeOutput([g.outChannels, pixels], "float32");
  floatsOf(backend, picture).fill(0);
  floatsOf(backend, result).fill(0);
  const { copyRows, addProducts } = simdOf(backend);
  const [pictureAt, gradientAt, resultAt] = [picture, gradient, result].map((info) =>
    addressOf(backend, info),
  ) as Three;
  const dyPixel = g.outChannels * 4;
  const dyGroup = pixels * 32;
  const band = Math.max(1, Math.floor(PIXELS_PER_BAND.grouped / g.outWidth));
  for (let n = 0; n < g.batch; n += 1) {
    const xAt = addressOf(backend, x) + n * g.inHeight * g.inWidth * g.inChannels * 4;
    const dyAt = addressOf(backend, dy) + n * pixels * dyPixel;
    copyToGroups(backend, xAt, pictureAt, g, padded);
    for (let group = 0; group < g.outChannels / 8; group += 1) {
      copyRows(dyAt + group * 32, gradientAt + group * dyGroup, 1, pixels, 8, 0, dyPixel, 0, 32);
    }
    for (let u = 0; u < g.outHeight; u += band) {
      const bandRows = Math.min(band, g.outHeight - u);
      for (let i = 0; i < g.filterHeight; i += 1) {
        for (let j = 0; j < g.filterWidth; j += 1) {
          addProducts(
            pictureAt + (u * g.strideHeight + i) * padded.rowStride + j * 16,
            gradientAt + u * g.outWidth * 32,
            resultAt + (i * g.filterWidth + j) * g.inChannels * dyPixel,
            ...[g.inChannels, g.outChannels, bandRows, g.outWidth],
            ...[padded.groupStride, g.strideHeight * padded.rowStride, g.strideWidth * 16],
            ...[dyGroup, g.outWidth * 32, 32],
            dyPixel,
          );
        }
      }
    }
  }
  dispose(backend, picture, gradient);
}

type Three = [number, number, number];

/**
 * For any number of channels, with the layouts as they are: the values of a padded picture under one row of the filter,
 * (j, c), lie next to each other. `sums` is `[i, (j, c), o]`, or `[i, o, (j, c)]` when swapped.
 */
function addPlain(
  backend: BackendWasm,
  x: tf.TensorInfo,
  dy: tf.TensorInfo,
  g: ConvGeometry,
  sums: tf.TensorInfo,
  swapped: boolean,
): void {
  const { height, width, rows, columns } = groupedPicture(g);
  const taps = g.filterWidth * g.inChannels;
  const picture = backend.makeOutput([height, width, g.inChannels], "float32");
  floatsOf(backend, picture).fill(0);
  floatsOf(backend, sums).fill(0);
  const { copyRows, addProducts } = simdOf(backend);
  const [pictureAt, sumsAt, dyAt] = [picture, sums, dy].map((info) => addressOf(backend, info)) as Three;
  const xPixel = g.inChannels * 4;
  const dyPixel = g.outChannels * 4;
  const inner = pictureAt + (g.padTop * width + g.padLeft) * xPixel;
  const band = Math.max(1, Math.floor(PIXELS_PER_BAND.plain / g.outWidth));
  const xStrides = [g.strideHeight * width * xPixel, g.strideWidth * xPixel] as const;
  const dyStrides = [g.outWidth * dyPixel, dyPixel] as const;
  for (let n = 0; n < g.batch; n += 1) {
    const xAt = addressOf(backend, x) + n * g.inHeight * g.inWidth * xPixel;
    copyRows(xAt, inner, 1, rows, columns * g.inChannels, 0, g.inWidth * xPixel, 0, width * xPixel);
    for (let u = 0; u < g.outHeight; u += band) {
      const places = [Math.min(band, g.outHeight - u), g.outWidth] as const;
      const b = dyAt + (n * g.outHeight + u) * g.outWidth * dyPixel;
      for (let i = 0; i < g.filterHeight; i += 1) {
        const a = pictureAt + (u * g.strideHeight + i) * width * xPixel;
        const c = sumsAt + i * taps * dyPixel;
        if (swapped) {
          addProducts(b, a, c, g.outChannels, taps, ...places, 16, ...dyStrides, 32, ...xStrides, taps * 4);
        } else {
          addProducts(a, b, c, taps, g.outChannels, ...places, 16, ...xStrides, 32, ...dyStrides, dyPixel);
        }
      }
    }
  }
  dispose(backend, picture);
}

function addSwapped(
  backend: BackendWasm,
  x: tf.TensorInfo,
  dy: tf.TensorInfo,
  g: ConvGeometry,
  result: tf.TensorInfo,
): void {
  const taps = g.filterWidth * g.inChannels;
  const sums = backend.makeOutput([g.filterHeight, g.outChannels, taps], "float32");
  addPlain(backend, x, dy, g, sums, true);
  const { transpose } = simdOf(backend);
  const row = taps * g.outChannels * 4;
  const [from, to] = [addressOf(backend, sums), addressOf(backend, result)];
  transpose(from, to, g.outChannels, taps, taps * 4, g.outChannels * 4, g.filterHeight, row, row);
  dispose(backend, sums);
}
