import { beforeAll, describe, expect, test } from "vitest";
import { drawFlips, epochBatches } from "../../../src/diffusion/datasets/batches.ts";
import { takeBatch, takeLabels, type Dataset } from "../../../src/diffusion/datasets/dataset.ts";
import { initRuntime } from "../../../src/tensor/runtime.ts";
import { TorchGenerator } from "../../../src/tensor/torch-generator.ts";

/** Two pictures of 2×3 pixels in two channels. */
const dataset: Dataset = {
  name: "two",
  count: 2,
  height: 2,
  width: 3,
  channels: 2,
  images: Uint8Array.from({ length: 24 }, (_, i) => i * 10),
};

beforeAll(async () => {
  await initRuntime({ backend: "cpu" });
});

describe("batches of pictures", () => {
  test("in the order of the indices, from -1 to 1 or from 0 to 1", async () => {
    const batch = takeBatch(dataset, [1, 0, 1]);
    expect(batch.shape).toEqual([3, 2, 3, 2]);
    const expected = [
      ...dataset.images.slice(12),
      ...dataset.images.slice(0, 12),
      ...dataset.images.slice(12),
    ];
    expect(await batch.data()).toEqual(
      Float32Array.from(expected, (value) => Math.fround(value) * (2 / 255) - 1),
    );
    expect(await takeBatch(dataset, [0], { range: "zero-one" }).data()).toEqual(
      Float32Array.from(dataset.images.slice(0, 12), (value) => value / 255),
    );
  });

  test("0 is exactly -1, 255 is exactly 1", async () => {
    const extremes = { ...dataset, images: Uint8Array.from({ length: 24 }, (_, i) => (i % 2) * 255) };
    expect(Array.from(await takeBatch(extremes, [0]).data()).slice(0, 2)).toEqual([-1, 1]);
  });

  test("mirrored left to right where asked, channels kept", async () => {
    const batch = takeBatch(dataset, [0, 0], { range: "zero-one", flips: [false, true] });
    const bytes = Array.from(await batch.data(), (value) => Math.round(value * 255));
    expect(bytes.slice(0, 12)).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110]);
    expect(bytes.slice(12)).toEqual([40, 50, 20, 30, 0, 10, 100, 110, 80, 90, 60, 70]);
  });

  test("faults are named", () => {
    expect(() => takeBatch(dataset, [2])).toThrow(/"two" has pictures 0 to 1; 2 is none/);
    expect(() => takeBatch(dataset, [0.5])).toThrow(/0\.5/);
    expect(() => takeBatch(dataset, [0, 1], { flips: [true] })).toThrow(/1 flips for 2 pictures/);
    expect(() => takeLabels(dataset, [0])).toThrow(/"two" has no labels/);
    expect(() => epochBatches(3, { batchSize: 0 })).toThrow(/Batch size 0/);
  });
});

describe("batches of an epoch", () => {
  test("hold every picture once; the last is kept or dropped", () => {
    expect(epochBatches(5, { batchSize: 2 })).toEqual([[0, 1], [2, 3], [4]]);
    expect(epochBatches(5, { batchSize: 2, dropLast: true })).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(epochBatches(4, { batchSize: 2, dropLast: true })).toHaveLength(2);
  });

  test("are shuffled as torch.randperm says, anew each epoch", () => {
    const generator = TorchGenerator.fromSeed(3);
    const first = epochBatches(10, { batchSize: 4, generator }).flat();
    const second = epochBatches(10, { batchSize: 4, generator }).flat();
    expect(first).toEqual(TorchGenerator.fromSeed(3).randperm(10));
    expect(second).not.toEqual(first);
    expect([...second].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test("flips are the seed's, about as often as asked", () => {
    const flips = drawFlips(TorchGenerator.fromSeed(1), 1000, 0.25);
    expect(flips).toEqual(drawFlips(TorchGenerator.fromSeed(1), 1000, 0.25));
    expect(flips.filter(Boolean).length).toBeGreaterThan(200);
    expect(flips.filter(Boolean).length).toBeLessThan(300);
  });
});
