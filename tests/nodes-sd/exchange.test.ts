import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { errors } from "../graphs/sd-cases.ts";
import { golden, goldens, pipeline, pipelineFolder } from "../graphs/tiny-pipelines.ts";
import { runArrays, runNodes, type SmallGraph } from "./run-nodes.ts";

let scratch = "";
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "loom-exchange-"));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

/** The tiny pipeline with its text encoder, tokenizer and VAE taken from the nodes that are named. */
const graph = (
  parts: SmallGraph["nodes"],
  from: { text?: string; tokenizer?: string; vae?: string } = {},
): SmallGraph => {
  const { text = "model", tokenizer = "model", vae = "model" } = from;
  return {
    nodes: {
      model: ["model/load-pipeline", { source: pipeline("base") }],
      ...parts,
      prompt: ["text/prompt", { positive: "a photo of a cat", negative: "dark, old" }],
      seed: ["value/seed", { seed: 0 }],
      noise: ["sampling/latent-noise", { height: 64, width: 64 }],
      sampler: ["sampling/sampler", { numInferenceSteps: 20, guidanceScale: 7.5 }],
      decode: ["image/vae-decode"],
    },
    edges: [
      `${tokenizer}.tokenizer -> prompt.tokenizer`,
      `${text}.textEncoder -> prompt.textEncoder`,
      "seed.generator -> noise.generator",
      "model.unet -> sampler.unet",
      "model.noiseScheduler -> sampler.noiseScheduler",
      "noise.noise -> sampler.noise",
      "noise.generator -> sampler.generator",
      "prompt.positive -> sampler.positive",
      "prompt.negative -> sampler.negative",
      `${vae}.vae -> decode.vae`,
      "sampler.sample -> decode.latent",
    ],
  };
};
const OUTPUTS = ["sampler.sample", "decode.image"] as const;
const others: SmallGraph["nodes"] = {
  words: ["model/load-text-encoder", { source: golden("whole-clip") }],
  autoencoder: ["model/load-vae", { source: golden("other-vae") }],
};

describe("a component from another place", () => {
  it("text encoder, out of a whole CLIP model, and VAE: diffusers' picture", async () => {
    const [latents, pixels] = await runArrays(
      graph(others, { text: "words", vae: "autoencoder" }),
      ...OUTPUTS,
    );
    const found = await errors("exchange", latents, pixels, "exchange");
    expect(found.latents).toBeLessThanOrEqual(1e-3);
    expect(found.pixels).toBeLessThanOrEqual(2 / 255);
  });

  it("each of the two alone gives another picture: the comparison sees them", async () => {
    for (const from of [{ text: "words" }, { vae: "autoencoder" }]) {
      const [latents, pixels] = await runArrays(graph(others, from), ...OUTPUTS);
      const found = await errors("exchange", latents, pixels, "exchange");
      expect(found.pixels).toBeGreaterThan(4 / 255);
    }
  });

  it("the pipeline's own, opened by themselves, give its own picture to the bit", async () => {
    const source = pipeline("base");
    const own: SmallGraph["nodes"] = {
      words: ["model/load-text-encoder", { source }],
      vocabulary: ["model/load-tokenizer", { source }],
      autoencoder: ["model/load-vae", { source }],
    };
    const ours = await runArrays(
      graph(own, { text: "words", tokenizer: "vocabulary", vae: "autoencoder" }),
      ...OUTPUTS,
    );
    expect(ours).toEqual(await runArrays(graph({}), ...OUTPUTS));
  });

  it("that does not fit is refused by node, with what would fit", async () => {
    const wide = join(scratch, "wide");
    await cp(join(goldens, "..", "sd-models", "clip-legacy"), wide, { recursive: true });
    const vae: SmallGraph["nodes"] = { words: ["model/load-text-encoder", { source: golden("other-vae") }] };
    await expect(runNodes(graph(vae, { text: "words" }), OUTPUTS)).rejects.toThrow(
      /Node "words".*is a AutoencoderKL; wanted here is: CLIPTextModel or/,
    );
    const small: SmallGraph["nodes"] = { words: ["model/load-text-encoder", { source: `file:${wide}` }] };
    await expect(runNodes(graph(small, { text: "words" }), OUTPUTS)).rejects.toThrow(/Node "prompt"/);
  });

  it("is saved with the pipeline as what it is: a text encoder, and opens again with the same picture", async () => {
    const path = join(scratch, "saved");
    const parts: SmallGraph["nodes"] = {
      ...others,
      save: ["model/save-pipeline", { path, precision: "as loaded" }],
    };
    const made = graph(parts, { text: "words", vae: "autoencoder" });
    const edges = [
      "model.unet -> save.unet",
      "words.textEncoder -> save.textEncoder",
      "model.tokenizer -> save.tokenizer",
      "autoencoder.vae -> save.vae",
      "model.noiseScheduler -> save.noiseScheduler",
    ];
    const first = await runArrays({ ...made, edges: [...(made.edges ?? []), ...edges] }, ...OUTPUTS);
    const config = JSON.parse(await readFile(join(path, "text_encoder", "config.json"), "utf8")) as object;
    expect(config).toMatchObject({ architectures: ["CLIPTextModel"], num_hidden_layers: 3 });
    expect(await readdir(join(path, "text_encoder"))).toEqual(["config.json", "model.safetensors"]);
    const again = graph({});
    const model = ["model/load-pipeline", { source: `file:${path}` }] as const;
    expect(await runArrays({ ...again, nodes: { ...again.nodes, model } }, ...OUTPUTS)).toEqual(first);
  });
});

describe("the tokenizer by itself", () => {
  it("is found at the top of a folder too, and its absence is told", async () => {
    const top = join(scratch, "top");
    await cp(join(pipelineFolder("base"), "tokenizer"), top, { recursive: true });
    const from = (source: string): SmallGraph => ({ nodes: { words: ["model/load-tokenizer", { source }] } });
    const [tokenizer] = await runNodes(from(`file:${top}`), ["words.tokenizer"]);
    expect(tokenizer).toMatchObject({ padTokenId: 389 });
    await rm(join(top, "tokenizer.json"));
    await writeFile(join(top, "notes.txt"), "");
    await expect(runNodes(from(`file:${top}`), ["words.tokenizer"])).rejects.toThrow(
      /Node "words".*neither vocab\.json with merges\.txt nor tokenizer\.json/,
    );
  });
});
