import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { RunContext } from "../../src/engine/node/define-node.ts";
import { disposeWeights } from "../../src/diffusion/weights/dispose.ts";
import { loadComponent, saveComponent } from "../../src/nodes/model/model-files.ts";
import { nodeServices } from "../../src/nodes/sources/node-sources.ts";

const model = fileURLToPath(new URL("../golden/training/tiny-unet", import.meta.url));
const WEIGHTS = "diffusion_pytorch_model.safetensors";
const { sources, files } = nodeServices();
const context: RunContext = {
  signal: new AbortController().signal,
  progress: () => undefined,
  warn: () => undefined,
  services: {},
};
const load = (path: string, subfolder = "unet", classes?: readonly string[]) =>
  loadComponent(sources.folder(`file:${path}`), subfolder, context, classes);

let parent = "";
let folder = "";
beforeAll(async () => {
  await tf.setBackend("cpu");
  parent = await mkdtemp(join(tmpdir(), "loom-models-"));
});
afterAll(() => rm(parent, { recursive: true, force: true }));
let before = 0;
beforeEach(async () => {
  folder = await mkdtemp(join(parent, "model-"));
  await cp(model, folder, { recursive: true });
  before = tf.memory().numTensors;
});
afterEach(() => {
  expect(tf.memory().numTensors, "tensors left behind").toBe(before);
});

describe("loading a model's folder", () => {
  it("finds it in its subfolder, or at the top as in the google/ddpm-* repositories", async () => {
    const top = await load(folder);
    await cp(model, join(folder, "nested", "unet"), { recursive: true });
    const nested = await load(join(folder, "nested"));
    expect(nested.className).toBe("UNet2DModel");
    expect(nested.config).toEqual(top.config);
    disposeWeights(top.weights);
    disposeWeights(nested.weights);
  });

  it("what is saved is what diffusers saved, byte for byte", async () => {
    const loaded = await load(folder);
    const out = join(folder, "out");
    await saveComponent(files, out, loaded, "F32");
    disposeWeights(loaded.weights);
    expect((await readFile(join(out, WEIGHTS))).equals(await readFile(join(folder, WEIGHTS)))).toBe(true);
    const reloaded = await load(out);
    expect(reloaded.config).toEqual(loaded.config);
    disposeWeights(reloaded.weights);
  });

  it("takes shards by their index, and half precision", async () => {
    const loaded = await load(folder);
    await saveComponent(files, join(folder, "half"), loaded, "F16");
    disposeWeights(loaded.weights);
    const names = Object.keys(loaded.weights);
    const shards = join(folder, "shards");
    await cp(model, shards, { recursive: true });
    await cp(join(shards, WEIGHTS), join(shards, "part-1.safetensors"));
    await rm(join(shards, WEIGHTS));
    const map = Object.fromEntries(names.map((name) => [name, "part-1.safetensors"]));
    await writeFile(join(shards, `${WEIGHTS}.index.json`), JSON.stringify({ weight_map: map }));
    for (const path of [shards, join(folder, "half")]) {
      const again = await load(path);
      expect(Object.keys(again.weights)).toEqual(names);
      disposeWeights(again.weights);
    }
  });

  it("refuses a missing file by name, and lists what is there", async () => {
    await rm(join(folder, WEIGHTS));
    await expect(load(folder)).rejects.toThrow(`has no file "${WEIGHTS}". It holds: config.json`);
  });

  it("refuses a pickle, and says what to do", async () => {
    await rm(join(folder, WEIGHTS));
    await writeFile(join(folder, "diffusion_pytorch_model.bin"), "pickle");
    await expect(load(folder)).rejects.toThrow(
      /only as a pickle \(diffusion_pytorch_model\.bin\).*safe_serialization=True/,
    );
  });

  it("refuses truncated weights by file", async () => {
    const bytes = await readFile(join(folder, WEIGHTS));
    await writeFile(join(folder, WEIGHTS), bytes.subarray(0, bytes.length - 8));
    await expect(load(folder)).rejects.toThrow(WEIGHTS);
  });

  it("refuses a config of another class, an option that is not supported, and broken JSON, each by name", async () => {
    await expect(load(folder, "unet", ["AutoencoderKL"])).rejects.toThrow(
      "is a UNet2DModel; wanted here is: AutoencoderKL",
    );
    const config = JSON.parse(await readFile(join(folder, "config.json"), "utf8")) as Record<string, unknown>;
    await writeFile(
      join(folder, "config.json"),
      JSON.stringify({ ...config, _class_name: "FluxTransformer2DModel" }),
    );
    await expect(load(folder)).rejects.toThrow('"FluxTransformer2DModel" is not supported');
    await writeFile(
      join(folder, "config.json"),
      JSON.stringify({ ...config, down_block_types: ["SkipDownBlock2D", "DownBlock2D"] }),
    );
    await expect(load(folder)).rejects.toThrow("SkipDownBlock2D");
    await writeFile(join(folder, "config.json"), "{");
    await expect(load(folder)).rejects.toThrow('"config.json" of "file:');
  });
});
