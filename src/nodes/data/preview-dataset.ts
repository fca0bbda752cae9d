import type { Dataset } from "../../diffusion/datasets/dataset.ts";
import type { Preview } from "../../engine/node/define-node.ts";

const COLUMNS = 8;
const ROWS = 4;

/** The first pictures of a data set, as a sheet. */
export function previewDataset({ count, width, height, channels, images }: Dataset): Preview {
  const shown = Math.min(count, COLUMNS * ROWS);
  const sheetWidth = Math.min(shown, COLUMNS) * width;
  const sheetHeight = Math.ceil(shown / COLUMNS) * height;
  const rgba = new Uint8ClampedArray(sheetWidth * sheetHeight * 4);
  for (let n = 0; n < shown; n++) {
    for (let place = 0; place < width * height; place++) {
      const x = (n % COLUMNS) * width + (place % width);
      const y = Math.floor(n / COLUMNS) * height + Math.floor(place / width);
      const from = (n * width * height + place) * channels;
      const to = (y * sheetWidth + x) * 4;
      for (let c = 0; c < 3; c++) rgba[to + c] = images[from + (channels === 3 ? c : 0)] ?? 0;
      rgba[to + 3] = 255;
    }
  }
  return { kind: "image", width: sheetWidth, height: sheetHeight, rgba };
}
