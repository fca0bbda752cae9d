import { describe, expect, it } from "vitest";
import { golden, pipeline } from "../graphs/tiny-pipelines.ts";
import { runArrays, runNodes, type SmallGraph } from "./run-nodes.ts";

const picture = ["image/load", { source: golden("picture.png") }] as const;
const at = (width: number, x: number, y: number): number => y * width + x;

describe("masks", () => {
  const graph = (
    params: Readonly<Record<string, unknown>>,
    wire = "picture.image -> mask.like",
  ): SmallGraph => ({
    nodes: { picture, drawn: ["image/load", { source: golden("mask.png") }], mask: ["image/mask", params] },
    edges: [wire],
  });

  it("are a rectangle in the size of a picture, or its inverse", async () => {
    const sides = { left: 14 / 64, right: 46 / 64, top: 10 / 64, bottom: 38 / 64 };
    const [mask] = await runArrays(graph(sides), "mask.mask");
    const [inverse] = await runArrays(graph({ ...sides, invert: true }), "mask.mask");
    expect(mask?.shape).toEqual([1, 64, 64, 1]);
    expect(mask?.values.reduce((sum, value) => sum + value, 0)).toBe(32 * 28);
    expect(inverse?.values).toEqual(mask?.values.map((value) => 1 - value));
    const [drawn] = await runArrays(graph({}, "drawn.image -> mask.image"), "mask.mask");
    expect(drawn).toEqual(mask);
  });

  it("come from a picture's brightness", async () => {
    const wire = "picture.image -> mask.image";
    const [mask, source] = await runArrays(graph({ threshold: 0.5 }, wire), "mask.mask", "picture.image");
    const [all] = await runArrays(graph({ threshold: 0 }, wire), "mask.mask");
    expect(mask?.values).toEqual(mask?.values.map((_, i) => ((source?.values[i * 3] ?? 0) >= 0.5 ? 1 : 0)));
    expect(all?.values.every((value) => value === 1)).toBe(true);
  });

  it("want something to be made of", async () => {
    const unwired: SmallGraph = { nodes: { mask: ["image/mask"] } };
    await expect(runNodes(unwired, ["mask.mask"])).rejects.toThrow(
      /Node "mask".*neither image nor like is wired/,
    );
  });

  it("cut their part out of a picture as middle gray", async () => {
    const { nodes, edges } = graph({});
    const [cut, source] = await runArrays(
      {
        nodes: { ...nodes, cut: ["image/cut-out"] },
        edges: [...(edges ?? []), "picture.image -> cut.image", "mask.mask -> cut.mask"],
      },
      "cut.image",
      "picture.image",
    );
    const inside = at(64, 32, 32) * 3;
    const outside = at(64, 3, 60) * 3;
    expect(cut?.values[inside]).toBe(0.5);
    expect(cut?.values[outside]).toBeCloseTo(source?.values[outside] ?? Number.NaN, 6);
  });
});

describe("a mask of another size than its picture", () => {
  it("is refused by its port", async () => {
    const graph: SmallGraph = {
      nodes: {
        picture,
        small: ["image/resize", { height: 32, width: 64 }],
        mask: ["image/mask"],
        cut: ["image/cut-out"],
      },
      edges: [
        "picture.image -> small.image",
        "small.image -> mask.like",
        "picture.image -> cut.image",
        "mask.mask -> cut.mask",
      ],
    };
    await expect(runNodes(graph, ["cut.image"])).rejects.toThrow(/Node "cut".*mask is 32×64, image is 64×64/);
  });
});

describe("stacks of pictures", () => {
  const graph = (second: Readonly<Record<string, unknown>>): SmallGraph => ({
    nodes: {
      picture,
      edges: ["image/load", { source: golden("edges.png") }],
      small: ["image/resize", second],
      all: ["image/stack"],
    },
    edges: ["edges.image -> small.image", "picture.image -> all.first", "small.image -> all.third"],
  });

  it("keep the order of their places", async () => {
    const [all, first, third] = await runArrays(
      graph({ width: 64, height: 64 }),
      "all.images",
      "picture.image",
      "edges.image",
    );
    expect(all?.shape).toEqual([2, 64, 64, 3]);
    expect([...(all?.values ?? [])]).toEqual([...(first?.values ?? []), ...(third?.values ?? [])]);
  });

  it("refuse pictures of two sizes, by their ports", async () => {
    await expect(runNodes(graph({ width: 32, height: 16 }), ["all.images"])).rejects.toThrow(
      /Node "all".*third is 16×32×3, first is 64×64×3/,
    );
  });
});

describe("VAE encode", () => {
  const graph = (mode: string, edges: readonly string[] = []): SmallGraph => ({
    nodes: {
      picture,
      seed: ["value/seed", { seed: 1 }],
      model: ["model/load-pipeline", { source: pipeline("base") }],
      encode: ["image/vae-encode", { mode }],
      next: ["sampling/noise", { height: 4, width: 4 }],
    },
    edges: [
      "picture.image -> encode.image",
      "model.vae -> encode.vae",
      ...edges,
      "encode.generator -> next.generator",
    ],
  });
  const seeded = ["seed.generator -> encode.generator"];

  it("draws a sample, and hands on the random state after it", async () => {
    const [sample, next] = await runArrays(graph("sample", seeded), "encode.latent", "next.noise");
    const [mode, untouched] = await runArrays(graph("mode", seeded), "encode.latent", "next.noise");
    expect(sample?.shape).toEqual([1, 8, 8, 4]);
    expect(sample).not.toEqual(mode);
    expect(next).not.toEqual(untouched);
  });

  it("wants a random state to draw from", async () => {
    await expect(runNodes(graph("sample"), ["encode.latent"])).rejects.toThrow(
      /Node "encode".*generator is not wired, and mode is sample/,
    );
  });
});
