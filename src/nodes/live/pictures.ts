import type * as tf from "@tensorflow/tfjs";
import { readPixels, type Pixels } from "../image/pixels.ts";
import type { PictureReport } from "./reports.ts";

/**
 * What each of the four latent channels of Stable Diffusion 1.x and 2.x adds to red, green and blue: a straight line fitted to
 * pairs of latents and pictures by Kevin Turner, "Decoding latents to RGB without upscaling" (discuss.huggingface.co, 2022).
 */
const LATENT_RGB = [
  [0.298, 0.207, 0.208],
  [0.187, 0.286, 0.173],
  [-0.158, 0.189, 0.264],
  [-0.184, -0.271, -0.473],
] as const;

/** More pictures of a batch are not drawn: a preview is to cost little. */
const MOST_PICTURES = 16;
/** More channels are not drawn either. */
const MOST_CHANNELS = 16;
const LONGEST_SIDE = 512;

/**
 * A picture of latents without a decoder: pixel-space samples as they are, the four channels of Stable Diffusion by a linear
 * map, anything else by its first channels. Noise far above 1, as sigma schedulers have it, is scaled down.
 *
 * @param latents `[batch, height, width, channels]`; a VAE's latents scaled to a deviation of about 1, as U-Nets see them.
 */
export async function latentPicture(latents: tf.Tensor4D): Promise<Pixels> {
  const [batch, height, width, channels] = latents.shape;
  const values = await latents.data<"float32">();
  const shown = Math.min(batch, MOST_PICTURES);
  const columns = Math.ceil(Math.sqrt(shown));
  const rows = Math.ceil(shown / columns);
  const gap = shown > 1 ? 1 : 0;
  const sheet = blank(columns * (width + gap) - gap, rows * (height + gap) - gap);
  const scale = 1 / Math.max(1, deviation(values) / 1.5);
  for (let n = 0; n < shown; n++) {
    const left = (n % columns) * (width + gap);
    const top = Math.floor(n / columns) * (height + gap);
    for (let place = 0; place < height * width; place++) {
      const from = (n * height * width + place) * channels;
      const to = ((top + Math.floor(place / width)) * sheet.width + left + (place % width)) * 4;
      for (let c = 0; c < 3; c++)
        sheet.rgba[to + c] = Math.round(colorAt(values, from, channels, c) * scale * 127.5 + 127.5);
      sheet.rgba[to + 3] = 255;
    }
  }
  return sheet;
}

function colorAt(values: Float32Array, from: number, channels: number, color: number): number {
  if (channels === 4)
    return LATENT_RGB.reduce(
      (sum, row, channel) => sum + (values[from + channel] ?? 0) * (row[color] ?? 0),
      0,
    );
  return values[from + (channels >= 3 ? color : 0)] ?? 0;
}

/** Root of the mean square of what is finite. */
function deviation(values: Float32Array): number {
  let [sum, count] = [0, 0];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    sum += value * value;
    count++;
  }
  return count === 0 ? 0 : Math.sqrt(sum / count);
}

const blank = (width: number, height: number): Pixels => ({
  width,
  height,
  rgba: new Uint8ClampedArray(width * height * 4),
});

/**
 * Pictures of an array: what it looks like as a latent or an image, and its channels one by one, from black (the smallest value of
 * the channel) to white (the largest).
 *
 * @param kind `image` for pixels from 0 to 1.
 */
export async function picturesOf(
  tensor: tf.Tensor,
  kind: "image" | "latent" | "array",
): Promise<PictureReport[]> {
  if (tensor.size === 0 || tensor.rank < 2 || tensor.rank > 4 || tensor.dtype === "string") return [];
  const pictures: PictureReport[] = [];
  if (tensor.rank === 4 && kind !== "array") {
    const sheet = tensor as tf.Tensor4D;
    const tooLarge = sheet.shape[0] * sheet.shape[1] * sheet.shape[2] > 4 * 1024 * 1024;
    if (!tooLarge) {
      const pixels = kind === "image" ? await readPixels(sheet) : await latentPicture(sheet);
      pictures.push({ label: kind === "image" ? "Picture" : "As a picture", ...pixels });
    }
  }
  const channels = tensor.shape.at(-1) ?? 0;
  if (tensor.rank === 4 && channels > 1) pictures.push(await channelSheet(tensor as tf.Tensor4D));
  if (tensor.rank === 2 || tensor.rank === 3 || (tensor.rank === 4 && channels === 1 && kind === "array"))
    pictures.push(await heatMap(tensor));
  return pictures;
}

/** The channels of the first of a batch, side by side. */
async function channelSheet(tensor: tf.Tensor4D): Promise<PictureReport> {
  const [, height, width, channels] = tensor.shape;
  const values = await tensor.data();
  const shown = Math.min(channels, MOST_CHANNELS);
  const columns = Math.ceil(Math.sqrt(shown));
  const rows = Math.ceil(shown / columns);
  const step = Math.max(1, Math.ceil(Math.max(height, width) / LONGEST_SIDE));
  const [h, w] = [Math.ceil(height / step), Math.ceil(width / step)];
  const sheet = blank(columns * (w + 1) - 1, rows * (h + 1) - 1);
  for (let channel = 0; channel < shown; channel++) {
    const at = (y: number, x: number): number =>
      values[(y * step * width + x * step) * channels + channel] ?? 0;
    drawGray(sheet, (channel % columns) * (w + 1), Math.floor(channel / columns) * (h + 1), h, w, at);
  }
  const more = channels > shown ? ` of ${String(channels)}` : "";
  return { label: `Channels 1 to ${String(shown)}${more}`, ...sheet };
}

/** The last two axes (the height and width of one channel) of the first of all others. */
async function heatMap(tensor: tf.Tensor): Promise<PictureReport> {
  const [rows = 1, columns = 1] = tensor.rank === 4 ? tensor.shape.slice(1, 3) : tensor.shape.slice(-2);
  const values = await tensor.data();
  const stepY = Math.max(1, Math.ceil(rows / LONGEST_SIDE));
  const stepX = Math.max(1, Math.ceil(columns / LONGEST_SIDE));
  const [h, w] = [Math.ceil(rows / stepY), Math.ceil(columns / stepX)];
  const sheet = blank(w, h);
  drawGray(sheet, 0, 0, h, w, (y, x) => values[y * stepY * columns + x * stepX] ?? 0);
  return { label: `${String(rows)} × ${String(columns)} values`, ...sheet };
}

function drawGray(
  sheet: Pixels,
  left: number,
  top: number,
  height: number,
  width: number,
  at: (y: number, x: number) => number,
): void {
  let [low, high] = [Infinity, -Infinity];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = at(y, x);
      if (!Number.isFinite(value)) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  const scale = high > low ? 255 / (high - low) : 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const to = ((top + y) * sheet.width + left + x) * 4;
      const value = at(y, x);
      const isFinite_ = Number.isFinite(value);
      const gray = scale === 0 ? 128 : Math.round((value - low) * scale);
      // What is not a number is red: it is what one looks for.
      sheet.rgba.set(isFinite_ ? [gray, gray, gray, 255] : [220, 30, 30, 255], to);
    }
  }
}
