/** Pixels of any number of channels, row by row, 0 to 255. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array;
}

/**
 * Bilinear resizing with antialiasing, as Pillow's `Image.resize(…, BILINEAR)`: when it shrinks, the triangle filter grows with
 * the factor, so that no pixel is passed over.
 */
export function resizeBilinear(raster: Raster, width: number, height: number): Raster {
  const horizontal = raster.width === width ? raster : resizeRows(raster, width);
  return horizontal.height === height ? horizontal : transpose(resizeRows(transpose(horizontal), height));
}

/** The middle of a raster. @throws when it is smaller than that. */
export function centerCrop(raster: Raster, width: number, height: number): Raster {
  const left = Math.round((raster.width - width) / 2);
  const top = Math.round((raster.height - height) / 2);
  if (left < 0 || top < 0)
    throw new Error(
      `Cannot cut ${String(width)}×${String(height)} out of ${String(raster.width)}×${String(raster.height)}.`,
    );
  const { channels } = raster;
  const data = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * raster.width + left) * channels;
    data.set(raster.data.subarray(from, from + width * channels), y * width * channels);
  }
  return { width, height, channels, data };
}

/** Scales so that the raster just covers the size, then cuts the middle (torchvision's Resize and CenterCrop). */
export function resizeAndCrop(raster: Raster, width: number, height: number): Raster {
  const factor = Math.max(width / raster.width, height / raster.height);
  const scaledWidth = Math.max(width, Math.floor(raster.width * factor));
  const scaledHeight = Math.max(height, Math.floor(raster.height * factor));
  return centerCrop(resizeBilinear(raster, scaledWidth, scaledHeight), width, height);
}

function resizeRows({ width, height, channels, data }: Raster, newWidth: number): Raster {
  const taps = triangleTaps(width, newWidth);
  const resized = new Uint8Array(newWidth * height * channels);
  for (let y = 0; y < height; y++) {
    taps.forEach(({ first, weights }, x) => {
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let k = 0; k < weights.length; k++)
          sum += (weights[k] ?? 0) * (data[(y * width + first + k) * channels + c] ?? 0);
        resized[(y * newWidth + x) * channels + c] = Math.min(255, Math.max(0, Math.round(sum)));
      }
    });
  }
  return { width: newWidth, height, channels, data: resized };
}

/** For each new pixel the old ones under its triangle, with weights that sum to 1. */
function triangleTaps(size: number, newSize: number): { first: number; weights: number[] }[] {
  const scale = size / newSize;
  const support = Math.max(scale, 1);
  return Array.from({ length: newSize }, (_, i) => {
    const center = (i + 0.5) * scale;
    const first = Math.max(0, Math.floor(center - support + 0.5));
    const end = Math.min(size, Math.floor(center + support + 0.5));
    const raw = Array.from({ length: end - first }, (_, k) =>
      Math.max(0, 1 - Math.abs((first + k + 0.5 - center) / support)),
    );
    const total = raw.reduce((sum, weight) => sum + weight, 0);
    return { first, weights: raw.map((weight) => weight / total) };
  });
}

function transpose({ width, height, channels, data }: Raster): Raster {
  const turned = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < channels; c++)
        turned[(x * height + y) * channels + c] = data[(y * width + x) * channels + c] ?? 0;
    }
  }
  return { width: height, height: width, channels, data: turned };
}
