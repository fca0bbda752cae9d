import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runGraph } from "../../../src/index.ts";
import { describeNodes } from "../../../src/nodes/describe.ts";
import { measureDownloads, missingBytes, pendingDownloads } from "../../../src/nodes/downloads/downloads.ts";
import { neededFiles } from "../../../src/nodes/downloads/needed-files.ts";
import { remoteNeeds } from "../../../src/nodes/downloads/needs.ts";
import { nodeRemoteOptions } from "../../../src/nodes/sources/node-sources.ts";
import type { GraphDocument } from "../../../src/engine/graph/document.ts";
import { FakeHub } from "../../support/fake-hub.ts";
import { temporaryFolder } from "./support.ts";

const BASE = fileURLToPath(new URL("../../golden/pipelines/base", import.meta.url));
const description = describeNodes();
const graph: GraphDocument = {
  format: 1,
  nodes: {
    model: { type: "model/load-pipeline", version: 1, params: { source: "hf:org/tiny" } },
    other: { type: "model/load-vae", version: 1, params: { source: "hf:org/tiny" } },
    local: { type: "image/load", version: 1, params: { source: "file:cat.png" } },
  },
  edges: [],
};

describe("what a run fetches", () => {
  const hub = new FakeHub();
  let cache = "";
  beforeAll(async () => {
    await hub.start();
    cache = await temporaryFolder();
    process.env["HF_ENDPOINT"] = hub.url;
    process.env["LATENT_LOOM_CACHE"] = cache;
    for (const entry of await readdir(BASE, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      hub.add(path.slice(BASE.length + 1).replaceAll("\\", "/"), await readFile(path));
    }
    hub.add("unet/diffusion_pytorch_model.fp16.safetensors", "not wanted");
    hub.add("unet/diffusion_pytorch_model.bin", "not wanted");
    hub.add("v1-5-pruned.safetensors", "not wanted");
  });
  afterAll(async () => {
    delete process.env["HF_ENDPOINT"];
    delete process.env["LATENT_LOOM_CACHE"];
    await hub.stop();
    await rm(cache, { recursive: true, force: true });
  });

  it("is what the person was asked about: no file more, no file less, and the sizes are right", async () => {
    const needs = remoteNeeds(description, graph);
    expect(needs.map(({ name }) => name)).toEqual(["hf:org/tiny@main"]);
    expect(await pendingDownloads(needs, nodeRemoteOptions())).toEqual([
      { name: "hf:org/tiny@main", host: new URL(hub.url).host },
    ]);
    expect(hub.asked).toEqual([]);
    const measured = await measureDownloads(needs, nodeRemoteOptions());
    expect(hub.fetched).toEqual([]);
    const said = measured[0]?.files?.map(({ path }) => path) ?? [];
    const sizes = said.map((path) => hub.files.get(path)?.size ?? 0);
    expect(missingBytes(measured)).toBe(sizes.reduce((sum, size) => sum + size, 0));

    (
      await runGraph(
        { ...graph, nodes: { model: graph.nodes["model"], other: graph.nodes["other"] } },
        { backend: "cpu" },
      )
    ).dispose();
    expect([...new Set(hub.fetched)].sort()).toEqual([...said].sort());
    expect(await pendingDownloads(needs, nodeRemoteOptions())).toEqual([]);
  });
});

describe("the files of a repository that a node reads", () => {
  const paths = [
    "config.json",
    "diffusion_pytorch_model.safetensors.index.json",
    "diffusion_pytorch_model-00001-of-00002.safetensors",
    "diffusion_pytorch_model-00002-of-00002.safetensors",
    "diffusion_pytorch_model.bin",
    "README.md",
  ];

  it("are all shards of a sharded model", () => {
    expect(neededFiles(paths, "model/load-unet", "source", {})).toEqual(paths.slice(0, 4));
  });

  it("are the half-precision ones where there are no others", () => {
    const half = ["unet/config.json", "unet/diffusion_pytorch_model.fp16.safetensors"];
    expect(neededFiles(half, "model/load-unet", "source", {})).toEqual(half);
  });

  it("are the tokenizer's alone, for the vocabulary of a single-file checkpoint", () => {
    const all = ["tokenizer/vocab.json", "tokenizer/merges.txt", "unet/config.json"];
    expect(neededFiles(all, "model/load-checkpoint", "tokenizer", {})).toEqual(all.slice(0, 2));
  });
});

describe("the needs of a graph", () => {
  it("are those of the nodes that run, with what a wire brings", () => {
    const wired: GraphDocument = {
      format: 1,
      nodes: {
        pipeline: { type: "model/load-pipeline", version: 1, params: { source: "hf:a/b@v2" } },
        depth: { type: "model/load-depth-estimator", version: 1, params: { source: "hf:not/read" } },
        alone: { type: "model/load-vae", version: 1, params: { source: "https://example.com/vae" } },
      },
      edges: [{ from: "pipeline.source", to: "depth.source" }],
    };
    expect(remoteNeeds(description, wired).map(({ name }) => name)).toEqual([
      "hf:a/b@v2",
      "https://example.com/vae",
    ]);
    const [need] = remoteNeeds(description, wired, ["depth"]);
    expect(need?.readers.map(({ node }) => node)).toEqual(["pipeline", "depth"]);
    expect(remoteNeeds(description, wired, ["depth"]).length).toBe(1);
  });
});

it("every node that reads a source is known to the question, or a new one is asked about as a whole pipeline", () => {
  const readers = Object.values(description.nodes)
    .filter((node) => Object.values(node.params).some((spec) => spec.kind === "source"))
    .map(({ type }) => type)
    .sort();
  expect(readers).toEqual([
    "adapters/lora",
    "control/load-controlnet",
    "data/dataset",
    "image/load",
    "io/load-tensor",
    "model/load-checkpoint",
    "model/load-depth-estimator",
    "model/load-pipeline",
    "model/load-text-encoder",
    "model/load-tokenizer",
    "model/load-unet",
    "model/load-vae",
    "sampling/load-noise-scheduler",
  ]);
});
