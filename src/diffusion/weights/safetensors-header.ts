import { readExactly, type ByteSource } from "./byte-source.ts";
import { duplicateKeys } from "./strict-json.ts";

/**
 * The safetensors container (https://github.com/huggingface/safetensors): 8 bytes little-endian length of the header, the
 * header (JSON), then the tensors' bytes, contiguous and in row-major order.
 */

/**
 * Bytes per element of every dtype of the format, in the order in which the reference implementation ranks them.
 */
export const DTYPE_BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  I64: 8,
  U64: 8,
  F64: 8,
} as const;

export type SafetensorsDtype = keyof typeof DTYPE_BYTES;
/** The dtypes in that order. */
export const DTYPES = Object.keys(DTYPE_BYTES) as SafetensorsDtype[];

/** Longer headers are refused: no real model comes near. */
export const MAX_HEADER_BYTES = 25_000_000;

/** One tensor of a file. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  /** Place of the tensor's bytes, counted from the start of the file. */
  readonly offset: number;
  readonly byteLength: number;
}

export interface SafetensorsHeader {
  /** In the order of their bytes in the file. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Reads and checks a header; the body is not touched. Reads at most 8 bytes and the header.
 * @throws with the file and the tensor at fault: header beyond the file, broken JSON, duplicate keys, unknown dtype, impossible
 *   shape, offsets that overlap, leave gaps, disagree with shape and dtype or run past the end, trailing bytes.
 */
export async function readSafetensorsHeader(source: ByteSource): Promise<SafetensorsHeader> {
  const fail = (what: string): never => {
    throw new Error(`"${source.name}" is not a valid safetensors file: ${what}`);
  };
  if (source.size < 8)
    fail(`it has ${String(source.size)} bytes; the length of its header alone takes 8. Get the file again.`);
  const lengthBytes = await readExactly(source, 0, 8);
  const headerLength = Number(
    new DataView(lengthBytes.buffer, lengthBytes.byteOffset, 8).getBigUint64(0, true),
  );
  const kind = otherKind(lengthBytes);
  if (kind !== undefined && headerLength > Math.min(source.size - 8, MAX_HEADER_BYTES))
    fail(`it is ${kind}.`);
  if (headerLength > source.size - 8) {
    fail(
      `its header should take ${String(headerLength)} bytes, but only ${String(source.size - 8)} follow. ` +
        "It is cut off, or another kind of file (a Git LFS pointer, a pickle, a web page).",
    );
  }
  if (headerLength > MAX_HEADER_BYTES) {
    fail(`its header takes ${String(headerLength)} bytes; at most ${String(MAX_HEADER_BYTES)} are accepted.`);
  }
  const headerBytes = await readExactly(source, 8, headerLength);
  return parseHeader(headerBytes, source.size - 8 - headerLength, fail);
}

/** What a file is that begins so, where that is known. As a length these bytes would be far beyond any file. */
function otherKind(bytes: Uint8Array): string | undefined {
  const text = String.fromCharCode(...bytes);
  if (text.startsWith("PK") || /^\x80[\x02-\x05]/.test(text))
    return "a pickle of PyTorch (.ckpt, .bin, .pt), which could run code when it is opened. Get the .safetensors file of the model, or convert it in Python: model.save_pretrained(folder, safe_serialization=True)";
  if (text.startsWith("version "))
    return "a Git LFS pointer, not the file that it points to: run git lfs pull, or download it";
  if (/^\s*<(!|html)/i.test(text)) return "a web page";
  if (text.startsWith("GGUF")) return "a GGUF file, which is not supported. Get the .safetensors file";
  if (text.startsWith("\x1f\x8b")) return "compressed with gzip. Unpack it first";
  return undefined;
}

function parseHeader(
  bytes: Uint8Array,
  bodyLength: number,
  fail: (what: string) => never,
): SafetensorsHeader {
  let text: string;
  let json: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    json = JSON.parse(text);
  } catch (error) {
    return fail(`its header is not JSON (${error instanceof Error ? error.message : String(error)}).`);
  }
  if (!isRecord(json)) return fail("its header is not a JSON object.");
  const [duplicate] = duplicateKeys(text);
  if (duplicate !== undefined) fail(`its header has the key ${JSON.stringify(duplicate)} twice.`);

