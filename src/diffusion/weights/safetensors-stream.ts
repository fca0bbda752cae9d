import { DTYPE_BYTES, DTYPES, type SafetensorsDtype } from "./safetensors-header.ts";

/** A tensor that is written later: what the header says of it, and where its bytes come from. */
export interface TensorToWrite {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  /** Its values, little-endian and row by row. Asked for once, when its turn comes. */
  bytes(): Promise<Uint8Array> | Uint8Array;
}

/** A file in the making: its length is known before its first byte. */
export interface FileStream {
  readonly size: number;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/**
 * A safetensors file as a stream, byte for byte as the reference implementation writes it: tensors by falling rank of their dtype,
 * then by name; the header padded with spaces to a multiple of 8. One tensor is in memory at a time.
 * @throws when a name is reserved or occurs twice; while it is read, when a tensor does not give the bytes it promised.
 */
export function safetensorsStream(
  tensors: Iterable<TensorToWrite>,
  metadata: Readonly<Record<string, string>> = {},
): FileStream {
  const { head, sorted, size } = arrangeSafetensors(tensors, metadata);
  return { size, chunks: chunksOf(head, sorted) };
}

/** The order of the tensors in a file, and its header. @throws when a name is reserved or occurs twice. */
export function arrangeSafetensors<T extends Pick<TensorToWrite, "name" | "dtype" | "shape">>(
  tensors: Iterable<T>,
  metadata: Readonly<Record<string, string>>,
): { readonly head: Uint8Array; readonly sorted: readonly T[]; readonly size: number } {
  const sorted = [...tensors].sort(
    (a, b) => DTYPES.indexOf(b.dtype) - DTYPES.indexOf(a.dtype) || compare(a.name, b.name),
  );
  const header = new Map<string, unknown>();
  if (Object.keys(metadata).length > 0) header.set("__metadata__", metadata);
  let end = 0;
  for (const { name, dtype, shape } of sorted) {
    if (header.has(name) || name === "__metadata__" || name === "__proto__") {
      throw new Error(
        `A safetensors file cannot hold the tensor name "${name}" here: it is reserved or occurs twice.`,
      );
    }
    const length = lengthOf(dtype, shape);
    header.set(name, { dtype, shape, data_offsets: [end, end + length] });
    end += length;
  }
  const head = encodeHeader(header);
  return { head, sorted, size: head.byteLength + end };
}

const lengthOf = (dtype: SafetensorsDtype, shape: readonly number[]): number =>
  shape.reduce((product, size) => product * size, DTYPE_BYTES[dtype]);

async function* chunksOf(
  head: Uint8Array,
  tensors: readonly TensorToWrite[],
): AsyncGenerator<Uint8Array, void, undefined> {
  yield head;
  for (const tensor of tensors) {
    const bytes = await tensor.bytes();
    const expected = lengthOf(tensor.dtype, tensor.shape);
    if (bytes.byteLength !== expected)
      throw new Error(
        `Tensor "${tensor.name}" of shape [${tensor.shape.join(", ")}] takes ${String(expected)} bytes as ${tensor.dtype}, got ${String(bytes.byteLength)}.`,
      );
    yield bytes;
  }
}

function encodeHeader(header: ReadonlyMap<string, unknown>): Uint8Array {
  // Built by hand because an object would move keys such as "0" to the front.
  const json = `{${Array.from(header, ([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(",")}}`;
  const text = new TextEncoder().encode(json);
  const length = Math.ceil(text.byteLength / 8) * 8;
  const bytes = new Uint8Array(8 + length).fill(0x20, 8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(text, 8);
  return bytes;
}

/** By code point, as the reference implementation sorts UTF-8 names; JavaScript's `<` compares UTF-16 units. */
function compare(a: string, b: string): number {
  const left = Array.from(a, (char) => char.codePointAt(0) ?? 0);
  const right = Array.from(b, (char) => char.codePointAt(0) ?? 0);
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** The whole file at once, for one that is small. */
export async function collectStream({ size, chunks }: FileStream): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(size);
  let at = 0;
  for await (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}
