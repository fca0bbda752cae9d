import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { describeRegistry } from "../../src/engine/node/registry.ts";
import { validate } from "../../src/engine/graph/validate.ts";
import { readGraph } from "../../src/nodes/read-graph.ts";
import { registry } from "../../src/nodes/registry.ts";
import { compactCases } from "./compact-cases.ts";
import { base, caseOf, cases, errors, prompt, runTemplate, small, type Settings } from "./sd-cases.ts";

describe("the templates with the Sampler node", () => {
  it("are there for every open one that is compared with diffusers", () => {
    const only = Object.keys(cases).filter((name) => !(name in compactCases));
    // Another source of the same picture of depth.
    expect(only).toEqual(["depth-picture-to-image"]);
  });

  it.each(Object.keys(compactCases))(
    "%s: diffusers' latents to 1e-3, pixels to 2/255, and the open loop's to the bit",
    async (name) => {
      const compact = compactCases[name] ?? expect.fail();
      const [sample, image] = await runTemplate(compact.graph, compact.set, [compact.latents, "decode.image"]);
      const found = await errors(name, sample, image);
      expect(found.latents).toBeLessThanOrEqual(1e-3);
      expect(found.pixels).toBeLessThanOrEqual(2 / 255);
      const { graph, set, latents } = caseOf(name);
      expect([sample, image]).toEqual(await runTemplate(graph, set, [latents, "decode.image"]));
    },
  );

  it("ddim-inversion-compact: the noise in between is the open loop's, to the bit", async () => {
    const { graph, set } = compactCases["ddim-inversion"] ?? expect.fail();
    const open = caseOf("ddim-inversion");
    expect(await runTemplate(graph, set, ["invert.sample"])).toEqual(
      await runTemplate(open.graph, open.set, ["invertEnd.sample"]),
    );
  });

  it("txt2img-compact with a scheduler that draws noise is the open loop's, to the bit", async () => {
    const ancestral = { "model.scheduler": "EulerAncestralDiscreteScheduler" };
    const open = { ...caseOf("txt2img").set, ...ancestral, "timesteps.numInferenceSteps": 4 };
    const set = { ...compactCases["txt2img"]?.set, ...ancestral, "sampler.numInferenceSteps": 4 };
    expect(await runTemplate("txt2img-compact", set, ["sampler.sample"])).toEqual(
      await runTemplate("txt2img", open, ["end.sample"]),
    );
  });
});

describe("the templates of several pictures", () => {
  const rows = ["euler", "dpm", "uniPc"].flatMap((name) => [`${name}Few`, `${name}Many`]);
  const walk: Settings = {
    ...base,
    ...small("noise"),
    "noise.batch": 3,
    "mix.count": 3,
    "from.positive": "a photo of a cat",
    "to.positive": "dark, old",
    "to.negative": "red hat",
  };

  it.each([
    ["prompt-interpolation", "end.sample", { "timesteps.numInferenceSteps": 20 }],
    ["prompt-interpolation-compact", "sampler.sample", { "sampler.numInferenceSteps": 20 }],
  ] as [string, string, Settings][])("%s: diffusers' to 1e-3 and 2/255", async (graph, latents, steps) => {
    const [sample, image] = await runTemplate(graph, { ...walk, ...steps }, [latents, "decode.image"]);
    const found = await errors("interpolation", sample, image, "grids");
    expect(found.latents).toBeLessThanOrEqual(1e-3);
    expect(found.pixels).toBeLessThanOrEqual(2 / 255);
  });

  it.each([
    ["scheduler-grid", ".sample"],
    ["scheduler-grid-open", "End.sample"],
  ])("%s: diffusers' to 1e-3 and 2/255", async (graph, end) => {
    const addresses = [...rows.map((row) => `${row}${end}`), "all.images"];
    const results = await runTemplate(graph, { ...base, ...prompt, ...small("noise") }, addresses);
    const values = results.slice(0, -1).flatMap((result) => [...result.values]);
    const latents = { shape: [6, 8, 8, 4], values: Float32Array.from(values) };
    const found = await errors("scheduler-grid", latents, results.at(-1), "grids");
    expect(found.latents).toBeLessThanOrEqual(1e-3);
    expect(found.pixels).toBeLessThanOrEqual(2 / 255);
  });

  it("attention-maps-compact: maps of a step and the picture are the open loop's, to the bit", async () => {
    const words = { "prompt.positive": "a hat, wonderful", "prompt.negative": "dark, old", "maps.size": 16 };
    const set: Settings = { ...base, ...small("noise"), ...words };
    const open = await runTemplate("attention-maps", set, ["maps.maps", "end.sample", "decode.image"]);
    const addresses = ["maps.maps", "sampler.sample", "decode.image"];
    // The last of PNDM's 21 steps.
    expect(await runTemplate("attention-maps-compact", { ...set, "stop.value": 20 }, addresses)).toEqual(open);
    const [maps, ...picture] = await runTemplate("attention-maps-compact", { ...set, "stop.value": 3 }, addresses);
    expect(picture).toEqual(open.slice(1));
    expect(maps).not.toEqual(open[0]);
  });
});

it("a graph with the Sampler's first version is upgraded, and has no fault", () => {
  const file = new URL("../../graphs/archive/v1/sampler-1.graph.json", import.meta.url);
  const document = readGraph(readFileSync(file, "utf8"));
  expect(document.nodes["sampler"]?.version).toBe(2);
  expect(validate(describeRegistry(registry), document)).toEqual([]);
});
