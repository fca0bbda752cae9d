import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
import { bytesSource, type ByteSource } from "../../../src/diffusion/weights/byte-source.ts";
import { disposeWeights } from "../../../src/diffusion/weights/dispose.ts";
import { loadWeights } from "../../../src/diffusion/weights/load-weights.ts";
import type { ParameterSpec } from "../../../src/diffusion/weights/parameters.ts";
import { readSafetensorsHeader, serializeSafetensors } from "../../../src/diffusion/weights/safetensors.ts";
import { readTensorSlices } from "../../../src/diffusion/weights/tensor-slices.ts";

const values = Float32Array.from({ length: 1000 }, (_, i) => i);
const bytes = serializeSafetensors([
  { name: "kernel", shape: [10, 100], data: values },
  { name: "bias", shape: [3], data: Float32Array.of(1, 2, 3) },
]);
const specs: ParameterSpec[] = [
  { name: "kernel", kind: "linear", shape: [10, 100], init: { kind: "zeros" } },
  { name: "bias", kind: "vector", shape: [3], init: { kind: "zeros" } },
];

/** Counts the slices of `kernel` that were asked for and not yet given back. */
function counting(): ByteSource & { reads: number } {
  const inner = bytesSource("model.safetensors", bytes);
  const source = {
    ...inner,
    reads: 0,
    read: (offset: number, length: number) => {
      source.reads += 1;
      return inner.read(offset, length);
    },
  };
  return source;
}

async function entryOf(source: ByteSource, name: string) {
  const entry = (await readSafetensorsHeader(source)).tensors.get(name);
  if (!entry) throw new Error(name);
  return entry;
}

beforeAll(async () => {
  await tf.setBackend("cpu");
});

describe("a tensor as slices", () => {
  test.each([1, 7, 400, 3999, 4000, 1e6])(
    "is whole and in order in slices of %i bytes",
    async (sliceBytes) => {
      const source = counting();
      const entry = await entryOf(source, "kernel");
      const read: number[] = [];
      for await (const slice of readTensorSlices(source, entry, { sliceBytes })) {
        expect(slice.begin).toBe(read.length * 4);
        read.push(
          ...new Float32Array(slice.bytes.buffer, slice.bytes.byteOffset, slice.bytes.byteLength / 4),
        );
      }
      expect(read).toEqual([...values]);
    },
  );

  test("is read one slice ahead and no further, and not beyond where the reader stops", async () => {
    const source = counting();
    const entry = await entryOf(source, "kernel");
    const before = source.reads;
    let taken = 0;
    for await (const slice of readTensorSlices(source, entry, { sliceBytes: 400 })) {
      taken += 1;
      await new Promise((resolve) => setTimeout(resolve, 2));
      expect(source.reads - before, `after slice at ${String(slice.begin)}`).toBe(taken + 1);
      if (taken === 3) break;
    }
    expect(source.reads - before).toBe(4);
  });

  test("that cannot be read is an error with file, tensor and place", async () => {
    const source = counting();
    const entry = await entryOf(source, "kernel");
    const broken: ByteSource = {
      ...source,
      read: (offset, length) =>
        offset >= entry.offset + 800
          ? Promise.reject(new Error("The disk was pulled out."))
          : source.read(offset, length),
    };
    const read = async () => {
      for await (const slice of readTensorSlices(broken, entry, { sliceBytes: 400 })) void slice;
    };
    await expect(read()).rejects.toThrow(
      '"model.safetensors": tensor "kernel" could not be read at byte 800 of 4000. The disk was pulled out.',
    );
  });
});

describe("loading", () => {
  test("hands slices to an upload after every name was checked, and takes the rest itself", async () => {
    const source = counting();
    const uploaded: number[] = [];
    const weights = await loadWeights(source, specs, {
      upload: async ({ spec }, slices) => {
        if (spec.kind === "vector") return undefined;
        for await (const slice of slices) uploaded.push(slice.bytes.byteLength);
        return tf.scalar(7);
      },
    });
    expect(uploaded).toEqual([4000]);
    expect(await weights["kernel"]?.data()).toEqual(Float32Array.of(7));
    expect(await weights["bias"]?.data()).toEqual(Float32Array.of(1, 2, 3));
    disposeWeights(weights);
  });

  test("prepares a source once, and only when the file fits the model", async () => {
    let prepared = 0;
    const source = { ...counting(), prepare: () => Promise.resolve(void (prepared += 1)) };
    const other = specs.map((spec) => ({ ...spec, shape: [10, 99] }));
    await expect(loadWeights(source, other)).rejects.toThrow("does not fit");
    expect(prepared).toBe(0);
    disposeWeights(await loadWeights(source, specs));
    expect(prepared).toBe(1);
  });
});
