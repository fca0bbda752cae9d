import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { decodePicture } from "../../../src/diffusion/datasets/decode-picture.ts";
import { imageDataset, loadImageFolder } from "../../../src/diffusion/datasets/image-folder.ts";
import { resizeAndCrop, resizeBilinear, type Raster } from "../../../src/diffusion/datasets/resize.ts";
import { bytesSource } from "../../../src/diffusion/weights/byte-source.ts";
import { goldenPath, readGolden, take } from "../support/golden.ts";

const { arrays } = await readGolden("datasets/pictures.safetensors");
const file = async (name: string): Promise<Uint8Array> =>
  new Uint8Array(await readFile(goldenPath(`datasets/${name}`)));
const largestDifference = (actual: ArrayLike<number>, expected: ArrayLike<number>): number =>
  actual.length === expected.length
    ? Math.max(...Array.from(actual, (value, i) => Math.abs(value - (expected[i] ?? NaN))))
    : Infinity;

describe("decoding is Pillow's", () => {
  test.each([
    "rgb.png",
    "rgba.png",
    "gray.png",
    "gray-alpha.png",
    "one-bit.png",
    "sixteen-bit.png",
    "indexed-4-bit.png",
    "color-key.png",
  ])("%s", async (name) => {
    const picture = decodePicture(name, await file(name));
    expect([picture.height, picture.width, 4]).toEqual(take(arrays, name).shape);
    expect(largestDifference(picture.rgba, take(arrays, name).values)).toBe(0);
  });

  test("rgb.jpg, to the rounding of its transform", async () => {
    const picture = decodePicture("rgb.jpg", await file("rgb.jpg"));
    expect(largestDifference(picture.rgba, take(arrays, "rgb.jpg").values)).toBeLessThanOrEqual(3);
  });

  test("other files, damaged ones and huge ones are refused by name", async () => {
    const png = await file("rgb.png");
    expect(() => decodePicture("a.gif", new TextEncoder().encode("GIF89a"))).toThrow(/"a\.gif" is neither/);
    expect(() => decodePicture("cut.png", png.slice(0, 200))).toThrow(/"cut\.png" cannot be decoded/);
    expect(() => decodePicture("cut.jpg", Uint8Array.of(0xff, 0xd8, 0xff, 0xe0))).toThrow(
      /"cut\.jpg" cannot be decoded/,
    );
    const huge = png.slice();
    new DataView(huge.buffer).setUint32(16, 1_000_000_000);
    expect(() => decodePicture("huge.png", huge)).toThrow(
      /"huge\.png" cannot be decoded: it has 17000000000 pixels/,
    );
  });
});

describe("resizing is Pillow's", () => {
  const rgb = async (): Promise<Raster> => {
    const { width, height, rgba } = decodePicture("rgb.png", await file("rgb.png"));
    return { width, height, channels: 3, data: rgba.filter((_, i) => i % 4 !== 3) };
  };

  test.each<[string, typeof resizeBilinear]>([
    ["shrink", resizeBilinear],
    ["grow", resizeBilinear],
    ["mixed", resizeBilinear],
    ["crop-square", resizeAndCrop],
    ["crop-tall", resizeAndCrop],
    ["crop-larger", resizeAndCrop],
  ])("%s", async (name, resize) => {
    const expected = take(arrays, name);
    const [height = 0, width = 0] = expected.shape;
    const resized = resize(await rgb(), width, height);
    expect([resized.height, resized.width]).toEqual([height, width]);
    // Pillow weighs with 8-bit fixed-point numbers.
    expect(largestDifference(resized.data, expected.values)).toBeLessThanOrEqual(1);
  });
});

describe("a folder of pictures", () => {
  const pixel = (r: number, g: number, b: number, a: number) => ({
    width: 1,
    height: 1,
    rgba: Uint8Array.of(r, g, b, a),
  });

  test("becomes a data set of one size, with classes in order of their names", async () => {
    const names = ["rgb.png", "gray.png", "rgb.jpg"];
    const files = await Promise.all(
      names.map(async (name, i) => ({
        source: bytesSource(name, await file(name)),
        className: i === 1 ? "bee" : "cat",
      })),
    );
    const progress: number[] = [];
    const dataset = await loadImageFolder("animals", files, { width: 8, height: 8, color: "rgb" }, (done) =>
      progress.push(done),
    );
    expect(dataset).toMatchObject({
      name: "animals",
      count: 3,
      width: 8,
      height: 8,
      channels: 3,
      classNames: ["bee", "cat"],
    });
    expect(Array.from(dataset.labels ?? [])).toEqual([1, 0, 1]);
    expect(progress).toEqual([1, 2, 3]);
    expect(
      largestDifference(dataset.images.slice(0, 192), take(arrays, "crop-square").values),
    ).toBeLessThanOrEqual(1);
  });

  test("gray is luma; transparent parts lie on the background", () => {
    const pictures = [{ picture: pixel(255, 0, 0, 255) }, { picture: pixel(0, 0, 255, 0) }];
    expect(Array.from(imageDataset("x", pictures, { width: 1, height: 1, color: "gray" }).images)).toEqual([
      76, 255,
    ]);
    const black = imageDataset("x", pictures, { width: 1, height: 1, color: "rgb", background: [0, 9, 0] });
    expect(Array.from(black.images)).toEqual([255, 0, 0, 0, 9, 0]);
    expect(black.labels).toBeUndefined();
  });

  test("stretches when asked", () => {
    const wide = {
      width: 4,
      height: 1,
      rgba: Uint8Array.from([0, 0, 0, 255, 0, 0, 0, 255, 200, 200, 200, 255, 200, 200, 200, 255]),
    };
    const options = { width: 2, height: 1, color: "gray", fit: "stretch" } as const;
    const images = imageDataset("x", [{ picture: wide }], options).images;
    expect(images[0]).toBeLessThan(images[1] ?? 0);
    expect(images).toHaveLength(2);
  });

  test("an empty folder and a broken picture are named", async () => {
    const options = { width: 2, height: 2, color: "rgb" } as const;
    expect(() => imageDataset("nothing", [], options)).toThrow(/"nothing" holds no PNG or JPEG/);
    const broken = [{ source: bytesSource("broken.png", (await file("rgb.png")).slice(0, 99)) }];
    await expect(loadImageFolder("x", broken, options)).rejects.toThrow(/"broken\.png"/);
  });
});
