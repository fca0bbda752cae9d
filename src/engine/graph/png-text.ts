import { inflateBounded } from "./inflate.ts";

/** A text that a PNG carries beside its pixels (PNG specification, third edition, 11.3.3). */
export interface PngText {
  readonly keyword: string;
  readonly text: string;
}

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** Kind, length and checksum stand around the data of a chunk. */
const FRAME = 12;
const MOST_TEXTS = 64;
const MOST_BYTES = 20_000_000;

export const isPng = (bytes: Uint8Array): boolean => SIGNATURE.every((byte, index) => bytes[index] === byte);

interface Chunk {
  readonly kind: string;
  readonly start: number;
  readonly end: number;
  readonly data: Uint8Array;
}

const latin1 = (bytes: Uint8Array): string => {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192)
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return text;
};

function* chunksOf(bytes: Uint8Array): Generator<Chunk> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = SIGNATURE.length;
  while (at + FRAME <= bytes.byteLength) {
    const length = view.getUint32(at);
    const end = at + FRAME + length;
    if (end > bytes.byteLength) return;
    const kind = latin1(bytes.subarray(at + 4, at + 8));
    yield { kind, start: at, end, data: bytes.subarray(at + 8, end - 4) };
    at = end;
  }
}

/**
 * The texts of a PNG, packed or not. A picture that is cut off gives those that came before.
 *
 * @throws Error in words if a packed text is damaged or far too large
 */
export function readPngTexts(bytes: Uint8Array): PngText[] {
  if (!isPng(bytes)) return [];
  const texts: PngText[] = [];
  let room = MOST_BYTES;
  for (const { kind, data } of chunksOf(bytes)) {
    if (texts.length >= MOST_TEXTS || kind === "IEND") break;
    const text =
      kind === "tEXt" || kind === "zTXt" || kind === "iTXt" ? readText(kind, data, room) : undefined;
    if (!text) continue;
    room -= text.text.length;
    texts.push(text);
  }
  return texts;
}

function readText(kind: "tEXt" | "zTXt" | "iTXt", data: Uint8Array, room: number): PngText | undefined {
  const zero = data.indexOf(0);
  if (zero < 1 || zero > 79) return undefined;
  const keyword = latin1(data.subarray(0, zero));
  if (kind === "tEXt") return { keyword, text: latin1(data.subarray(zero + 1)) };
  if (kind === "zTXt")
    return { keyword, text: latin1(inflateBounded(data.subarray(zero + 2), room, "zlib")) };
  const packed = data[zero + 1] === 1;
  const language = data.indexOf(0, zero + 3);
  const translated = language < 0 ? -1 : data.indexOf(0, language + 1);
  if (translated < 0) return undefined;
  const body = data.subarray(translated + 1);
  const bytes = packed ? inflateBounded(body, room, "zlib") : body;
  return { keyword, text: new TextDecoder().decode(bytes) };
}

/**
 * A PNG with one more text, in UTF-8 (iTXt); one of the same keyword is replaced. The pixels stay as they are.
 *
 * @throws Error if the bytes are no PNG
 */
export function writePngText(bytes: Uint8Array, { keyword, text }: PngText): Uint8Array {
  if (!isPng(bytes)) throw new Error("The bytes are no PNG.");
  const chunks = [...chunksOf(bytes)].filter(
    ({ kind, data }) => !(kind === "iTXt" && latin1(data.subarray(0, keyword.length + 1)) === `${keyword}\0`),
  );
  const parts = [bytes.subarray(0, SIGNATURE.length)];
  // Before the pixels, where readers that stream a picture find it.
  for (const { kind, start, end } of chunks) {
    parts.push(bytes.subarray(start, end));
    if (kind === "IHDR") parts.push(internationalText(keyword, text));
  }
  return concatenate(parts);
}

function internationalText(keyword: string, text: string): Uint8Array {
  // Keyword, zero; not packed, method 0; no language; no translated keyword.
  const data = concatenate([
    new TextEncoder().encode(`${keyword}\0\0\0\0\0`),
    new TextEncoder().encode(text),
  ]);
  const chunk = new Uint8Array(FRAME + data.byteLength);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, data.byteLength);
  chunk.set(new TextEncoder().encode("iTXt"), 4);
  chunk.set(data, 8);
  view.setUint32(8 + data.byteLength, crc32(chunk.subarray(4, 8 + data.byteLength)));
  return chunk;
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}

let table: Uint32Array | undefined;

/** CRC-32 as PNG wants it (annex D). */
function crc32(bytes: Uint8Array): number {
  table ??= Uint32Array.from({ length: 256 }, (_, value) => {
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
    return value;
  });
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (table[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
