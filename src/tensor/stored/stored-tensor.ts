import * as tf from "@tensorflow/tfjs";
import { bfloat16ToFloat32, float16ToFloat32 } from "../half.ts";

/** How the values of a {@link StoredTensor} are kept. */
export type StoredDtype = "float16" | "bfloat16" | "float32";

/** Two halves in one int32 word, the first in its lower bits: `[⌈size / 2⌉]`, on a GPU. */
type Packed = tf.Tensor1D;

/** Values in the memory of JavaScript: 16-bit patterns, or floats. */
export type HostValues = Uint16Array | Float32Array;

/**
 * The values of a weight in a form that is no tfjs tensor: half-precision numbers, which tfjs does not have, or floats that
 * would not fit beside the others on the WASM heap. The operations of `ops.ts` read it as it is where a kernel can, and
 * elsewhere expand it for as long as they run. Values never change.
 */
export class StoredTensor {
  /** As of the tensor that {@link expand} makes of it. */
  readonly shape: readonly number[];
  readonly dtype: StoredDtype;
  /** The values where they are on a GPU. The executor finds tensors by looking into values, so this is public. */
  readonly packed: Packed | undefined;
  /** Private, because tfjs looks for tensors in everything that it can enumerate. */
  readonly #host: HostValues | undefined;
  readonly #identity: object;
  #disposed = false;

  private constructor(
    shape: readonly number[],
    dtype: StoredDtype,
    packed: Packed | undefined,
    host: HostValues | undefined,
    identity: object,
  ) {
    this.shape = shape;
    this.dtype = dtype;
    this.packed = packed;
    this.#host = host;
    this.#identity = identity;
  }

  /** @param packed taken over: disposed with the new object. */
  static onGpu(packed: Packed, dtype: "float16" | "bfloat16", shape: readonly number[]): StoredTensor {
    return new StoredTensor([...shape], dtype, packed, undefined, {});
  }

  /** @param host not copied; must not change any more. */
  static onHost(host: HostValues, dtype: StoredDtype, shape: readonly number[]): StoredTensor {
    const stored = new StoredTensor([...shape], dtype, undefined, host, {});
    if (stored.size !== host.length)
      throw new Error(
        `A tensor of [${shape.join(", ")}] has ${String(stored.size)} values, not ${String(host.length)}.`,
      );
    return stored;
  }

  get rank(): number {
    return this.shape.length;
  }

  /** Number of values. */
  get size(): number {
    return this.shape.reduce((product, length) => product * length, 1);
  }

  /** Bytes that the values take. */
  get byteLength(): number {
    return this.packed ? 4 * this.packed.size : (this.#host?.byteLength ?? 0);
  }

  get isDisposed(): boolean {
    return this.#disposed;
  }

  /** The values where they are on the host; undefined on a GPU. @throws after {@link dispose}. */
  get host(): HostValues | undefined {
    this.#check();
    return this.#host;
  }

  /** The same object for all clones of one tensor. */
  get identity(): object {
    return this.#identity;
  }

  /** A second owner of the same values. */
  clone(): StoredTensor {
    this.#check();
    const packed = this.packed && tf.clone(this.packed);
    return new StoredTensor(this.shape, this.dtype, packed, this.#host, this.#identity);
  }

  /** The values as float32, read back where they are on a GPU. */
  async data(): Promise<Float32Array> {
    const { host } = this;
    if (host instanceof Float32Array) return host;
    return expandBits(host ?? (await this.bits()), this.dtype);
  }

  /** The 16-bit patterns of half-precision values. @throws for float32. */
  async bits(): Promise<Uint16Array> {
    const { host } = this;
    if (host instanceof Float32Array) throw new Error("A float32 tensor has no 16-bit patterns.");
    if (host) return host;
    const words = (await this.packed?.data()) as Int32Array;
    return new Uint16Array(words.buffer, words.byteOffset, this.size);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.packed?.dispose();
  }

  #check(): void {
    if (this.#disposed) throw new Error(`The stored tensor [${this.shape.join(", ")}] was disposed.`);
  }
}

/** 16-bit patterns → float32, exact. */
export const expandBits = (bits: Uint16Array, dtype: StoredDtype): Float32Array =>
  dtype === "bfloat16" ? bfloat16ToFloat32(bits) : float16ToFloat32(bits);

/** A weight as the operations of `ops.ts` take it. */
export type Weight<T extends tf.Tensor = tf.Tensor> = T | StoredTensor;

export const isStored = (weight: Weight): weight is StoredTensor => weight instanceof StoredTensor;

/** A second owner of the same values. */
export const cloneWeight = (weight: Weight): Weight => (isStored(weight) ? weight.clone() : tf.clone(weight));

/** Bytes that a weight takes where it is. */
export const weightBytes = (weight: Weight): number =>
  isStored(weight) ? weight.byteLength : weight.size * tf.util.bytesPerElement(weight.dtype);
