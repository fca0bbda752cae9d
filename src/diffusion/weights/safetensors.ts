import { readExactly, type ByteSource } from "./byte-source.ts";
import { bfloat16ToFloat32, float16ToFloat32, float32ToFloat16 } from "../../tensor/half.ts";
import { joinBytes } from "./join-bytes.ts";
import type { TensorEntry } from "./safetensors-header.ts";
import { arrangeSafetensors } from "./safetensors-stream.ts";

export {
  MAX_HEADER_BYTES,
  readSafetensorsHeader,
  type SafetensorsDtype,
  type SafetensorsHeader,
  type TensorEntry,
} from "./safetensors-header.ts";

/** The dtypes whose values {@link readTensor} returns. */
export const READABLE_DTYPES = ["F32", "F16", "BF16", "I32", "I64"] as const;

/** A tensor to write. */
export interface NamedArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
  /** How float32 data are stored. Default F32. Int32 data are always I32. */
  readonly dtype?: "F32" | "F16";
}

/**
 * The values of one tensor: F16 and BF16 as float32, I64 as int32.
 * @throws for other dtypes and for I64 values outside of int32, naming the tensor.
 */
export async function readTensor(source: ByteSource, entry: TensorEntry): Promise<Float32Array | Int32Array> {
  const where = `"${source.name}": tensor "${entry.name}"`;
  const aligned = async (): Promise<ArrayBufferLike> => {
    const bytes = await readExactly(source, entry.offset, entry.byteLength);
    // A part of another array may begin at any byte, which a view of wider elements cannot; it is copied. (Not by slice, which
    // for a Buffer of Node is a view.)
    return bytes.byteLength === bytes.buffer.byteLength ? bytes.buffer : new Uint8Array(bytes).buffer;
  };
  switch (entry.dtype) {
    case "F32":
      return new Float32Array(await aligned());
    case "F16":
      return float16ToFloat32(new Uint16Array(await aligned()));
    case "BF16":
      return bfloat16ToFloat32(new Uint16Array(await aligned()));
    case "I32":
      return new Int32Array(await aligned());
    case "I64":
      return narrow(new BigInt64Array(await aligned()), where);
    default:
      throw new Error(
        `${where} has dtype ${entry.dtype}; only ${READABLE_DTYPES.join(", ")} can be read. Convert the file.`,
      );
  }
}

function narrow(values: BigInt64Array, where: string): Int32Array {
  const narrowed = new Int32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    narrowed[i] = Number(values[i]);
    if (BigInt(narrowed[i] ?? 0) !== values[i]) {
      throw new Error(`${where} holds ${String(values[i])}, which is more than 32 bits can hold.`);
    }
  }
  return narrowed;
}

/** A small file at once, byte for byte as the reference implementation writes it; see {@link safetensorsStream}. */
export function serializeSafetensors(
  tensors: Iterable<NamedArray>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const blocks = Array.from(tensors, toBlock);
  const { head, sorted } = arrangeSafetensors(blocks, metadata);
  return joinBytes([head, ...sorted.map(({ bytes }) => bytes)]);
}

function toBlock({ name, shape, data, dtype = "F32" }: NamedArray): {
  name: string;
  shape: readonly number[];
  dtype: "F32" | "F16" | "I32";
  bytes: Uint8Array;
} {
  const count = shape.reduce((product, size) => product * size, 1);
  if (count !== data.length) {
    throw new Error(
      `Tensor "${name}" of shape [${shape.join(", ")}] needs ${String(count)} values, got ${String(data.length)}.`,
    );
  }
  const stored = data instanceof Int32Array ? data : dtype === "F16" ? float32ToFloat16(data) : data;
  return {
    name,
    shape,
    dtype: data instanceof Int32Array ? "I32" : dtype,
    bytes: new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength),
  };
}
