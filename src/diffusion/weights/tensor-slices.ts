import { readExactly, type ByteSource } from "./byte-source.ts";
import { DTYPE_BYTES, type TensorEntry } from "./safetensors-header.ts";

/** Bytes of one slice: large enough that the cost of a read vanishes, small enough that a few of them are no load on the heap. */
export const SLICE_BYTES = 16 * 2 ** 20;

/** Consecutive bytes of one tensor, in the file's dtype and order. */
export interface TensorSlice {
  /** Place of the first byte within the tensor; a multiple of the element's size. */
  readonly begin: number;
  /** Aligned to the element, so that a typed array can be laid over them. To be read only: they may be a view of the file. */
  readonly bytes: Uint8Array;
}

export interface SliceOptions {
  /** Default {@link SLICE_BYTES}. Rounded down to whole elements. */
  readonly sliceBytes?: number;
  readonly signal?: AbortSignal;
}

/**
 * A tensor as a stream of slices, so that no more than two of them are in memory at a time. The reader sets the pace: the next
 * slice is on its way while one is worked on, and no further one is read until it is asked for. Awaiting the GPU's queue in the
 * loop is therefore all the back-pressure that an upload needs.
 *
 * @throws Error that names file and tensor, if the bytes cannot be read.
 */
export async function* readTensorSlices(
  source: ByteSource,
  entry: TensorEntry,
  { sliceBytes = SLICE_BYTES, signal }: SliceOptions = {},
): AsyncGenerator<TensorSlice, void, undefined> {
  const element = DTYPE_BYTES[entry.dtype];
  const step = Math.max(element, sliceBytes - (sliceBytes % element));
  const read = async (begin: number): Promise<TensorSlice> => {
    signal?.throwIfAborted();
    const length = Math.min(step, entry.byteLength - begin);
    const bytes = await readExactly(source, entry.offset + begin, length);
    return { begin, bytes: bytes.byteOffset % element === 0 ? bytes : new Uint8Array(bytes) };
  };
  const start = (begin: number): Promise<TensorSlice> | undefined => {
    if (begin >= entry.byteLength) return undefined;
    const slice = read(begin);
    // It is awaited in the next round only; until then a failure is nobody's.
    slice.catch(() => undefined);
    return slice;
  };
  let next = start(0);
  for (let begin = 0; next; begin += step) {
    let slice: TensorSlice;
    try {
      slice = await next;
    } catch (cause) {
      if (signal?.aborted) throw cause;
      throw new Error(
        `"${source.name}": tensor "${entry.name}" could not be read at byte ${String(begin)} of ${String(entry.byteLength)}. ` +
          (cause as Error).message,
        { cause },
      );
    }
    next = start(begin + step);
    yield slice;
  }
}
