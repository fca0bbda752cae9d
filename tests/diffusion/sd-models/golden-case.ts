import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs";
import { bytesSource, type ByteSource } from "../../../src/diffusion/weights/byte-source.ts";
import { readSafetensorsHeader, readTensor } from "../../../src/diffusion/weights/safetensors.ts";

/** One folder of the goldens: config and weights as the Python library saved them, inputs and outputs beside them. */
export interface GoldenCase {
  readonly config: Readonly<Record<string, unknown>>;
  readonly weights: ByteSource;
  readonly meta: Readonly<Record<string, unknown>>;
  /** In torch's order of axes. */
  readonly arrays: ReadonlyMap<string, GoldenArray>;
}

export interface GoldenArray {
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array;
}

const folderOf = (area: string, name: string): URL =>
  new URL(`../../golden/${area}/${name}/`, import.meta.url);

export async function readArrays(file: URL): Promise<Pick<GoldenCase, "arrays" | "meta">> {
  const source = bytesSource(file.pathname, readFileSync(file));
  const { tensors, metadata } = await readSafetensorsHeader(source);
  const arrays = new Map<string, GoldenArray>();
  for (const entry of tensors.values()) {
    arrays.set(entry.name, { shape: entry.shape, values: await readTensor(source, entry) });
  }
  return { arrays, meta: JSON.parse(metadata["meta"] ?? "{}") as Record<string, unknown> };
}

export async function readCase(name: string, area = "sd-models"): Promise<GoldenCase> {
  const folder = folderOf(area, name);
  const file = /^(clip|depth)/.test(name) ? "model.safetensors" : "diffusion_pytorch_model.safetensors";
  return {
    config: JSON.parse(readFileSync(new URL("config.json", folder), "utf8")) as Record<string, unknown>,
    weights: bytesSource(`${name}/${file}`, readFileSync(new URL(file, folder))),
    ...(await readArrays(new URL("arrays.safetensors", folder))),
  };
}

export function arrayOf(golden: Pick<GoldenCase, "arrays">, name: string): GoldenArray {
  const array = golden.arrays.get(name);
  if (!array) throw new Error(`The golden has no array "${name}"; run its Python script again.`);
  return array;
}

/** Order of the axes of a tensor: `picture` turns torch's NCHW (or OIHW) into NHWC (HWIO), `same` keeps the array's. */
export type Layout = "picture" | "kernel" | "linear" | "same";

const axes = { picture: [0, 2, 3, 1], kernel: [2, 3, 1, 0], linear: [1, 0], same: undefined } as const;

/** The array as a tensor; arrays of rank 4 are pictures unless said otherwise. */
export function tensorOf(golden: Pick<GoldenCase, "arrays">, name: string, layout?: Layout): tf.Tensor {
  const { shape, values } = arrayOf(golden, name);
  const order = axes[layout ?? (shape.length === 4 ? "picture" : "same")];
  return tf.tidy(() => {
    const tensor = tf.tensor(values, [...shape], values instanceof Int32Array ? "int32" : "float32");
    return order ? tf.transpose(tensor, [...order]) : tensor;
  });
}

/** The rows of a rank 2 array. */
export function rowsOf(golden: Pick<GoldenCase, "arrays">, name: string): number[][] {
  const { shape, values } = arrayOf(golden, name);
  const [rows = 0, columns = 0] = shape;
  return Array.from({ length: rows }, (_, row) =>
    Array.from(values.subarray(row * columns, (row + 1) * columns)),
  );
}

/** max|ours − theirs| / max|theirs|; also compares the shapes. */
export async function relativeError(
  ours: tf.Tensor,
  golden: Pick<GoldenCase, "arrays">,
  name: string,
  layout?: Layout,
): Promise<number> {
  const theirs = tensorOf(golden, name, layout);
  if (ours.shape.join() !== theirs.shape.join()) {
    throw new Error(`${name}: ours is [${ours.shape.join()}], the golden [${theirs.shape.join()}].`);
  }
  const [a, b] = await Promise.all([ours.data(), theirs.data()]);
  theirs.dispose();
  let difference = 0;
  let largest = 0;
  b.forEach((value, i) => {
    const delta = Math.abs((a[i] ?? NaN) - value);
    difference = Math.max(difference, Number.isNaN(delta) ? Infinity : delta);
    largest = Math.max(largest, Math.abs(value));
  });
  return difference / largest;
}
