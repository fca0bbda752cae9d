import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs";
import { bytesSource, type ByteSource } from "../../../src/diffusion/weights/byte-source.ts";
import { readSafetensorsHeader, readTensor } from "../../../src/diffusion/weights/safetensors.ts";

/** Path of a file under tests/golden. */
export const goldenPath = (path: string): string =>
  fileURLToPath(new URL(`../../golden/${path}`, import.meta.url));

export async function goldenSource(path: string): Promise<ByteSource> {
  return bytesSource(path, new Uint8Array(await readFile(goldenPath(path))));
}

export async function goldenJson<T>(path: string): Promise<T> {
  return JSON.parse(await readFile(goldenPath(path), "utf8")) as T;
}

export interface GoldenArray {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Every array of a golden file, in torch's layout, and the facts in its metadata. */
export async function readGolden<F>(
  path: string,
): Promise<{ arrays: Record<string, GoldenArray>; facts: F }> {
  const source = await goldenSource(path);
  const { tensors, metadata } = await readSafetensorsHeader(source);
  const arrays: Record<string, GoldenArray> = {};
  for (const entry of tensors.values()) {
    arrays[entry.name] = { shape: entry.shape, values: Float32Array.from(await readTensor(source, entry)) };
  }
  return { arrays, facts: JSON.parse(metadata["golden"] ?? "null") as F };
}

/** One array of a golden. @throws when it is not there. */
export function take(arrays: Record<string, GoldenArray>, name: string): GoldenArray {
  const array = arrays[name];
  if (!array) throw new Error(`The golden has no "${name}".`);
  return array;
}

/** NCHW pictures of a golden as an NHWC tensor. */
export function pictures({ shape, values }: GoldenArray): tf.Tensor4D {
  return tf.tidy(() =>
    tf.transpose(tf.tensor4d(values, shape as [number, number, number, number]), [0, 2, 3, 1]),
  );
}

/** max|a − b| / max|b|, of a tensor in this project's layout and a golden in torch's. */
export async function pictureError(actual: tf.Tensor4D, expected: GoldenArray): Promise<number> {
  const nchw = tf.transpose(actual, [0, 3, 1, 2]);
  const shape = nchw.shape;
  const values = await nchw.data();
  nchw.dispose();
  if (shape.join() !== expected.shape.join())
    throw new Error(`shape [${shape.join()}], expected [${expected.shape.join()}]`);
  return relativeError(values, expected.values);
}

/** max|a − b| / max|b|; NaN counts as infinitely wrong. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity;
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const distance = Math.abs((actual[i] ?? NaN) - (expected[i] ?? NaN));
    if (Number.isNaN(distance)) return Infinity;
    difference = Math.max(difference, distance);
    largest = Math.max(largest, Math.abs(expected[i] ?? 0));
  }
  return largest === 0 ? difference : difference / largest;
}
