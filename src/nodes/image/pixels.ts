import type * as tf from "@tensorflow/tfjs";
import type { Preview } from "../../engine/node/define-node.ts";

/** Rows of pixels, four bytes each. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8ClampedArray;
}

/**
 * Reads a batch of images back as one picture: side by side in rows, as square as it goes.
 *
 * @param images `[batch, height, width, 1 | 3 | 4]`, 0 to 1; values outside are clipped.
 * @param gap Pixels between two images.
 */
export async function readPixels(images: tf.Tensor4D, gap = images.shape[0] > 1 ? 1 : 0): Promise<Pixels> {
  const [batch, height, width, channels] = images.shape;
  const values = await images.data<"float32">();
  const columns = Math.ceil(Math.sqrt(batch));
  const rows = Math.ceil(batch / columns);
  const sheetWidth = columns * width + (columns - 1) * gap;
  const sheetHeight = rows * height + (rows - 1) * gap;
  const rgba = new Uint8ClampedArray(sheetWidth * sheetHeight * 4);
  for (let n = 0; n < batch; n++) {
    const left = (n % columns) * (width + gap);
    const top = Math.floor(n / columns) * (height + gap);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const from = ((n * height + y) * width + x) * channels;
        const to = ((top + y) * sheetWidth + left + x) * 4;
        for (let c = 0; c < 3; c++)
          rgba[to + c] = Math.round((values[from + (channels >= 3 ? c : 0)] ?? 0) * 255);
        rgba[to + 3] = channels === 4 ? Math.round((values[from + 3] ?? 1) * 255) : 255;
      }
    }
  }
  return { width: sheetWidth, height: sheetHeight, rgba };
}

/** A picture for the node, from images of 0 to 1. */
export async function previewImages(images: tf.Tensor4D): Promise<Preview> {
  return { kind: "image", ...(await readPixels(images)) };
}
