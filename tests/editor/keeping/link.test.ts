import { deflateSync, strToU8 } from "fflate";
import { encode } from "fast-png";
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { openGraphBytes, openGraphText } from "../../../src/editor/files/open-graph.ts";
import { graphOfLink, linkTo } from "../../../src/editor/share/link.ts";
import { referencesOf } from "../../../src/editor/share/references.ts";
import { GRAPH_KEYWORD, withGraph } from "../../../src/engine/graph/graph-in-png.ts";
import { readDocument } from "../../../src/engine/graph/parse.ts";
import { writePngText } from "../../../src/engine/graph/png-text.ts";
import { validate } from "../../../src/engine/graph/validate.ts";
import { migrateNodes } from "../../../src/engine/graph/migrate-nodes.ts";
import { describeNodes } from "../../../src/nodes/describe.ts";
import { registry } from "../../../src/nodes/registry.ts";

const sample = readDocument(readFileSync("graphs/sample-digits.graph.json", "utf8"));
const picture = encode({ width: 2, height: 2, data: new Uint8Array(12), channels: 3 });
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const hashOf = (data: Uint8Array): string => `#graph=1.${Buffer.from(data).toString("base64url")}`;

describe("links", () => {
  test("hold the whole graph, in a length that a chat takes", () => {
    const link = linkTo(sample, "https://example.org/loom/index.html?a=1#old");
    expect(link.length).toBeLessThan(2500);
    expect(link.startsWith("https://example.org/loom/index.html#graph=1.")).toBe(true);
    expect(graphOfLink(new URL(link).hash)).toEqual(sample);
  });

  test("another fragment is none of ours", () => {
    for (const hash of ["", "#", "#top", "#graph", "graph=1.x"]) expect(graphOfLink(hash)).toBeUndefined();
  });

  test("hostile and broken ones are refused in words", () => {
    const cases: readonly (readonly [string, RegExp])[] = [
      ["#graph=", /another version/],
      ["#graph=2.abc", /another version/],
      ["#graph=1.", /not whole/],
      ["#graph=1.<script>alert(1)</script>", /not whole/],
      ["#graph=1.AAAA", /cannot be opened|not JSON/],
      [hashOf(deflateSync(strToU8("{"))), /not JSON/],
      [hashOf(deflateSync(strToU8("[1]"))), /one JSON object/],
      [hashOf(deflateSync(strToU8('{"format":99,"nodes":{},"edges":[]}'))), /format/],
      [hashOf(deflateSync(new Uint8Array(60_000_000))), /larger than 20 MB/],
      [new URL(linkTo(sample, "https://example.org")).hash.slice(0, 300), /damaged or cut off|not JSON/],
    ];
    for (const [hash, words] of cases) expect(() => graphOfLink(hash), hash.slice(0, 60)).toThrow(words);
  });

  test("no fragment makes the reader throw anything but words", () => {
    const { hash } = new URL(linkTo(sample, "https://example.org"));
    fc.assert(
      fc.property(fc.nat(hash.length - 1), fc.string({ maxLength: 5 }), (at, put) => {
        try {
          graphOfLink(hash.slice(0, at) + put + hash.slice(at + 1));
        } catch (error) {
          expect((error as Error).message).not.toMatch(/undefined|is not a/);
        }
      }),
      { numRuns: 300 },
    );
  });
});

test("references are found wherever they stand, each with its server", () => {
  const { remote, files, bundled } = referencesOf({
    format: 1,
    nodes: {
      a: {
        type: "x/y",
        version: 1,
        params: { source: "hf:org/model@v1", other: "https://evil.example/m.safetensors" },
      },
      b: {
        type: "x/y",
        version: 1,
        params: { source: "file:my/model", text: "see https://example.org for more" },
      },
      c: { type: "x/y", version: 1, params: { source: "bundled:mnist-ddpm", again: "hf:org/model@v1" } },
    },
    edges: [],
    view: { deep: [{ er: "http://localhost:8000/m" }] },
  });
  expect(remote).toEqual([
    { reference: "hf:org/model@v1", host: "huggingface.co" },
    { reference: "http://localhost:8000/m", host: "localhost:8000" },
    { reference: "https://evil.example/m.safetensors", host: "evil.example" },
  ]);
  expect(files).toEqual(["file:my/model"]);
  expect(bundled).toEqual(["bundled:mnist-ddpm"]);
});