  const bodyStart = 8 + bytes.byteLength;
  const entries: TensorEntry[] = [];
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(json)) {
    if (name === "__metadata__") metadata = parseMetadata(value, fail);
    else entries.push(parseEntry(name, value, bodyStart, bodyLength, fail));
  }
  entries.sort((a, b) => a.offset - b.offset || a.byteLength - b.byteLength);
  checkContiguous(entries, bodyStart, bodyLength, fail);
  return { tensors: new Map(entries.map((entry) => [entry.name, entry])), metadata };
}

function parseMetadata(value: unknown, fail: (what: string) => never): Record<string, string> {
  if (!isRecord(value)) return fail("__metadata__ is not an object.");
  const metadata: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string") return fail(`__metadata__ ${JSON.stringify(key)} is not a text.`);
    metadata[key] = text;
  }
  return metadata;
}

function parseEntry(
  name: string,
  value: unknown,
  bodyStart: number,
  bodyLength: number,
  fail: (what: string) => never,
): TensorEntry {
  const failTensor = (what: string): never => fail(`tensor ${JSON.stringify(name)} ${what}`);
  if (name === "__proto__") return failTensor("has a name that is not allowed.");
  if (!isRecord(value)) return failTensor("has no description (dtype, shape, data_offsets).");
  const { dtype, shape, data_offsets: offsets } = value;
  for (const key of Object.keys(value)) {
    if (key !== "dtype" && key !== "shape" && key !== "data_offsets")
      failTensor(`has an unknown field ${JSON.stringify(key)}.`);
  }
  if (typeof dtype !== "string" || !Object.hasOwn(DTYPE_BYTES, dtype)) {
    return failTensor(`has the unknown dtype ${JSON.stringify(dtype)}.`);
  }
  if (!Array.isArray(shape) || !shape.every(isSize)) {
    return failTensor(`has the shape ${JSON.stringify(shape)}; a list of whole numbers from 0 was expected.`);
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) {
    return failTensor(`has data_offsets ${JSON.stringify(offsets)}; [begin, end] was expected.`);
  }
  const [begin = 0, end = 0] = offsets as number[];
  if (begin > end) failTensor(`ends (${String(end)}) before it begins (${String(begin)}).`);
  if (end > bodyLength)
    failTensor(`ends at byte ${String(end)} of a body that has ${String(bodyLength)}. The file is cut off.`);
  const expected = (shape as number[]).reduce(
    (product, size) => product * size,
    DTYPE_BYTES[dtype as SafetensorsDtype],
  );
  if (expected !== end - begin) {
    failTensor(
      `is ${dtype} [${shape.join(", ")}], which takes ${String(expected)} bytes, but has ${String(end - begin)}.`,
    );
  }
  return {
    name,
    dtype: dtype as SafetensorsDtype,
    shape: shape as number[],
    offset: bodyStart + begin,
    byteLength: end - begin,
  };
}

function checkContiguous(
  entries: readonly TensorEntry[],
  bodyStart: number,
  bodyLength: number,
  fail: (what: string) => never,
): void {
  let end = bodyStart;
  let previous = "the header";
  for (const entry of entries) {
    const name = JSON.stringify(entry.name);
    if (entry.offset < end) fail(`tensor ${name} overlaps ${previous}.`);
    if (entry.offset > end)
      fail(`${String(entry.offset - end)} bytes before tensor ${name} belong to no tensor.`);
    end = entry.offset + entry.byteLength;
    previous = `tensor ${name}`;
  }
  const trailing = bodyStart + bodyLength - end;
  if (trailing > 0) fail(`${String(trailing)} bytes after ${previous} belong to no tensor.`);
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
