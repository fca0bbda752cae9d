import * as tf from "@tensorflow/tfjs";
import { decodePicture } from "../../diffusion/datasets/decode-picture.ts";

const MEBIBYTE = 2 ** 20;
const MAX_BYTES = 4 * MEBIBYTE;

const PREFIX = "data:image/png;base64,";
/** The first bytes of every PNG file, in base64. */
const SIGNATURE = "iVBORw0KGg";

/**
 * Reads a painted mask: white on black, where transparent counts as black.
 *
 * @param name Parameter that holds it, for messages.
 * @param url Data URL of a PNG.
 * @param like `[batch, height, width, channels]` of a picture that it is fitted to (the nearest pixel, half-pixel
 *   centres); without one it keeps its own size.
 * @returns `[1, height, width, 1]`, 0 to 1.
 * @throws naming the parameter if it is not the data URL of a PNG, damaged or over 4 MB.
 */
export function readPaintedMask(name: string, url: string, like?: readonly number[]): tf.Tensor4D {
  const source = decodePicture(name, bytesOf(name, url));
  const [, height = source.height, width = source.width] = like ?? [];
  const values = new Float32Array(height * width);
  for (let y = 0; y < height; y++) {
    const row = Math.floor(((y + 0.5) * source.height) / height) * source.width;
    for (let x = 0; x < width; x++) {
      const at = (row + Math.floor(((x + 0.5) * source.width) / width)) * 4;
      values[y * width + x] = ((source.rgba[at] ?? 0) / 255) * ((source.rgba[at + 3] ?? 0) / 255);
    }
  }
  return tf.tensor4d(values, [1, height, width, 1]);
}

function bytesOf(name: string, url: string): Uint8Array {
  if (!url.startsWith(PREFIX + SIGNATURE))
    throw new Error(
      `${name} is not a PNG as a data URL (${PREFIX}…): paint the mask in the editor, or wire a picture into image.`,
    );
  const size = ((url.length - PREFIX.length) * 3) / 4;
  if (size > MAX_BYTES)
    throw new Error(
      `${name} is over ${String(MAX_BYTES / MEBIBYTE)} MB, the most that is read: wire so large a mask into image.`,
    );
  try {
    return Uint8Array.from(atob(url.slice(PREFIX.length)), (character) => character.charCodeAt(0));
  } catch (cause) {
    throw new Error(`${name} is damaged: what follows ${PREFIX} is not base64.`, { cause });
  }
}