describe("opening files", () => {
  test("a picture that carries a graph opens it", () => {
    expect(openGraphBytes(withGraph(picture, sample))).toEqual({ document: sample, notes: [] });
  });

  test("what holds no graph is called by its name", () => {
    const png = (keyword: string, text: string): Uint8Array => writePngText(picture, { keyword, text });
    const header = bytesOf('{"a":{}}');
    const cases: readonly (readonly [Uint8Array, RegExp])[] = [
      [picture, /carries no graph/],
      [png("parameters", "a cat, Steps: 20"), /Stable Diffusion web UI.*a cat/],
      [png("invokeai_metadata", "{}"), /InvokeAI/],
      [png(GRAPH_KEYWORD, "{"), /not JSON/],
      [new Uint8Array(), /empty/],
      [Uint8Array.of(0xff, 0xd8, 0xff, 0xe0), /Only PNG/],
      [Uint8Array.of(0x50, 0x4b, 3, 4), /zip/],
      [Uint8Array.of(0x1f, 0x8b, 8), /gzip/],
      [Uint8Array.from([8, 0, 0, 0, 0, 0, 0, 0, ...header]), /safetensors/],
      [bytesOf("hello"), /not JSON/],
    ];
    for (const [bytes, words] of cases) expect(() => openGraphBytes(bytes)).toThrow(words);
  });
});

