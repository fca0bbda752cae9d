import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { decodePicture } from "../../src/diffusion/datasets/decode-picture.ts";
import { encodePng } from "../../src/nodes/image/encode.ts";
import { readPixels } from "../../src/nodes/image/pixels.ts";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

const gradient = (width: number, height: number): Uint8ClampedArray =>
  Uint8ClampedArray.from({ length: width * height * 4 }, (_, i) => (i % 4 === 3 ? 255 : (i * 7) % 256));

const reread = (bytes: Uint8Array) => {
  const { width, height, rgba } = decodePicture("x.png", bytes);
  return { width, height, rgba: new Uint8ClampedArray(rgba) };
};

describe("picture files", () => {
  it("PNG: what is encoded comes back to the bit, opaque or not", () => {
    const opaque = { width: 5, height: 3, rgba: gradient(5, 3) };
    expect(reread(encodePng(opaque))).toEqual(opaque);
    const clear = { ...opaque, rgba: opaque.rgba.map((value, i) => (i % 4 === 3 ? i : value)) };
    expect(reread(encodePng(clear))).toEqual(clear);
  });
});

describe("reading a batch of pictures back", () => {
  it("lays it out row by row with a gap of one pixel, and clips", async () => {
    const images = tf.tensor4d([0, 1, 2, -1], [4, 1, 1, 1]);
    const { width, height, rgba } = await readPixels(images);
    expect([width, height]).toEqual([3, 3]);
    const red = [...rgba].filter((_, i) => i % 4 === 0);
    expect([red[0], red[2], red[6], red[8]]).toEqual([0, 255, 255, 0]);
    images.dispose();
  });
});
