import { describe, expect, it } from "vitest";
import { golden, pipeline, readExpected } from "../graphs/tiny-pipelines.ts";
import { runArrays, runNodes, type Array4, type SmallGraph } from "./run-nodes.ts";

const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((most, value, i) => {
    const difference = Math.abs(value - (b[i] ?? Number.NaN));
    return difference <= most ? most : difference;
  }, 0);

/** Looks at two timesteps, 999 and 499, and carries the noise round unchanged. */
const looking = (text: string): SmallGraph => ({
  nodes: {
    model: ["model/load-pipeline", { source: pipeline("base") }],
    prompt: ["text/prompt", { positive: text }],
    scheduler: ["sampling/noise-scheduler", { className: "DDIMScheduler", timestepSpacing: "trailing" }],
    timesteps: ["sampling/timesteps", { numInferenceSteps: 2 }],
    seed: ["value/seed"],
    noise: ["sampling/latent-noise", { height: 64, width: 96 }],
    begin: ["zones/denoise-begin", {}, "loop"],
    maps: ["inspect/attention-maps", { size: 24 }, "loop"],
    end: ["zones/denoise-end", {}, "loop"],
  },
  edges: [
    "model.tokenizer -> prompt.tokenizer",
    "model.textEncoder -> prompt.textEncoder",
    "scheduler.noiseScheduler -> timesteps.noiseScheduler",
    "timesteps.plan -> begin.plan",
    "seed.generator -> noise.generator",
    "noise.noise -> begin.sample",
    "begin.sample -> maps.sample",
    "begin.timestep -> maps.timestep",
    "model.unet -> maps.unet",
    "prompt.positive -> maps.conditioning",
    "begin.sample -> end.sample",
  ],
  zones: { loop: { kind: "denoise-loop", carry: ["sample"] } },
});

describe("attention maps", () => {
  it("are diffusers' attention probabilities, averaged for each word, at the latent's proportions", async () => {
    const [maps, words] = await runNodes(looking("a hat, wonderful"), ["maps.maps", "maps.words"]);
    expect(words).toBe("a\nhat\n,\nwonderful");
    const expected = await readExpected("attention.maps");
    expect((maps as Array4).shape).toEqual(expected.shape);
    expect(largestDifference((maps as Array4).values, expected.values)).toBeLessThan(1e-3);
  });

  it("want a word", async () => {
    await expect(runNodes(looking(""), ["maps.maps"])).rejects.toThrow(
      /Node "maps" \(Attention maps\): conditioning holds no word/,
    );
  });
});

describe("depth", () => {
  it("is that of transformers' estimator, stretched to 0…1", async () => {
    const graph: SmallGraph = {
      nodes: {
        model: ["model/load-pipeline", { source: pipeline("depth") }],
        estimator: ["model/load-depth-estimator"],
        picture: ["image/load", { source: golden("picture.png") }],
        depth: ["image/estimate-depth"],
      },
      edges: [
        "model.source -> estimator.source",
        "estimator.depthEstimator -> depth.depthEstimator",
        "picture.image -> depth.image",
      ],
    };
    const [depth] = await runArrays(graph, "depth.depth");
    const { shape, values } = await readExpected("estimate.depth");
    expect(depth?.shape).toEqual(shape);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const stretched = values.map((value) => (value - low) / (high - low));
    expect(largestDifference(depth?.values ?? [], stretched)).toBeLessThan(1e-3);
  });

  it("refuses a gray picture, by its port", async () => {
    const graph: SmallGraph = {
      nodes: {
        estimator: ["model/load-depth-estimator", { source: pipeline("depth") }],
        picture: ["image/load", { source: golden("picture.png"), mode: "gray" }],
        depth: ["image/estimate-depth"],
      },
      edges: ["estimator.depthEstimator -> depth.depthEstimator", "picture.image -> depth.image"],
    };
    await expect(runNodes(graph, ["depth.depth"])).rejects.toThrow(
      /Node "depth".*image has 1 channels.*reads 3/,
    );
  });
});
