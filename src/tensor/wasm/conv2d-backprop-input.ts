import type * as tf from "@tensorflow/tfjs";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import { convAttrs, convGeometry, type ConvGeometry } from "./conv2d-geometry.ts";
import { callKernel, dispose, floatsOf, inputOf, type KernelBody } from "./kernel.ts";
import { addressOf, simdOf } from "./simd.ts";

/**
 * Gradient of a convolution by its input, also `tf.conv2dTranspose`, from `dy` [n,h',w',out] and `filter`
 * [kh,kw,in,out] to `inputShape`: dx[n,h,w,c] = Σ dy[n, (h + top − i)/s, (w + left − j)/s, o] · W[i,j,c,o] over the
 * whole-numbered places.
 *
 * Input rows h ≡ a (mod s) take only the filter rows i ≡ a + top (mod s): each of the s² such phases is a plain
 * convolution of dy with a part of the flipped filter.
 */
export const conv2DBackpropInput: KernelBody = (call) => {
  const { backend, attrs } = call;
  const dy = inputOf(call, "dy");
  const filter = inputOf(call, "filter");
  const inputShape = attrs["inputShape"] as number[];
  const g = convGeometry(inputShape, filter.shape, attrs);
  if (g.strideHeight === 1 && g.strideWidth === 1) {
    const phase = convolvePhase(backend, dy, filter, g, rowPhase(g, 0), columnPhase(g, 0));
    if (phase) return { ...phase, shape: inputShape };
  }
  const dx = backend.makeOutput(inputShape, "float32");
  floatsOf(backend, dx).fill(0);
  for (let a = 0; a < g.strideHeight; a += 1) {
    for (let b = 0; b < g.strideWidth; b += 1) {
      const part = convolvePhase(backend, dy, filter, g, rowPhase(g, a), columnPhase(g, b));
      if (!part) continue;
      scatterPhase(backend, part, dx, g, a, b);
      dispose(backend, part);
    }
  }
  return dx;
};

/** One axis of one phase. */
interface Phase {
  /** First filter index, and how many from there on, a stride apart. */
  readonly first: number;
  readonly taps: number;
  /** Output places of the phase. */
  readonly places: number;
  /** Zeros around dy; negative where dy's edge is not read. */
  readonly before: number;
  readonly after: number;
}

function phaseOf(
  size: number,
  outSize: number,
  filterSize: number,
  stride: number,
  pad: number,
  a: number,
): Phase {
  const first = (a + pad) % stride;
  const offset = (a + pad - first) / stride;
  const taps = Math.max(0, Math.ceil((filterSize - first) / stride));
  const places = Math.max(0, Math.ceil((size - a) / stride));
  const before = taps - 1 - offset;
  return { first, taps, places, before, after: places + taps - 1 - outSize - before };
}

const rowPhase = (g: ConvGeometry, a: number): Phase =>
  phaseOf(g.inHeight, g.outHeight, g.filterHeight, g.strideHeight, g.padTop, a);
const columnPhase = (g: ConvGeometry, b: number): Phase =>
  phaseOf(g.inWidth, g.outWidth, g.filterWidth, g.strideWidth, g.padLeft, b);

/** Undefined when no filter tap or no place falls in the phase. */
function convolvePhase(
  backend: BackendWasm,
  dy: tf.TensorInfo,
  filter: tf.TensorInfo,
  g: ConvGeometry,
  rows: Phase,
  columns: Phase,
): tf.TensorInfo | undefined {
  if (rows.taps === 0 || columns.taps === 0 || rows.places === 0 || columns.places === 0) return undefined;
  const top = Math.max(0, -rows.before);
  const left = Math.max(0, -columns.before);
  const height = g.outHeight - top - Math.max(0, -rows.after);
  const width = g.outWidth - left - Math.max(0, -columns.after);
  if (height <= 0 || width <= 0) return undefined;
  const cropped = height < g.outHeight || width < g.outWidth;
  const picture = cropped
    ? callKernel(
        "Slice",
        backend,
        { x: dy },
        { begin: [0, top, left, 0], size: [g.batch, height, width, g.outChannels] },
      )
    : dy;
  const flipped = flipFilter(backend, filter, g, rows, columns);
  const result = callKernel(
    "Conv2D",
    backend,
    { x: picture, filter: flipped },
    convAttrs(
      [Math.max(0, rows.before), Math.max(0, rows.after)],
      [Math.max(0, columns.before), Math.max(0, columns.after)],
    ),
  );
  dispose(backend, flipped);
  if (cropped) dispose(backend, picture);
  return result;
}

/** The phase's taps in reverse order, input and output channels swapped. */
function flipFilter(
  backend: BackendWasm,
  filter: tf.TensorInfo,
  g: ConvGeometry,
  rows: Phase,
  columns: Phase,
): tf.TensorInfo {
  const { inChannels, outChannels } = g;
  const flipped = backend.makeOutput([rows.taps, columns.taps, outChannels, inChannels], "float32");
  const from = floatsOf(backend, filter);
  const to = floatsOf(backend, flipped);
  let target = 0;
  for (let i = rows.taps - 1; i >= 0; i -= 1) {
    for (let j = columns.taps - 1; j >= 0; j -= 1) {
      const row = rows.first + i * g.strideHeight;
      const column = columns.first + j * g.strideWidth;
      const base = (row * g.filterWidth + column) * inChannels * outChannels;
      for (let o = 0; o < outChannels; o += 1) {
        for (let c = 0; c < inChannels; c += 1) to[target++] = from[base + c * outChannels + o] as number;
      }
    }
  }
  return flipped;
}

function scatterPhase(
  backend: BackendWasm,
  from: tf.TensorInfo,
  to: tf.TensorInfo,
  g: ConvGeometry,
  a: number,
  b: number,
): void {
  const { copyRows } = simdOf(backend);
  const [, height = 0, width = 0] = from.shape;
  const pixel = g.inChannels * 4;
  const source = addressOf(backend, from);
  const target = addressOf(backend, to);
  for (let n = 0; n < g.batch; n += 1) {
    copyRows(
      source + n * height * width * pixel,
      target + ((n * g.inHeight + a) * g.inWidth + b) * pixel,
      ...[height, width, g.inChannels],
      ...[width * pixel, pixel],
      ...[g.strideHeight * g.inWidth * pixel, g.strideWidth * pixel],
    );
  }
}
