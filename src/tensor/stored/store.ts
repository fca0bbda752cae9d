import * as tf from "@tensorflow/tfjs";
import { StoredTensor, type HostValues, type StoredDtype, type Weight } from "./stored-tensor.ts";
import { bindingLimit, keepsHalvesOnGpu, uploadTensor } from "./upload.ts";

export interface StoreOptions {
  /** Keep float32 values in JavaScript's memory and hand them to the backend when they are used, and only then. */
  readonly outsideHeap?: boolean;
}

/**
 * A weight from values in this project's layout. Half-precision values stay so: packed on a GPU, else on the host. Float32
 * values become a tensor, unless they are to stay outside of the backend or exceed what a GPU's kernel can bind.
 *
 * @param values 16-bit patterns for float16 and bfloat16. Taken over: they must not be changed afterwards.
 */
export function storeWeight(
  values: HostValues,
  dtype: StoredDtype,
  shape: readonly number[],
  { outsideHeap = false }: StoreOptions = {},
): Weight {
  if (values instanceof Float32Array) {
    const isHeld = outsideHeap || values.byteLength > bindingLimit();
    return isHeld ? StoredTensor.onHost(values, "float32", shape) : uploadTensor(values, shape);
  }
  if (dtype === "float32") throw new Error("16-bit patterns are float16 or bfloat16.");
  if (!keepsHalvesOnGpu() || 4 * wordsOf(values.length) > bindingLimit())
    return StoredTensor.onHost(values, dtype, shape);
  return StoredTensor.onGpu(
    uploadTensor(packWords(values), [wordsOf(values.length)]) as tf.Tensor1D,
    dtype,
    shape,
  );
}

/** Float32 weights that are larger together stay outside of the WASM heap, which ends at 4 GiB and has to hold the rest too. */
const HEAP_SHARE = 2 ** 30;

/** Whether a model of that many bytes as float32 is to be kept outside of the backend's memory. */
export const holdsOutsideHeap = (bytes: number): boolean => tf.getBackend() === "wasm" && bytes > HEAP_SHARE;

const wordsOf = (halves: number): number => Math.ceil(halves / 2);

/** The same bytes as 32-bit words; a copy only where the number is odd or the place is not aligned. */
function packWords(bits: Uint16Array): Int32Array {
  if (bits.length % 2 === 0 && bits.byteOffset % 4 === 0)
    return new Int32Array(bits.buffer, bits.byteOffset, bits.length / 2);
  const words = new Int32Array(wordsOf(bits.length));
  new Uint16Array(words.buffer).set(bits);
  return words;
}
