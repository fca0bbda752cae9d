import { decode as decodePngFile } from "fast-png";
import jpeg from "jpeg-js";

/** Rows of pixels, red, green, blue and alpha, 0 to 255. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8Array;
}

/** 100 megapixels: larger pictures are refused before they are unpacked. */
const MAX_PIXELS = 1e8;

/** Decodes a PNG or JPEG file, as its first bytes say. @throws naming the file when it is neither, damaged or too large. */
export function decodePicture(name: string, bytes: Uint8Array): Picture {
  const isPng = bytes[0] === 0x89 && bytes[1] === 0x50 && bytes[2] === 0x4e && bytes[3] === 0x47;
  const isJpeg = bytes[0] === 0xff && bytes[1] === 0xd8;
  if (!isPng && !isJpeg) throw new Error(`"${name}" is neither a PNG nor a JPEG file.`);
  try {
    return isPng ? decodePng(bytes) : decodeJpeg(bytes);
  } catch (cause) {
    throw new Error(
      `"${name}" cannot be decoded: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}

function decodeJpeg(bytes: Uint8Array): Picture {
  const options = {
    useTArray: true,
    formatAsRGBA: true,
    maxResolutionInMP: MAX_PIXELS / 1e6,
    maxMemoryUsageInMB: 2048,
  } as const;
  const { width, height, data } = jpeg.decode(bytes, options);
  return { width, height, rgba: data };
}

/** Place of the interlace flag in a PNG file's first chunk. */
const INTERLACE_BYTE = 28;

function decodePng(bytes: Uint8Array): Picture {
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pixels = header.getUint32(16) * header.getUint32(20);
  if (pixels > MAX_PIXELS)
    throw new Error(`it has ${String(pixels)} pixels; at most ${String(MAX_PIXELS)} are read.`);
  const { width, height, data, channels, depth, palette, transparency } = decodePngFile(bytes);
  if (depth < 8 && bytes[INTERLACE_BYTE] !== 0)
    throw new Error(`it is interlaced with ${String(depth)} bits; save it without interlacing.`);
  const samples = depth < 8 ? unpackSamples(data, width, height, depth) : data;
  const scale = palette ? 1 : 255 / (2 ** depth - 1);
  const rgba = new Uint8Array(width * height * 4);
  for (let i = 0; i < width * height; i++) {
    const at = i * channels;
    const pixel = palette ? palette[samples[at] ?? 0] : samples.subarray(at, at + channels);
    if (!pixel) throw new Error("a pixel has a color that is not in its palette.");
    const [first = 0, second = 0, third = 0, fourth] = pixel;
    const isGray = pixel.length < 3;
    const color = isGray ? [first, first, first] : [first, second, third];
    const keyed =
      transparency?.length && transparency.every((value, c) => value === pixel[c]) ? 0 : undefined;
    const alpha = isGray && pixel.length === 2 ? second : fourth;
    for (let c = 0; c < 3; c++) rgba[i * 4 + c] = Math.round((color[c] ?? 0) * scale);
    rgba[i * 4 + 3] = keyed ?? (alpha === undefined ? 255 : Math.round(alpha * scale));
  }
  return { width, height, rgba };
}

/** One sample a byte from rows of 1, 2 or 4 bits a sample; every row begins with a new byte. */
function unpackSamples(data: ArrayLike<number>, width: number, height: number, depth: number): Uint8Array {
  const rowBytes = Math.ceil((width * depth) / 8);
  const perByte = 8 / depth;
  const samples = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const byte = data[y * rowBytes + Math.floor(x / perByte)] ?? 0;
      samples[y * width + x] = (byte >> (8 - depth * ((x % perByte) + 1))) & (2 ** depth - 1);
    }
  }
  return samples;
}
