import { readExactly, type ByteSource } from "../weights/byte-source.ts";
import type { TensorEntry } from "../weights/safetensors.ts";

/** A tensor of the new file: its name there, and where its bytes lie in the old one. */
export type RenamedTensor = TensorEntry;

/**
 * A safetensors file that does not exist: a header of its own in front of tensors that stay where they are in `source`. Nothing
 * but the header is held in memory, and a loader reads it as any other file.
 */
export function componentSource(
  name: string,
  source: ByteSource,
  tensors: readonly RenamedTensor[],
): ByteSource {
  let end = 0;
  const places = tensors.map((tensor) => {
    const start = end;
    end += tensor.byteLength;
    return { start, tensor };
  });
  const entries = places.map(({ start, tensor }) => {
    const { dtype, shape, byteLength } = tensor;
    return `${JSON.stringify(tensor.name)}:${JSON.stringify({ dtype, shape, data_offsets: [start, start + byteLength] })}`;
  });
  const text = new TextEncoder().encode(`{${entries.join(",")}}`);
  const header = new Uint8Array(8 + Math.ceil(text.byteLength / 8) * 8).fill(0x20, 8);
  new DataView(header.buffer).setBigUint64(0, BigInt(header.byteLength - 8), true);
  header.set(text, 8);

  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    const bytes = new Uint8Array(length);
    bytes.set(header.subarray(offset, offset + length));
    for (const { start, tensor } of places) {
      const from = Math.max(offset, header.byteLength + start);
      const to = Math.min(offset + length, header.byteLength + start + tensor.byteLength);
      if (from >= to) continue;
      const part = await readExactly(source, tensor.offset + (from - header.byteLength - start), to - from);
      bytes.set(part, from - offset);
    }
    return bytes;
  };
  const size = header.byteLength + end;
  return {
    name,
    size,
    read,
    ...(source.prepare && { prepare: () => source.prepare?.() ?? Promise.resolve() }),
  };
}

/** A file whose whole content is `text`. */
export function textSource(name: string, text: string): ByteSource {
  const bytes = new TextEncoder().encode(text);
  return {
    name,
    size: bytes.byteLength,
    read: (offset, length) => Promise.resolve(bytes.slice(offset, offset + length)),
  };
}
