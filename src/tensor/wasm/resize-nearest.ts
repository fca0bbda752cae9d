import type * as tf from "@tensorflow/tfjs";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import { floatsOf, inputOf, type KernelBody } from "./kernel.ts";
import { addressOf, simdOf } from "./simd.ts";

interface ResizeAttrs {
  readonly alignCorners: boolean;
  readonly halfPixelCenters: boolean;
}

/** `images` [n,h,w,c] to the attribute `size`. */
export const resizeNearestNeighbor =
  (stock: KernelBody): KernelBody =>
  (call) => {
    const { backend } = call;
    const attrs = call.attrs as unknown as ResizeAttrs;
    const images = inputOf(call, "images");
    if (images.dtype !== "float32") return stock(call);
    const [batch = 0, , , channels = 0] = images.shape;
    const [outHeight, outWidth] = call.attrs["size"] as [number, number];
    const result = backend.makeOutput([batch, outHeight, outWidth, channels], "float32");
    if (!enlargeWhole(backend, images, result, attrs, "forward")) {
      const from = floatsOf(backend, images);
      const to = floatsOf(backend, result);
      eachPixel(images.shape, result.shape, attrs, (small, large) => {
        for (let c = 0; c < channels; c += 1) to[large + c] = from[small + c] as number;
      });
    }
    return result;
  };

/** The adjoint: each place of `images` receives the sum of `dy` over the places that it was copied to. */
export const resizeNearestNeighborGrad: KernelBody = (call) => {
  const { backend } = call;
  const attrs = call.attrs as unknown as ResizeAttrs;
  const images = inputOf(call, "images");
  const dy = inputOf(call, "dy");
  const channels = images.shape[3] ?? 0;
  const result = backend.makeOutput(images.shape, "float32");
  if (!enlargeWhole(backend, result, dy, attrs, "backward")) {
    const from = floatsOf(backend, dy);
    const to = floatsOf(backend, result).fill(0);
    eachPixel(images.shape, dy.shape, attrs, (small, large) => {
      for (let c = 0; c < channels; c += 1) {
        to[small + c] = (to[small + c] as number) + (from[large + c] as number);
      }
    });
  }
  return result;
};

/**
 * Enlarging by a whole factor in both directions, where every pixel becomes a block: one pass per place in the block.
 * Returns false, and does nothing, for other sizes.
 */
function enlargeWhole(
  backend: BackendWasm,
  small: tf.TensorInfo,
  large: tf.TensorInfo,
  { alignCorners }: ResizeAttrs,
  direction: "forward" | "backward",
): boolean {
  const [batch = 0, height = 0, width = 0, channels = 0] = small.shape;
  const [, largeHeight = 0, largeWidth = 0] = large.shape;
  const rowFactor = largeHeight / height;
  const columnFactor = largeWidth / width;
  if (alignCorners || !Number.isInteger(rowFactor) || !Number.isInteger(columnFactor)) return false;
  const { copyRows, addScaledRows } = simdOf(backend);
  const pixel = channels * 4;
  const smallStrides = [width * pixel, pixel] as const;
  const largeStrides = [rowFactor * largeWidth * pixel, columnFactor * pixel] as const;
  const counts = [batch * height, width, channels] as const;
  const smallAt = addressOf(backend, small);
  for (let i = 0; i < rowFactor; i += 1) {
    for (let j = 0; j < columnFactor; j += 1) {
      const largeAt = addressOf(backend, large) + (i * largeWidth + j) * pixel;
      if (direction === "forward") copyRows(smallAt, largeAt, ...counts, ...smallStrides, ...largeStrides);
      else if (i + j === 0) copyRows(largeAt, smallAt, ...counts, ...largeStrides, ...smallStrides);
      else addScaledRows(largeAt, smallAt, ...counts, ...largeStrides, ...smallStrides, 1);
    }
  }
  return true;
}

/** Calls `visit` with the flat indices of every pixel of the resized picture and of the pixel that it is a copy of. */
function eachPixel(
  shape: readonly number[],
  outShape: readonly number[],
  attrs: ResizeAttrs,
  visit: (source: number, target: number) => void,
): void {
  const [batch = 0, height = 0, width = 0, channels = 0] = shape;
  const [, outHeight = 0, outWidth = 0] = outShape;
  const rows = nearest(height, outHeight, attrs);
  const columns = nearest(width, outWidth, attrs);
  let target = 0;
  for (let n = 0; n < batch; n += 1) {
    for (const row of rows) {
      for (const column of columns) {
        visit(((n * height + row) * width + column) * channels, target);
        target += channels;
      }
    }
  }
}

/** For each of `outSize` places the nearest of `inSize`, as `tf.image.resizeNearestNeighbor` defines it. */
function nearest(inSize: number, outSize: number, { alignCorners, halfPixelCenters }: ResizeAttrs): number[] {
  const spread = alignCorners && outSize > 1;
  const scale = spread ? (inSize - 1) / (outSize - 1) : inSize / outSize;
  return Array.from({ length: outSize }, (_, i) => {
    const place = spread
      ? Math.round(i * scale)
      : Math.floor(halfPixelCenters ? (i + 0.5) * scale : (i * inSize) / outSize);
    return Math.min(Math.max(place, 0), inSize - 1);
  });
}
