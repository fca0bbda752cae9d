import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { bytesSource } from "../../src/diffusion/weights/byte-source.ts";
import { readSafetensorsHeader } from "../../src/diffusion/weights/safetensors.ts";
import { nodeServices, Runner } from "../../src/index.ts";
import { pipelineFolder } from "../graphs/tiny-pipelines.ts";

const checkpoint = (name: string): string =>
  fileURLToPath(new URL(`../golden/single-file/${name}.safetensors`, import.meta.url));
/** What the shapes of the tiny checkpoints do not tell. */
const CONFIGS = JSON.stringify({
  unet: { attention_head_dim: 2, norm_num_groups: 4 },
  vae: { norm_num_groups: 4 },
  textEncoder: { num_attention_heads: 2 },
});

const runner = new Runner({ services: nodeServices(), cacheBytes: 0 });
let parent = "";
let before = 0;
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), "loom-save-"));
});
afterAll(() => rm(parent, { recursive: true, force: true }));
beforeEach(async () => {
  await runner.init("cpu");
  before = tf.memory().numTensors;
});
afterEach(() => {
  expect(tf.memory().numTensors, "tensors left behind").toBe(before);
});

type Load = { readonly type: string; readonly params: Record<string, string> };
const fromFolder = (folder: string): Load => ({
  type: "model/load-pipeline",
  params: { source: `file:${folder}` },
});
const fromFile = (file: string): Load => ({
  type: "model/load-checkpoint",
  params: { source: `file:${file}`, tokenizer: `file:${pipelineFolder("base")}`, configs: CONFIGS },
});

/** Loads a pipeline and saves it; gives back where. */
async function resave(load: Load, params: Record<string, string>, name: string): Promise<string> {
  const path = join(parent, name);
  const ports = ["unet", "textEncoder", "tokenizer", "vae", "noiseScheduler"];
  const result = await runner.run(
    {
      format: 1,
      nodes: {
        load: { ...load, version: 1 },
        save: { type: "model/save-pipeline", version: 1, params: { ...params, path } },
      },
      edges: ports.map((port) => ({ from: `load.${port}`, to: `save.${port}` })),
    },
    { backend: "cpu" },
  );
  result.dispose();
  return path;
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

/** Name → dtype, shape and bytes. */
async function tensorsOf(file: string): Promise<Map<string, string>> {
  const bytes = await readFile(file);
  const { tensors } = await readSafetensorsHeader(bytesSource(file, bytes));
  return new Map(
    [...tensors.values()].map(({ name, dtype, shape, offset, byteLength }) => [
      name,
      `${dtype} [${shape.join()}] ${bytes.subarray(offset, offset + byteLength).toString("base64")}`,
    ]),
  );
}

describe("a folder in the diffusers layout", () => {
  it("has the weights that diffusers saved, byte for byte, and is whole", async () => {
    const base = pipelineFolder("base");
    const saved = await resave(fromFolder(base), { precision: "as loaded" }, "folder");
    for (const part of ["unet", "vae"]) {
      const file = `${part}/diffusion_pytorch_model.safetensors`;
      expect((await readFile(join(saved, file))).equals(await readFile(join(base, file))), file).toBe(true);
    }
    const files = await filesOf(saved);
    for (const file of await filesOf(base)) expect(files).toContain(file);
    expect(files.filter((file) => file.endsWith(".part"))).toEqual([]);
    const json = async (folder: string, file: string): Promise<unknown> =>
      JSON.parse(await readFile(join(folder, file), "utf8"));
    // In every byte: transformers refuses a 1 where it wrote 1.0.
    for (const part of ["unet", "vae", "text_encoder"]) {
      const [written, original] = [saved, base].map((folder) =>
        readFile(join(folder, part, "config.json"), "utf8"),
      );
      expect(await written, part).toBe(await original);
    }
    expect(await json(saved, "scheduler/scheduler_config.json")).toMatchObject({
      _class_name: ((await json(base, "scheduler/scheduler_config.json")) as Record<string, unknown>)[
        "_class_name"
      ],
    });
  });

  it.each(["as loaded", "float16"])("saved again is the same in every byte (%s)", async (precision) => {
    const first = await resave(fromFolder(pipelineFolder("base")), { precision }, `first ${precision}`);
    const second = await resave(fromFolder(first), { precision: "as loaded" }, `second ${precision}`);
    expect(await filesOf(second)).toEqual(await filesOf(first));
    for (const file of await filesOf(first))
      expect((await readFile(join(second, file))).equals(await readFile(join(first, file))), file).toBe(true);
  });
});

describe("a checkpoint in one file", () => {
  const single = { layout: "single file", precision: "as loaded" };

  it("of Stable Diffusion 1 has every tensor that it came with", async () => {
    const path = await resave(fromFile(checkpoint("sd1")), single, "sd1");
    const [saved, original] = [await tensorsOf(`${path}.safetensors`), await tensorsOf(checkpoint("sd1"))];
    for (const [name, tensor] of saved) expect(tensor, name).toBe(original.get(name));
    const left = [...original.keys()].filter((name) => !saved.has(name));
    expect(
      left.filter(
        (name) => !/position_ids$|\.loss\.|^model_ema|^(alphas|betas|sqrt|log|posterior)/.test(name),
      ),
    ).toEqual([]);
  });

  it("of Stable Diffusion 2 has OpenCLIP's joined projections, and its last layer filled up", async () => {
    const path = await resave(fromFile(checkpoint("sd2")), single, "sd2");
    const [saved, original] = [await tensorsOf(`${path}.safetensors`), await tensorsOf(checkpoint("sd2"))];
    const differing = [...saved]
      .filter(([name, tensor]) => original.get(name) !== tensor)
      .map(([name]) => name);
    expect([...saved.keys()].some((name) => name.endsWith("attn.in_proj_weight"))).toBe(true);
    const layers = [...original.keys()]
      .flatMap((name) => /resblocks\.(\d+)\./.exec(name)?.[1] ?? [])
      .map(Number);
    const last = `resblocks.${String(Math.max(...layers))}.`;
    expect(differing.filter((name) => !name.includes(last))).toEqual([]);
  });

  it("saved again is the same in every byte", async () => {
    for (const name of ["sd1", "sd2"]) {
      const first = `${await resave(fromFile(checkpoint(name)), single, `${name} first`)}.safetensors`;
      const second = `${await resave(fromFile(first), single, `${name} second`)}.safetensors`;
      expect((await readFile(second)).equals(await readFile(first)), name).toBe(true);
    }
  });

  it("of a pipeline that the format has no place for is refused by name, and nothing is written", async () => {
    const load = fromFolder(pipelineFolder("lcm"));
    await expect(resave(load, single, "lcm")).rejects.toThrow(
      /"time_embedding\.cond_proj\.weight" has no place in a checkpoint in one file/,
    );
    expect(await readdir(parent)).not.toContain("lcm.safetensors");
  });
});
