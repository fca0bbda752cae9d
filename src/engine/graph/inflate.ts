import { Inflate, Unzlib } from "fflate";

/** Deflate makes at most 1,032 bytes of one: a step of this size stays below 9 MB whatever it holds. */
const STEP = 8192;

/**
 * Unpacks deflated bytes, and stops as soon as they become more than `most`: a file of a few kilobytes can hold gigabytes
 * of zeros.
 *
 * @param format `raw` deflate, or `zlib` with its header
 * @throws Error in words if it is too large, cut off or not deflated
 */
export function inflateBounded(packed: Uint8Array, most: number, format: "raw" | "zlib"): Uint8Array {
  const parts: Uint8Array[] = [];
  let length = 0;
  const stream = new (format === "raw" ? Inflate : Unzlib)((part) => {
    parts.push(part);
    length += part.byteLength;
  });
  for (let at = 0; at < packed.byteLength; at += STEP) {
    try {
      stream.push(packed.subarray(at, at + STEP), at + STEP >= packed.byteLength);
    } catch (cause) {
      throw new Error("what is packed in it is damaged or cut off.", { cause });
    }
    if (length > most)
      throw new Error(`what is packed in it is larger than ${String(Math.round(most / 1e6))} MB.`);
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.byteLength;
  }
  return bytes;
}
