import { describe, expect, it } from "vitest";
import { caseOf, cases, errors, measure, runTemplate, type Settings } from "./sd-cases.ts";
import { readExpected } from "./tiny-pipelines.ts";

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
