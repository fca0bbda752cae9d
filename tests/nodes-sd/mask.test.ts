import { encode } from "fast-png";
import { describe, expect, it } from "vitest";
import { golden } from "../graphs/tiny-pipelines.ts";
import { runArrays, runNodes, type SmallGraph } from "./run-nodes.ts";

const dataUrl = (png: Uint8Array): string => `data:image/png;base64,${Buffer.from(png).toString("base64")}`;

/** Gray of 8 bits, one value a pixel. */
const painted = (width: number, height: number, values: readonly number[]): string =>
  dataUrl(encode({ width, height, data: Uint8Array.from(values), channels: 1, depth: 8 }));

const graph = (params: Readonly<Record<string, unknown>>, ...edges: readonly string[]): SmallGraph => ({
  nodes: {
    picture: ["image/load", { source: golden("picture.png") }],
    small: ["image/resize", { width: 6, height: 5 }],
    mask: ["image/mask", params],
  },
  edges: ["picture.image -> small.image", ...edges],
});

/** 3 wide, 2 high; 127 is just below the default threshold, 128 just above. */
const SIX = painted(3, 2, [255, 127, 0, 128, 0, 255]);

describe("painted masks", () => {
  it("keep their own size when no picture says another, and are black and white by the threshold", async () => {
    const [mask] = await runArrays(graph({ painted: SIX }), "mask.mask");
    expect(mask?.shape).toEqual([1, 2, 3, 1]);
    expect([...(mask?.values ?? [])]).toEqual([1, 0, 0, 1, 0, 1]);
    const [strict] = await runArrays(graph({ painted: SIX, threshold: 0.9, invert: true }), "mask.mask");
    expect([...(strict?.values ?? [])]).toEqual([0, 1, 1, 1, 1, 0]);
  });

  it("are fitted to a picture by the nearest pixel, and win over the rectangle", async () => {
    const rectangle = { left: 0, top: 0, right: 1, bottom: 1 };
    const [mask] = await runArrays(
      graph({ painted: SIX, ...rectangle }, "small.image -> mask.like"),
      "mask.mask",
    );
    expect(mask?.shape).toEqual([1, 5, 6, 1]);
    const upper = [1, 1, 0, 0, 0, 0];
    const lower = [1, 1, 0, 0, 1, 1];
    // The middle of the third row of five lies on the border of the two: it belongs to the lower one.
    expect([...(mask?.values ?? [])]).toEqual([...upper, ...upper, ...lower, ...lower, ...lower]);
  });

  it("give way to a wired picture", async () => {
    const wires = ["small.image -> mask.image", "small.image -> mask.like"];
    const [both] = await runArrays(graph({ painted: SIX }, ...wires), "mask.mask");
    const [alone] = await runArrays(graph({}, ...wires), "mask.mask");
    expect(both).toEqual(alone);
  });

  it("count what is transparent as black", async () => {
    const data = Uint8Array.from([255, 255, 255, 255, 255, 255, 255, 0]);
    const url = dataUrl(encode({ width: 2, height: 1, data, channels: 4, depth: 8 }));
    const [mask] = await runArrays(graph({ painted: url }), "mask.mask");
    expect([...(mask?.values ?? [])]).toEqual([1, 0]);
  });

  it.each([
    ["text", "a cat"],
    ["a JPEG", "data:image/jpeg;base64,/9j/4AAQSkZJRg=="],
    ["other bytes that say PNG", "data:image/png;base64,/9j/4AAQSkZJRg=="],
    ["an address", "https://example.org/mask.png"],
  ])("are refused by name when they are %s", async (_, url) => {
    await expect(runNodes(graph({ painted: url }), ["mask.mask"])).rejects.toThrow(
      /Node "mask".*painted is not a PNG as a data URL/,
    );
  });

  it("are refused by name when they are damaged", async () => {
    const noBase64 = `${SIX.slice(0, 60)}!${SIX.slice(61)}`;
    await expect(runNodes(graph({ painted: noBase64 }), ["mask.mask"])).rejects.toThrow(
      /Node "mask".*painted is damaged: .* not base64/,
    );
    await expect(runNodes(graph({ painted: SIX.slice(0, 70) }), ["mask.mask"])).rejects.toThrow(
      /Node "mask".*"painted" cannot be decoded/,
    );
  });

  it("are refused by name over 4 MB", async () => {
    const limit = (4 * 2 ** 20 * 4) / 3;
    const long = SIX + "A".repeat(limit);
    await expect(runNodes(graph({ painted: long }), ["mask.mask"])).rejects.toThrow(
      /Node "mask".*painted is over 4 MB/,
    );
  });
});
