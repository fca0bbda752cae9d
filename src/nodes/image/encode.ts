import { encode as encodePngFile } from "fast-png";
import type { Pixels } from "./pixels.ts";

/** A PNG of 8-bit red, green, blue, without alpha unless some pixel is not opaque. */
export function encodePng({ width, height, rgba }: Pixels): Uint8Array {
  const opaque = rgba.every((value, i) => i % 4 !== 3 || value === 255);
  const data = opaque ? rgba.filter((_, i) => i % 4 !== 3) : rgba;
  return encodePngFile({ width, height, data: Uint8Array.from(data), channels: opaque ? 3 : 4, depth: 8 });
}
