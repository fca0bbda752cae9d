import { describe, expect, it } from "vitest";
import {
  base,
  caseOf,
  cases,
  errors,
  measure,
  picture,
  prompt,
  runTemplate,
  small,
  type Settings,
} from "./sd-cases.ts";
import { pipeline, readExpected } from "./tiny-pipelines.ts";

describe("the templates give diffusers' results", () => {
  it.each(Object.keys(cases))("%s: latents to 1e-3, pixels to 2/255", async (name) => {
    const found = await measure(name);
    expect(found.latents).toBeLessThanOrEqual(1e-3);
    expect(found.pixels).toBeLessThanOrEqual(2 / 255);
  });

  it("ddim-inversion: the noise in between, to 1e-3", async () => {
    const { graph, set } = caseOf("ddim-inversion");
    const [noise] = await runTemplate(graph, set, ["invertEnd.sample"]);
    const expected = await readExpected("ddim-inversion.noise");
    expect(noise?.shape).toEqual(expected.shape);
    const largest = Math.max(...expected.values.map(Math.abs));
    const worst = Math.max(...expected.values.map((value, i) => Math.abs(value - (noise?.values[i] ?? Number.NaN))));
    expect(worst / largest).toBeLessThanOrEqual(1e-3);
  });
});

describe("the parity test itself", () => {
  const changes: [string, Settings][] = [
    ["txt2img", { "words.prompt": "a photo of a cap" }],
    ["txt2img", { "negativeWords.prompt": "dark, cold" }],
    ["txt2img", { "seed.seed": 1 }],
    ["inpaint", { "mask.right": 50 / 64 }],
  ];
  it.each(changes)("sees that %s had %j", async (name, change) => {
    const { graph, set } = caseOf(name);
    const [sample, image] = await runTemplate(graph, { ...set, ...change }, ["end.sample", "decode.image"]);
    const found = await errors(name, sample, image);
    expect(found.latents).toBeGreaterThan(1e-2);
    expect(found.pixels).toBeGreaterThan(4 / 255);
  });
});

describe("the sampler node gives the open loop's latents, to the bit", () => {
  const compactOf = (set: Settings): Settings => ({ ...base, ...prompt, "sampler.numInferenceSteps": 20, ...set });
  it("txt2img", async () => {
    const [open] = await runTemplate("txt2img", caseOf("txt2img").set, ["end.sample"]);
    const [compact] = await runTemplate("txt2img-compact", compactOf(small("noise")), ["sampler.sample"]);
    expect(compact).toEqual(open);
  });

  it("img2img", async () => {
    const [open] = await runTemplate("img2img", caseOf("img2img").set, ["end.sample"]);
    const set = compactOf({ ...picture, "sampler.strength": 0.6 });
    const [compact] = await runTemplate("img2img-compact", set, ["sampler.sample"]);
    expect(compact).toEqual(open);
  });

  it("lcm: the guidance scale is told, and the negative prompt not run", async () => {
    const [open] = await runTemplate("lcm", caseOf("lcm").set, ["end.sample"]);
    const set = compactOf({
      ...small("noise"),
      "model.source": pipeline("lcm"),
      "sampler.numInferenceSteps": 4,
      "sampler.guidanceScale": 8,
    });
    const [compact] = await runTemplate("txt2img-compact", set, ["sampler.sample"]);
    expect(compact).toEqual(open);
  });

  it("txt2img with a scheduler that draws noise", async () => {
    const ancestral = { "model.scheduler": "EulerAncestralDiscreteScheduler" };
    const four = { ...caseOf("txt2img").set, ...ancestral, "timesteps.numInferenceSteps": 4 };
    const [open] = await runTemplate("txt2img", four, ["end.sample"]);
    const set = compactOf({ ...small("noise"), ...ancestral, "sampler.numInferenceSteps": 4 });
    const [compact] = await runTemplate("txt2img-compact", set, ["sampler.sample"]);
    expect(compact).toEqual(open);
  });
});
