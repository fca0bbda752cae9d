import type { Pixels } from "../../nodes/image/pixels.ts";

/** A smaller picture: each pixel is the mean of those that it stands for. Pictures that fit stay as they are. */
export function shrink(pixels: Pixels, longest: number): Pixels {
  const { width, height, rgba } = pixels;
  const scale = longest / Math.max(width, height);
  if (scale >= 1) return pixels;
  const [w, h] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
  const small = new Uint8ClampedArray(w * h * 4);
  for (let y = 0; y < h; y++) {
    const [top, bottom] = [Math.floor((y * height) / h), Math.max(Math.ceil(((y + 1) * height) / h), 1)];
    for (let x = 0; x < w; x++) {
      const [left, right] = [Math.floor((x * width) / w), Math.max(Math.ceil(((x + 1) * width) / w), 1)];
      const sum = [0, 0, 0, 0];
      for (let row = top; row < bottom; row++)
        for (let column = left; column < right; column++)
          for (let c = 0; c < 4; c++) sum[c] = (sum[c] ?? 0) + (rgba[(row * width + column) * 4 + c] ?? 0);
      const count = (bottom - top) * (right - left);
      for (let c = 0; c < 4; c++) small[(y * w + x) * 4 + c] = Math.round((sum[c] ?? 0) / count);
    }
  }
  return { width: w, height: h, rgba: small };
}
