import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs";
import type { SamplingOptions } from "../../../src/diffusion/schedulers/index.ts";

/** One recorded sampling loop of diffusers; see make.py beside the data. */
export interface GoldenCase {
  readonly key: string;
  readonly title: string;
  readonly config: Readonly<Record<string, unknown>> & { readonly _class_name: string };
  readonly steps: number;
  readonly options: SamplingOptions;
  readonly strength: number | null;
  readonly seed: number;
  /** Every how many steps the arrays were kept. */
  readonly keep: number;
  readonly timesteps: readonly number[];
  readonly sigmas: readonly number[] | null;
  readonly initNoiseSigma: number;
}

interface GoldenFile {
  readonly shape: readonly [batch: number, channels: number, height: number, width: number];
  readonly cases: readonly GoldenCase[];
  readonly forward: readonly { readonly className: string; readonly timesteps: readonly number[] }[];
  /** The text of each default scheduler_config.json. */
  readonly defaultConfigs: Readonly<Record<string, string>>;
  readonly quantiles: readonly (readonly [p: number, x: number])[];
  readonly schedules: readonly { readonly key: string; readonly config: Readonly<Record<string, unknown>> }[];
}

interface Header {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

const folder = new URL("../../golden/schedulers/", import.meta.url);
export const golden = JSON.parse(readFileSync(new URL("cases.json", folder), "utf8")) as GoldenFile;

const file = readFileSync(new URL("golden.safetensors", folder));
const headerLength = Number(file.readBigUInt64LE(0));
const headers = JSON.parse(file.subarray(8, 8 + headerLength).toString("utf8")) as Record<string, Header>;

/** A recorded array as torch laid it out. */
export function array(name: string): { readonly values: Float32Array; readonly shape: readonly number[] } {
  const header = headers[name];
  if (header?.dtype !== "F32") throw new Error(`The goldens have no float32 array "${name}".`);
  const [from, to] = header.data_offsets;
  const bytes = file.subarray(8 + headerLength + from, 8 + headerLength + to);
  return {
    values: new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)),
    shape: header.shape,
  };
}

export const hasArray = (name: string): boolean => name in headers;

/** Entry `index` of a recorded stack of NCHW arrays, as NHWC values. */
export function nhwc(name: string, index?: number): Float32Array {
  const { values, shape } = array(name);
  const [batch = 1, channels = 1, height = 1, width = 1] = shape.slice(-4);
  const size = batch * channels * height * width;
  const begin = (index ?? 0) * size;
  const out = new Float32Array(size);
  let place = 0;
  for (let n = 0; n < batch; n += 1)
    for (let y = 0; y < height; y += 1)
      for (let x = 0; x < width; x += 1)
        for (let c = 0; c < channels; c += 1)
          out[place++] = values[begin + ((n * channels + c) * height + y) * width + x] ?? NaN;
  return out;
}

const [batch, channels, height, width] = golden.shape;
export const shape: [number, number, number, number] = [batch, height, width, channels];

export const tensorOf = (name: string, index?: number): tf.Tensor4D => tf.tensor4d(nhwc(name, index), shape);

/** max|a−b| / max|b|. NaN counts as infinitely wrong. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity;
  let difference = 0;
  let scale = 0;
  for (let i = 0; i < expected.length; i += 1) {
    const gap = Math.abs((actual[i] ?? NaN) - (expected[i] ?? NaN));
    if (Number.isNaN(gap)) return Infinity;
    difference = Math.max(difference, gap);
    scale = Math.max(scale, Math.abs(expected[i] ?? NaN));
  }
  return difference === 0 ? 0 : difference / scale;
}
