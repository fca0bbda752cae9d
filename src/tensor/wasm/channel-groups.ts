import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import type { ConvGeometry } from "./conv2d-geometry.ts";
import { simdOf } from "./simd.ts";

/**
 * One picture with the padding that a convolution gives it, and no more than the filter reads, as
 * `[channels / 4, height, width, 4]`: what a kernel reads pixel by pixel lies next to each other. In the usual layout,
 * with a power of two of channels, the pixels of one group of channels would share few places of the cache.
 */
export interface GroupedPicture {
  readonly height: number;
  readonly width: number;
  /** How much of the picture is copied. */
  readonly rows: number;
  readonly columns: number;
  /** Bytes from one group of channels to the next, and from row to row. */
  readonly groupStride: number;
  readonly rowStride: number;
}

export function groupedPicture(g: ConvGeometry): GroupedPicture {
  const height = (g.outHeight - 1) * g.strideHeight + g.filterHeight;
  const width = (g.outWidth - 1) * g.strideWidth + g.filterWidth;
  const rows = Math.max(0, Math.min(g.inHeight, height - g.padTop));
  const columns = Math.max(0, Math.min(g.inWidth, width - g.padLeft));
  return { height, width, rows, columns, groupStride: height * width * 16, rowStride: width * 16 };
}

/** Copies the picture at `xAt`, `[inHeight, inWidth, inChannels]`, into a zeroed grouped one. */
export function copyToGroups(
  backend: BackendWasm,
  xAt: number,
  pictureAt: number,
  g: ConvGeometry,
  { rows, columns, groupStride, rowStride }: GroupedPicture,
): void {
  const { copyRows } = simdOf(backend);
  const pixel = g.inChannels * 4;
  const first = pictureAt + g.padTop * rowStride + g.padLeft * 16;
  for (let group = 0; group < g.inChannels / 4; group += 1) {
    const to = first + group * groupStride;
    copyRows(xAt + group * 16, to, rows, columns, 4, g.inWidth * pixel, pixel, rowStride, 16);
  }
}
