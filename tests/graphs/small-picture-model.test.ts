import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodePrompt } from "../../src/diffusion/tokenizer/encode-prompt.ts";
import { nodeServices, Runner } from "../../src/index.ts";
import { loadTokenizer } from "../../src/nodes/model/load-tokenizer.ts";
import { webServices } from "../../src/nodes/sources/web-sources.ts";
import { findAdapter } from "../../src/tensor/adapter.ts";
import { readTemplate, type Settings } from "./sd-cases.ts";
import { goldens } from "./tiny-pipelines.ts";
import { goldenPath, pictureError, readGolden, take } from "../diffusion/support/golden.ts";

// A model for 64 × 64 pictures that ships with the page has this shape: a VAE of factor 4, 32 tokens, half precision.
const folder = goldenPath("small-picture-model/pipeline");
const source = "bundled:small-pictures";
let server: Server;
let page: ReturnType<typeof webServices>;

/** Serves the pipeline as the page does a model of its own, and its page for every path that does not exist. */
beforeAll(async () => {
  server = createServer((request, response) => {
    const path = /^\/models\/small-pictures\/(.*)$/.exec(request.url ?? "")?.[1] ?? "";
    try {
      const bytes = readFileSync(join(folder, path));
      response.writeHead(200, { "content-length": bytes.length, "last-modified": new Date(0).toUTCString() });
      response.end(request.method === "HEAD" ? undefined : bytes);
    } catch {
      response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html>");
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const base = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`;
  const picture = new File([readFileSync(join(goldens, "picture.png"))], "picture.png");
  page = webServices({ baseUrl: base, files: nodeServices().files, local: new Map([["picture.png", picture]]) });
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const words = { "prompt.positive": "a red hat", "prompt.negative": "dark, old" };
const size = (id: string): Settings => ({ [`${id}.height`]: 64, [`${id}.width`]: 64 });
const common: Settings = { "seed.seed": 0, "model.source": source };

interface Case {
  readonly run: "txt2img" | "img2img";
  readonly graph: string;
  readonly latents: string;
  readonly set: Settings;
}
const txt2img = { run: "txt2img" as const, set: { ...common, ...size("noise"), "noise.batch": 2 } };
const img2img = { run: "img2img" as const, set: { ...common, ...size("size") } };
const cases: Case[] = [
  {
    ...txt2img,
    graph: "txt2img",
    latents: "end.sample",
    set: {
      ...txt2img.set,
      "guidance.guidanceScale": 5,
      "words.prompt": words["prompt.positive"],
      "negativeWords.prompt": words["prompt.negative"],
    },
  },
  {
    ...txt2img,
    graph: "txt2img-compact",
    latents: "sampler.sample",
    set: { ...txt2img.set, ...words, "sampler.guidanceScale": 5 },
  },
  {
    ...img2img,
    graph: "img2img-compact",
    latents: "sampler.sample",
    set: { ...img2img.set, ...words, "sampler.guidanceScale": 5, "sampler.strength": 0.6 },
  },
];

const arrays = (await readGolden<null>("small-picture-model/expected.safetensors")).arrays;

async function compare({ run, graph, latents, set }: Case, backend: "wasm" | "webgpu"): Promise<void> {
  const runner = new Runner({ services: page, cacheBytes: 0 });
  await runner.init(backend);
  const before = tf.memory().numTensors;
  const { outputs, dispose } = await runner.run(readTemplate(graph), {
    backend,
    set,
    keep: [latents, "decode.image"],
  });
  const [node = "", port = ""] = latents.split(".");
  const sample = outputs[node]?.[port] as tf.Tensor4D;
  const image = outputs["decode"]?.["image"] as tf.Tensor4D;
  expect(await pictureError(sample, take(arrays, `${run}.latents`))).toBeLessThanOrEqual(1e-3);
  const pixels = take(arrays, `${run}.pixels`);
  expect(image.shape).toEqual(pixels.shape);
  const values = await image.data();
  const worst = pixels.values.reduce((most, value, i) => Math.max(most, Math.abs(value - (values[i] ?? NaN))), 0);
  expect(worst).toBeLessThanOrEqual(2 / 255);
  dispose();
  expect(tf.memory().numTensors).toBe(before);
}

describe("a small model with a VAE of factor 4, 32 tokens and weights in half precision", () => {
  it.each(["short", "long", "empty"])("its tokenizer gives transformers' ids: %s", async (name) => {
    const prompts: Readonly<Record<string, string>> = {
      short: "a red hat",
      long: "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen",
      empty: "",
    };
    const tokenizer = await loadTokenizer(page.sources.folder(source), "tokenizer", AbortSignal.timeout(60_000));
    const encoded = encodePrompt(tokenizer, prompts[name] ?? "");
    const expected = take(arrays, `${name}.ids`);
    expect(encoded.inputIds.flat()).toEqual([...expected.values]);
    expect(encoded.warning === undefined).toBe(name !== "long");
    if (name === "long") expect(encoded.warning).toContain("the text encoder reads 30");
  });

  it.each(cases)("$graph gives diffusers' pictures, from beside the page", async (given) => {
    await compare(given, "wasm");
  });

  it("a size that is no multiple of 4 is refused, another one works", async () => {
    const runner = new Runner({ services: page, cacheBytes: 0 });
    const run = (height: number): Promise<unknown> =>
      runner.run(readTemplate("txt2img-compact"), {
        backend: "wasm",
        set: { ...common, "noise.height": height, "noise.width": 64, "sampler.numInferenceSteps": 1 },
      });
    await expect(run(62)).rejects.toThrow(/Node "noise" .*height is 62; it must be a multiple of 4/);
    const { outputs, dispose } = (await run(80)) as {
      outputs: Record<string, Record<string, tf.Tensor>>;
      dispose: () => void;
    };
    expect(outputs["decode"]?.["image"]?.shape).toEqual([1, 80, 64, 3]);
    dispose();
  });
});

const search = await findAdapter();
const reason = search.adapter ? undefined : search.reason;
if (reason !== undefined) console.warn(`SKIPPED: a small picture model on webgpu, because ${reason}.`);
describe.skipIf(reason !== undefined)(
  `a small picture model on webgpu${reason === undefined ? "" : ` [skipped: ${reason}]`}`,
  () => {
    it("gives diffusers' pictures", async () => {
      await compare(cases[1] ?? expect.fail(), "webgpu");
      // Most of it is the software adapter's compiler, which takes long where other work keeps the cores busy.
    }, 240_000);
  },
);
