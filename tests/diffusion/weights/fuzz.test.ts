import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
import type { ByteSource } from "../../../src/diffusion/weights/byte-source.ts";
import { disposeWeights } from "../../../src/diffusion/weights/dispose.ts";
import { loadWeights } from "../../../src/diffusion/weights/load-weights.ts";
import type { ParameterSpec } from "../../../src/diffusion/weights/parameters.ts";
import { serializeSafetensors } from "../../../src/diffusion/weights/safetensors.ts";
import { TorchGenerator } from "../../../src/tensor/torch-generator.ts";

const NAME = "hostile.safetensors";
const specs: ParameterSpec[] = [
  { name: "conv.weight", kind: "conv", shape: [4, 3, 3, 3], init: { kind: "zeros" } },
  { name: "linear.weight", kind: "linear", shape: [5, 7], init: { kind: "zeros" } },
  { name: "norm.weight", kind: "vector", shape: [6], init: { kind: "zeros" } },
];
const valid = serializeSafetensors(
  specs.map(({ name, shape }) => ({
    name,
    shape,
    data: new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(0.5),
  })),
);
const headerEnd = 8 + Number(new DataView(valid.buffer).getBigUint64(0, true));

/** Remembers the largest read: nothing may be asked for, and so allocated, beyond the file. */
function watched(bytes: Uint8Array): ByteSource & { largest: number; reads: number } {
  const source = {
    name: NAME,
    size: bytes.length,
    largest: 0,
    reads: 0,
    read: (offset: number, length: number): Promise<Uint8Array> => {
      source.largest = Math.max(source.largest, length);
      source.reads += 1;
      return Promise.resolve(bytes.slice(offset, offset + length));
    },
  };
  return source;
}

/** Loads; the error, or undefined if all went well. Every error has to name the file, and the reads stay within it. */
async function refusal(bytes: Uint8Array): Promise<string | undefined> {
  const source = watched(bytes);
  const before = tf.memory().numTensors;
  let message: string | undefined;
  try {
    disposeWeights(await loadWeights(source, specs));
  } catch (error) {
    message = (error as Error).message;
    expect(message).toContain(NAME);
  }
  expect(tf.memory().numTensors, "tensors left behind").toBe(before);
  expect(source.largest).toBeLessThanOrEqual(bytes.length);
  expect(source.reads).toBeLessThan(20);
  return message;
}

beforeAll(async () => {
  await tf.setBackend("cpu");
});

