import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSingleFile } from "../../src/diffusion/single-file/single-file.ts";
import type { Scheduler } from "../../src/diffusion/schedulers/index.ts";
import type { ClipTokenizer } from "../../src/diffusion/tokenizer/clip-tokenizer.ts";
import { bytesSource } from "../../src/diffusion/weights/byte-source.ts";
import { runArrays, runNodes, type SmallGraph } from "./run-nodes.ts";

const checkpoint = (name: string): string =>
  fileURLToPath(new URL(`../golden/single-file/${name}.safetensors`, import.meta.url));

/** What the shapes of the tiny models do not tell. */
const configs = {
  unet: { attention_head_dim: 2, norm_num_groups: 4 },
  vae: { norm_num_groups: 4 },
  textEncoder: { num_attention_heads: 2 },
};

const scratch = mkdtempSync(join(tmpdir(), "loom-checkpoint-"));
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

function write(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(join(scratch, path)), { recursive: true });
  writeFileSync(join(scratch, path), content);
}

/** The vocabulary that the tiny text encoder has room for: 14 letters, alone or at a word's end, and the two markers. */
const letters = [..."acdefhilmnorst"];
const words = [...letters, ...letters.map((letter) => `${letter}</w>`), "<|startoftext|>", "<|endoftext|>"];

beforeAll(async () => {
  for (const folder of ["vocabulary", "folder/tokenizer"]) {
    write(`${folder}/vocab.json`, JSON.stringify(Object.fromEntries(words.map((word, i) => [word, i]))));
    write(`${folder}/merges.txt`, "#version: 0.2\n");
    write(
      `${folder}/tokenizer_config.json`,
      JSON.stringify({ model_max_length: 6, pad_token: "<|endoftext|>" }),
    );
  }
  // The same checkpoint as a folder in the diffusers layout.
  const bytes = readFileSync(checkpoint("sd1"));
  const { files } = await openSingleFile(bytesSource("sd1.safetensors", bytes), configs);
  for (const [path, source] of files) write(`folder/${path}`, await source.read(0, source.size));
  const scheduler = readFileSync(
    new URL("../golden/pipelines/base/scheduler/scheduler_config.json", import.meta.url),
  );
  write("folder/scheduler/scheduler_config.json", scheduler);
});

const sampled = (model: readonly [string, Readonly<Record<string, unknown>>]): SmallGraph => ({
  nodes: {
    model,
    prompt: ["text/prompt", { positive: "a cat", negative: "of" }],
    seed: ["value/seed"],
    noise: ["sampling/latent-noise", { height: 16, width: 16, downscale: 2 }],
    sampler: ["sampling/sampler", { numInferenceSteps: 3 }],
    decode: ["image/vae-decode"],
  },
  edges: [
    "model.tokenizer -> prompt.tokenizer",
    "model.textEncoder -> prompt.textEncoder",
    "model.unet -> sampler.unet",
    "model.noiseScheduler -> sampler.noiseScheduler",
    "model.vae -> decode.vae",
    "seed.generator -> noise.generator",
    "noise.noise -> sampler.noise",
    "noise.generator -> sampler.generator",
    "prompt.positive -> sampler.positive",
    "prompt.negative -> sampler.negative",
    "sampler.sample -> decode.latent",
  ],
});

const fromFile = (params: Readonly<Record<string, unknown>>) =>
  [
    "model/load-checkpoint",
    {
      source: `file:${checkpoint("sd1")}`,
      tokenizer: `file:${join(scratch, "vocabulary")}`,
      configs: JSON.stringify(configs),
      ...params,
    },
  ] as const;

describe("a checkpoint in one file", () => {
  it.each(["PNDMScheduler", "DDIMScheduler"])(
    "gives the picture of its folder, to the bit (%s)",
    async (scheduler) => {
      const file = await runArrays(sampled(fromFile({ scheduler })), "sampler.sample", "decode.image");
      const source = `file:${join(scratch, "folder")}`;
      const folder = await runArrays(
        sampled(["model/load-pipeline", { source, scheduler }]),
        "sampler.sample",
        "decode.image",
      );
      expect(file[1]?.shape).toEqual([1, 16, 16, 3]);
      expect(file).toEqual(folder);
    },
  );

  it("takes what the file states: the prediction, and OpenCLIP's padding", async () => {
    const graph = (params: Readonly<Record<string, unknown>>): SmallGraph => ({
      nodes: { model: fromFile(params) },
    });
    const read = async (params: Readonly<Record<string, unknown>>) => {
      const [scheduler, tokenizer] = await runNodes(graph(params), [
        "model.noiseScheduler",
        "model.tokenizer",
      ]);
      return [(scheduler as Scheduler).predictionType, (tokenizer as ClipTokenizer).padTokenId];
    };
    const sd2 = { source: `file:${checkpoint("sd2")}` };
    expect(await read({})).toEqual(["epsilon", 29]);
    expect(await read(sd2)).toEqual(["v_prediction", 0]);
    expect(await read({ ...sd2, predictionType: "epsilon" })).toEqual(["epsilon", 0]);
  });

  it.each([
    [{ configs: "{" }, /Node "model" \(Load checkpoint file\): configs is not JSON/],
    [
      { configs: '{"u-net": {}}' },
      /Node "model".*configs must be an object of objects, for unet, vae, textEncoder/,
    ],
    [{ configs: '{"unet": {"act_fn": "snake"}}' }, /Node "model".*act_fn is "snake"/],
    [{ configs: "" }, /Node "model".*norm_num_groups/],
    [{ source: "file:none.safetensors" }, /Node "model".*none\.safetensors/],
    [
      { tokenizer: `file:${join(scratch, "folder", "unet")}` },
      /Node "model".*neither vocab\.json with merges\.txt nor tokenizer\.json/,
    ],
    [{ scheduler: "none" }, /scheduler.*none/],
  ])("refuses %j by name, and leaves no tensor", async (params, message) => {
    await expect(runNodes(sampled(fromFile(params)), ["decode.image"])).rejects.toThrow(message);
  });

  it("is not taken for a folder: the message names the node that opens it", async () => {
    const model = ["model/load-pipeline", { source: `file:${checkpoint("sd1")}` }] as const;
    await expect(runNodes(sampled(model), ["decode.image"])).rejects.toThrow(
      /Node "model".*source is one file.*Load checkpoint file/,
    );
  });
});
