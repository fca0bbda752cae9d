import * as tf from "@tensorflow/tfjs";
import { expandBits, isStored, type StoredTensor, type Weight } from "./stored-tensor.ts";

/** While a loss is differentiated: the dense tensors that stand for stored ones, by their identity. */
let stands: ReadonlyMap<object, tf.Tensor> | undefined;

/**
 * A float32 tensor of the same shape and values. The caller owns it, as every result of an operation.
 * @throws on WebGPU when it is larger than a kernel can bind.
 */
export function expand(stored: StoredTensor): tf.Tensor {
  const stand = stands?.get(stored.identity);
  if (stand) return tf.clone(stand);
  const { packed, dtype } = stored;
  const shape = [...stored.shape];
  if (packed) return tf.engine().runKernel("LoomUnpack", { packed }, { dtype, shape }) as tf.Tensor;
  const { host } = stored;
  if (host instanceof Float32Array) return tf.tensor(host, shape);
  const onWasm = tf.getKernel("LoomExpandBits", tf.getBackend());
  if (onWasm)
    return tf.engine().runKernel("LoomExpandBits", {}, { bits: hideBits(host), dtype, shape }) as tf.Tensor;
  return tf.tensor(expandBits(host ?? new Uint16Array(0), dtype), shape);
}

/** In a function, because the engine looks for tensors in the attributes of a kernel, and in every element of an array. */
const hideBits = (bits: Uint16Array | undefined): tf.NamedAttrMap[string] =>
  (() => bits) as unknown as tf.NamedAttrMap[string];

/** The weight as a tensor: itself, or expanded into the scope that is open. */
export const denseWeight = <T extends tf.Tensor>(weight: Weight<T>): T =>
  isStored(weight) ? (expand(weight) as T) : weight;

/**
 * Runs `compute`, which is synchronous, while dense tensors stand for stored ones: what is computed with the stored ones is
 * then a function of the dense ones, and gradients reach them.
 * @param pairs Tensors that are not stored may be among them; they stand for themselves.
 */
export function withStands<T>(pairs: Iterable<readonly [Weight, tf.Tensor]>, compute: () => T): T {
  const before = stands;
  const map = new Map(before);
  for (const [weight, dense] of pairs) if (isStored(weight)) map.set(weight.identity, dense);
  stands = map;
  try {
    return compute();
  } finally {
    stands = before;
  }
}

/** Columns of a tensor that is on the host, `[…, count]`, for pieces that a kernel can bind. */
export function expandColumns(stored: StoredTensor, begin: number, count: number): tf.Tensor {
  const { host, shape } = stored;
  if (!host) throw new Error("Only a tensor on the host is expanded in pieces.");
  const columns = shape.at(-1) ?? 1;
  const rows = stored.size / columns;
  const part = host instanceof Float32Array ? new Float32Array(rows * count) : new Uint16Array(rows * count);
  for (let row = 0; row < rows; row++) {
    const from = row * columns + begin;
    part.set(host.subarray(from, from + count), row * count);
  }
  const values = part instanceof Float32Array ? part : expandBits(part, stored.dtype);
  return tf.tensor(values, [...shape.slice(0, -1), count]);
}