describe("ComfyUI", () => {
  /** The graph that ComfyUI opens with, in its form for running. */
  const prompt = {
    "3": {
      class_type: "KSampler",
      inputs: {
        seed: 156680208700286,
        steps: 20,
        cfg: 8,
        sampler_name: "euler",
        scheduler: "normal",
        denoise: 1,
        model: ["4", 0],
        positive: ["6", 0],
        negative: ["7", 0],
        latent_image: ["5", 0],
      },
    },
    "4": { class_type: "CheckpointLoaderSimple", inputs: { ckpt_name: "v1-5-pruned-emaonly.safetensors" } },
    "5": { class_type: "EmptyLatentImage", inputs: { width: 512, height: 768, batch_size: 2 } },
    "6": { class_type: "CLIPTextEncode", inputs: { text: "a (glass:1.2) bottle", clip: ["4", 1] } },
    "7": { class_type: "CLIPTextEncode", inputs: { text: "watermark", clip: ["4", 1] } },
    "8": { class_type: "VAEDecode", inputs: { samples: ["3", 0], vae: ["4", 2] } },
    "9": { class_type: "SaveImage", inputs: { filename_prefix: "Comfy UI", images: ["8", 0] } },
  };
  /** The same as its editor saves it. */
  const workflow = {
    last_node_id: 9,
    last_link_id: 9,
    version: 0.4,
    nodes: [
      {
        id: 3,
        type: "KSampler",
        mode: 0,
        inputs: [
          ["model", 1],
          ["positive", 4],
          ["negative", 6],
          ["latent_image", 2],
        ].map(([name, link]) => ({ name, link })),
        widgets_values: [156680208700286, "randomize", 20, 8, "euler", "normal", 1],
      },
      {
        id: 4,
        type: "CheckpointLoaderSimple",
        mode: 0,
        inputs: [],
        widgets_values: ["v1-5-pruned-emaonly.safetensors"],
      },
      { id: 5, type: "EmptyLatentImage", mode: 0, inputs: [], widgets_values: [512, 768, 2] },
      {
        id: 6,
        type: "CLIPTextEncode",
        mode: 0,
        inputs: [{ name: "clip", link: 3 }],
        widgets_values: ["a (glass:1.2) bottle"],
      },
      {
        id: 7,
        type: "CLIPTextEncode",
        mode: 0,
        inputs: [{ name: "clip", link: 5 }],
        widgets_values: ["watermark"],
      },
      {
        id: 8,
        type: "VAEDecode",
        mode: 0,
        inputs: [
          { name: "samples", link: 7 },
          { name: "vae", link: 8 },
        ],
      },
      {
        id: 9,
        type: "SaveImage",
        mode: 0,
        inputs: [{ name: "images", link: 9 }],
        widgets_values: ["Comfy UI"],
      },
      { id: 10, type: "Note", mode: 0, widgets_values: ["a remark"] },
    ],
    links: [
      [1, 4, 0, 3, 0, "MODEL"],
      [2, 5, 0, 3, 3, "LATENT"],
      [3, 4, 1, 6, 0, "CLIP"],
      [4, 6, 0, 3, 1, "CONDITIONING"],
      [5, 4, 1, 7, 0, "CLIP"],
      [6, 7, 0, 3, 2, "CONDITIONING"],
      [7, 3, 0, 8, 0, "LATENT"],
      [8, 4, 2, 8, 1, "VAE"],
      [9, 8, 0, 9, 0, "IMAGE"],
    ],
  };

  test("its first graph becomes one of ours that is ready to run", () => {
    const { document, notes } = openGraphText(JSON.stringify(prompt));
    expect(validate(describeNodes(), migrateNodes(registry, document).document)).toEqual([]);
    expect(notes).toEqual([]);
    const params = (type: string): unknown =>
      Object.values(document.nodes).find((node) => node.type === type)?.params;
    expect(params("value/seed")).toEqual({ seed: 156680208700286 });
    expect(params("model/load-pipeline")).toEqual({
      source: "hf:stable-diffusion-v1-5/stable-diffusion-v1-5",
    });
    expect(params("sampling/latent-noise")).toEqual({ batch: 2, height: 768, width: 512 });
    expect(params("sampling/sampler")).toEqual({ numInferenceSteps: 20, guidanceScale: 8 });
    expect(params("text/prompt")).toEqual({
      positive: "a (glass:1.2) bottle",
      negative: "watermark",
      attentionWeights: true,
    });
    expect(params("sampling/noise-scheduler")).toMatchObject({ className: "EulerDiscreteScheduler" });
    expect(params("image/save")).toEqual({ path: "Comfy-UI.png" });
  });

  test("saved workflow, running form and picture give the same graph", () => {
    const expected = openGraphText(JSON.stringify(prompt)).document;
    const sorted = (graph: typeof expected): unknown => [
      Object.values(graph.nodes)
        .map((node) => JSON.stringify(node))
        .sort(),
      graph.edges.map(({ from, to }) => `${from}>${to}`).sort(),
    ];
    expect(sorted(openGraphText(JSON.stringify(workflow)).document)).toEqual(sorted(expected));
    let png = writePngText(picture, { keyword: "workflow", text: JSON.stringify(workflow) });
    png = writePngText(png, { keyword: "prompt", text: JSON.stringify(prompt) });
    expect(openGraphBytes(png).document).toEqual(expected);
  });

  test("LoRA, clip skip and image to image come along; what has to be chosen is said", () => {
    const changed = {
      ...prompt,
      "4": { class_type: "CheckpointLoaderSimple", inputs: { ckpt_name: "dreamy.safetensors" } },
      "5": { class_type: "VAEEncode", inputs: { pixels: ["11", 0], vae: ["4", 2] } },
      "11": { class_type: "LoadImage", inputs: { image: "cat.png" } },
      "12": {
        class_type: "LoraLoader",
        inputs: {
          lora_name: "ink.safetensors",
          strength_model: 0.7,
          strength_clip: 0.5,
          model: ["4", 0],
          clip: ["4", 1],
        },
      },
      "13": { class_type: "CLIPSetLastLayer", inputs: { stop_at_clip_layer: -2, clip: ["12", 1] } },
      "3": {
        class_type: "KSampler",
        inputs: { ...prompt["3"].inputs, model: ["12", 0], denoise: 0.6, sampler_name: "odd" },
      },
      "6": { class_type: "CLIPTextEncode", inputs: { text: "ink", clip: ["13", 0] } },
      "7": { class_type: "CLIPTextEncode", inputs: { text: "", clip: ["13", 0] } },
    };
    const { document, notes } = openGraphText(JSON.stringify(changed));
    expect(validate(describeNodes(), migrateNodes(registry, document).document)).toEqual([]);
    const types = Object.fromEntries(Object.values(document.nodes).map(({ type, params }) => [type, params]));
    expect(types["adapters/lora"]).toMatchObject({
      source: "file:ink.safetensors",
      weight: 0.7,
      textWeight: 0.5,
    });
    expect(types["text/prompt"]).toMatchObject({ clipSkip: 1 });
    expect(types["sampling/sampler"]).toMatchObject({ strength: 0.6 });
    expect(notes.join("\n")).toMatch(/dreamy[^]*odd|odd[^]*dreamy/);
    expect(notes.join("\n")).toMatch(/cat\.png/);
  });

  test("what cannot be taken over is named", () => {
    const open =
      (nodes: object): (() => unknown) =>
      () =>
        openGraphText(JSON.stringify(nodes));
    expect(open({ ...prompt, "20": { class_type: "ControlNetApply", inputs: {} } })).toThrow(
      /workflow of ComfyUI.*ControlNetApply/,
    );
    expect(open({ "8": prompt["8"] })).toThrow(/no KSampler/);
    expect(open({ ...prompt, "5": { class_type: "VAEDecode", inputs: {} } })).toThrow(
      /starts from VAEDecode/,
    );
    expect(open({ ...workflow, nodes: workflow.nodes.map((node) => ({ ...node, mode: 4 })) })).toThrow(
      /bypassed/,
    );
    const circle = {
      class_type: "LoraLoader",
      inputs: { lora_name: "a", model: ["12", 0], clip: ["12", 1] },
    };
    expect(
      open({
        ...prompt,
        "12": circle,
        "3": { class_type: "KSampler", inputs: { ...prompt["3"].inputs, model: ["12", 0] } },
        "6": { class_type: "CLIPTextEncode", inputs: { text: "", clip: ["12", 1] } },
        "7": { class_type: "CLIPTextEncode", inputs: { text: "", clip: ["12", 1] } },
      }),
    ).toThrow(/could not be taken over/);
  });
});