describe("hostile files", () => {
  const generator = TorchGenerator.fromSeed(2026);
  const below = (limit: number): number => Math.floor((generator.rand(1)[0] ?? 0) * limit);
  const pick = <T>(items: readonly T[]): T => items[below(items.length)] as T;
  const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  const withHeader = (text: string): Uint8Array => {
    const header = new TextEncoder().encode(text);
    const bytes = new Uint8Array(8 + header.length + valid.length - headerEnd);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
    bytes.set(header, 8);
    bytes.set(valid.subarray(headerEnd), 8 + header.length);
    return bytes;
  };
  const text = decode(valid.subarray(8, headerEnd));
  const NUMBERS = [
    "0",
    "-1",
    "1e9",
    "1e308",
    "4294967296",
    "9007199254740993",
    "0.5",
    "null",
    "[]",
    '"4"',
    "NaN",
  ];
  const mutations: Readonly<Record<string, () => Uint8Array>> = {
    "bytes of the header": () => {
      const bytes = valid.slice();
      for (let i = 0; i <= below(4); i++) bytes[below(headerEnd)] = below(256);
      return bytes;
    },
    "a number": () => {
      const places = [...text.matchAll(/\d+/g)];
      const at = pick(places);
      return withHeader(text.slice(0, at.index) + pick(NUMBERS) + text.slice(at.index + at[0].length));
    },
    "a part of the text twice": () => {
      const from = below(text.length);
      const part = text.slice(from, from + 1 + below(60));
      return withHeader(text.slice(0, from) + part + text.slice(from));
    },
    "a part of the text missing": () => {
      const from = below(text.length);
      return withHeader(text.slice(0, from) + text.slice(from + 1 + below(60)));
    },
    "a word": () =>
      withHeader(
        text.replace(
          pick(["F32", "shape", "dtype", "data_offsets", "conv.weight", "norm.weight"]),
          pick(["F64", "BOOL", "__proto__", "__metadata__", "constructor", "", "\\u0000", "norm.weight"]),
        ),
      ),
    "the length of the header": () => {
      const bytes = valid.slice();
      const length = pick([0n, 1n, 7n, BigInt(headerEnd), BigInt(valid.length), 1n << 40n, (1n << 64n) - 1n]);
      new DataView(bytes.buffer).setBigUint64(0, length, true);
      return bytes;
    },
    "the end": () => valid.slice(0, below(valid.length)),
    "deep nesting": () => withHeader("[".repeat(1 + below(20_000))),
  };

  test("2,000 fuzzed headers are refused by name or load as they are; none reads beyond the file, none hangs", async () => {
    const kinds = Object.keys(mutations);
    const refused = new Map<string, number>();
    for (let i = 0; i < 2000; i++) {
      const kind = kinds[i % kinds.length] ?? "";
      const bytes = mutations[kind]?.() ?? valid;
      if ((await refusal(bytes)) !== undefined) refused.set(kind, (refused.get(kind) ?? 0) + 1);
    }
    // Each kind of damage is mostly fatal: a fuzzer that changes nothing would show here.
    for (const kind of kinds) expect(refused.get(kind) ?? 0, kind).toBeGreaterThan(100);
  }, 60_000);

  test("every truncation is refused", async () => {
    for (let length = 0; length < valid.length; length += 3)
      expect(await refusal(valid.slice(0, length)), String(length)).toBeDefined();
    expect(await refusal(valid)).toBeUndefined();
  });

  test.each([
    [
      "a pickle in a zip, as torch.save writes it",
      "PK\u0003\u0004\u0000\u0000\u0008\u0008archive/data.pkl",
      /is a pickle of PyTorch/,
    ],
    ["an old pickle", "\u0080\u0002}q\u0000(X\u0005\u0000\u0000\u0000model", /is a pickle of PyTorch/],
    ["a Git LFS pointer", "version https://git-lfs.github.com/spec/v1", /Git LFS pointer/],
    ["a web page", "<!doctype html><title>Sign in</title>", /is a web page/],
    ["another format", "GGUF\u0003\u0000\u0000\u0000\u0000\u0000\u0000\u0000", /GGUF/],
  ])("%s is refused for what it is", async (_, content, message) => {
    expect(await refusal(Uint8Array.from(content, (char) => char.charCodeAt(0)))).toMatch(message);
  });

  test("what does not match the config is refused by tensor, all at once", async () => {
    const other = serializeSafetensors([
      { name: "conv.weight", shape: [4, 3, 1, 1], data: new Float32Array(12) },
      { name: "linear.weight", shape: [5, 7], data: new Int32Array(35) },
      { name: "extra", shape: [1], data: new Float32Array(1) },
    ]);
    const message = await refusal(other);
    expect(message).toContain('"conv.weight" has shape [4, 3, 1, 1]; the config asks for [4, 3, 3, 3]');
    expect(message).toContain('"linear.weight" is I32');
    expect(message).toContain('"norm.weight" [6] is missing');
    expect(message).toContain('"extra" is not a parameter of this model');
  });

  test.each([NaN, Infinity])("%d in a norm is refused by tensor", async (value) => {
    const bytes = valid.slice();
    new DataView(bytes.buffer).setFloat32(bytes.length - 4, value, true);
    expect(await refusal(bytes)).toMatch(/tensor "norm\.weight" holds NaN or infinity/);
  });
});
