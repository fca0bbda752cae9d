import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { inferShapes } from "../../src/engine/graph/shapes.ts";
import { serializeDocument } from "../../src/engine/graph/serialize.ts";
import { readDocument } from "../../src/engine/graph/parse.ts";
import type { ParamValue } from "../../src/engine/node/params.ts";
import { nodeServices, Runner } from "../../src/index.ts";
import { describeNodes } from "../../src/nodes/describe.ts";
import { setParams } from "../../src/nodes/set-params.ts";
import { golden, pipeline, type Variant } from "./tiny-pipelines.ts";

const folder = new URL("../../graphs/", import.meta.url);
const templates = readdirSync(folder).filter((name) => name.endsWith(".graph.json"));
const read = (name: string): string => readFileSync(new URL(name, folder), "utf8");

type Settings = Readonly<Record<string, ParamValue>>;

/** A tiny pipeline in place of the real checkpoint, and pictures of 64 × 64 pixels. */
const tiny = (variant: Variant, smallNodes: readonly string[], more: Settings = {}): Settings => ({
  "model.source": pipeline(variant),
  ...Object.fromEntries(smallNodes.flatMap((node) => [[`${node}.height`, 64], [`${node}.width`, 64]])),
  ...more,
});
const twoSteps = { "timesteps.numInferenceSteps": 2 };
const twoOfSampler = { "sampler.numInferenceSteps": 2 };
const gridRows = ["euler", "dpm", "uniPc"];
const picture = { "picture.source": golden("picture.png") };
const taesd = `file:${fileURLToPath(new URL("../golden/sd-models/taesd", import.meta.url))}`;
const decoded = { output: "decode.image", shape: [1, 64, 64, 3] };

/** Settings that make each template short enough for a test, and the output that shows that it ran. */
const runs: Record<string, { set: Record<string, ParamValue>; output: string; shape: number[] }> = {
  "sample-digits.graph.json": {
    set: { "timesteps.numInferenceSteps": 4, "noise.batch": 2 },
    output: "decode.image",
    shape: [2, 28, 28, 1],
  },
  "sample-digits-ddpm.graph.json": {
    set: { "timesteps.numInferenceSteps": 4, "noise.batch": 2 },
    output: "decode.image",
    shape: [2, 28, 28, 1],
  },
  "forward-process.graph.json": { set: {}, output: "grid.image", shape: [1, 28, 298, 1] },
  "train-basic-unet.graph.json": {
    set: { "begin.maxSteps": 3, "begin.batchSize": 8, "start.batch": 2 },
    output: "decode.image",
    shape: [2, 28, 28, 1],
  },
  "train-ddpm.graph.json": {
    set: { "begin.maxSteps": 2, "begin.batchSize": 4, "start.batch": 1, "timesteps.numInferenceSteps": 2, "optimizer.warmupSteps": 1 },
    output: "decode.image",
    shape: [1, 28, 28, 1],
  },
  "train-ddpm-trainer.graph.json": {
    set: { "train.maxSteps": 2, "train.batchSize": 4, "start.batch": 1, "timesteps.numInferenceSteps": 2, "train.warmupSteps": 1 },
    output: "decode.image",
    shape: [1, 28, 28, 1],
  },
  "txt2img.graph.json": { set: tiny("base", ["noise"], twoSteps), ...decoded },
  "txt2img-compact.graph.json": { set: tiny("base", ["noise"], { "sampler.numInferenceSteps": 2 }), ...decoded },
  "sd-turbo.graph.json": { set: tiny("turbo", ["noise"]), ...decoded },
  "lcm.graph.json": { set: tiny("lcm", ["noise"], twoSteps), ...decoded },
  "img2img.graph.json": { set: tiny("base", ["size"], { ...twoSteps, ...picture }), ...decoded },
  "img2img-compact.graph.json": {
    set: tiny("base", ["size"], { "sampler.numInferenceSteps": 2, ...picture }),
    ...decoded,
  },
  "inpaint.graph.json": { set: tiny("inpaint", ["noise", "size"], { ...twoSteps, ...picture }), ...decoded },
  "inpaint-any-model.graph.json": {
    set: tiny("base", ["size", "maskSize"], { ...twoSteps, ...picture, "maskPicture.source": golden("mask.png") }),
    ...decoded,
  },
  "depth-to-image.graph.json": { set: tiny("depth", ["size"], { ...twoSteps, ...picture }), ...decoded },
  "txt2img-previews.graph.json": {
    set: tiny("base", ["noise"], { ...twoSteps, "tiny.source": taesd }),
    output: "preview.image",
    shape: [1, 32, 32, 3],
  },
  "depth-picture-to-image.graph.json": {
    set: tiny("depth", ["size"], { ...twoSteps, ...picture, "depth.source": golden("depth.png") }),
    ...decoded,
  },
  "lora.graph.json": { set: tiny("base", ["noise"], { ...twoSteps, "lora.source": golden("lora.safetensors") }), ...decoded },
  "controlnet.graph.json": {
    set: tiny("base", ["noise", "edgesSize"], {
      ...twoSteps,
      "controlnet.source": golden("controlnet"),
      "edges.source": golden("edges.png"),
    }),
    ...decoded,
  },
  "prompt-interpolation.graph.json": {
    set: tiny("base", ["noise"], { ...twoSteps, "noise.batch": 3, "mix.count": 3 }),
    output: "grid.image",
    shape: [1, 64, 3 * 64 + 2 * 2, 3],
  },
  "scheduler-grid.graph.json": {
    set: tiny("base", ["noise"], {
      ...Object.fromEntries(gridRows.map((name) => [`${name}Few.numInferenceSteps`, 1])),
      ...Object.fromEntries(gridRows.map((name) => [`${name}Many.numInferenceSteps`, 2])),
    }),
    output: "grid.image",
    shape: [1, 3 * 64 + 2 * 2, 2 * 64 + 2, 3],
  },
  "scheduler-grid-open.graph.json": {
    set: tiny("base", ["noise"], {
      ...Object.fromEntries(gridRows.map((name) => [`${name}FewTimesteps.numInferenceSteps`, 1])),
      ...Object.fromEntries(gridRows.map((name) => [`${name}ManyTimesteps.numInferenceSteps`, 2])),
    }),
    output: "grid.image",
    shape: [1, 3 * 64 + 2 * 2, 2 * 64 + 2, 3],
  },
  "sd-turbo-compact.graph.json": { set: tiny("turbo", ["noise"]), ...decoded },
  "lcm-compact.graph.json": { set: tiny("lcm", ["noise"], twoOfSampler), ...decoded },
  "inpaint-compact.graph.json": {
    set: tiny("inpaint", ["noise", "size"], { ...twoOfSampler, ...picture }),
    ...decoded,
  },
  "inpaint-any-model-compact.graph.json": {
    set: tiny("base", ["size", "maskSize"], { ...twoOfSampler, ...picture, "maskPicture.source": golden("mask.png") }),
    ...decoded,
  },
  "depth-to-image-compact.graph.json": {
    set: tiny("depth", ["size"], { ...twoOfSampler, ...picture }),
    ...decoded,
  },
  "lora-compact.graph.json": {
    set: tiny("base", ["noise"], { ...twoOfSampler, "lora.source": golden("lora.safetensors") }),
    ...decoded,
  },
  "controlnet-compact.graph.json": {
    set: tiny("base", ["noise", "edgesSize"], {
      ...twoOfSampler,
      "controlnet.source": golden("controlnet"),
      "edges.source": golden("edges.png"),
    }),
    ...decoded,
  },
  "prompt-interpolation-compact.graph.json": {
    set: tiny("base", ["noise"], { ...twoOfSampler, "noise.batch": 3, "mix.count": 3 }),
    output: "grid.image",
    shape: [1, 64, 3 * 64 + 2 * 2, 3],
  },
  "ddim-inversion-compact.graph.json": {
    set: tiny("base", ["size"], { ...picture, ...twoOfSampler, "invert.numInferenceSteps": 2 }),
    output: "grid.image",
    shape: [1, 64, 2 * 64 + 2, 3],
  },
  "attention-maps-compact.graph.json": {
    set: tiny("base", ["noise"], {
      ...twoOfSampler,
      ...twoSteps,
      "before.numInferenceSteps": 2,
      "stop.value": 1,
      "prompt.positive": "red hat",
      "maps.size": 16,
    }),
    output: "maps.maps",
    shape: [2, 16, 16, 1],
  },
  "ddim-inversion.graph.json": {
    set: tiny("base", ["size"], { ...picture, "backward.numInferenceSteps": 2, "forward.numInferenceSteps": 2 }),
    output: "grid.image",
    shape: [1, 64, 2 * 64 + 2, 3],
  },
  "attention-maps.graph.json": {
    set: tiny("base", ["noise"], { ...twoSteps, "prompt.positive": "red hat", "maps.size": 16 }),
    output: "maps.maps",
    shape: [2, 16, 16, 1],
  },
};

/** Settings for the templates on the small model that ships. */
const few = (...samplers: string[]): Settings =>
  Object.fromEntries(samplers.map((name) => [`${name}.numInferenceSteps`, 2]));
const rows = (count: number, columns: number): number[] => [1, count * 64 + (count - 1) * 2, columns * 64 + (columns - 1) * 2, 3];
Object.assign(runs, {
  "emoji-txt2img.graph.json": { set: few("timesteps"), ...decoded },
  "emoji-img2img.graph.json": { set: few("first", "second"), ...decoded },
  "emoji-inpaint.graph.json": { set: few("first", "second"), ...decoded },
  "emoji-guidance.graph.json": { set: few("one", "two", "four", "eight"), output: "grid.image", shape: rows(1, 4) },
  "emoji-interpolation.graph.json": { set: few("timesteps"), output: "grid.image", shape: rows(1, 6) },
  "emoji-schedulers.graph.json": {
    set: few("ddimFew", "ddimMany", "dpmFew", "dpmMany", "uniPcFew", "uniPcMany"),
    output: "grid.image",
    shape: rows(3, 2),
  },
  "emoji-attention.graph.json": { set: { ...few("timesteps"), "maps.size": 16 }, output: "maps.maps", shape: [8, 16, 16, 1] },
  "emoji-fine-tune.graph.json": { set: { ...few("before", "after"), "begin.maxSteps": 2 }, output: "compare.image", shape: rows(1, 2) },
});

/** N5: what is said of a shape before the run is true of every array of it, and something is said of the result. */
function expectShapes(outputs: Record<string, Record<string, unknown>>, name: string, set: Settings): void {
  const description = describeNodes();
  const document = setParams(description, readDocument(read(name)), set);
  const inferred = inferShapes(description, document);
  const axes = { right: 0, wrong: [] as string[] };
  for (const [node, ports] of Object.entries(outputs)) {
    for (const [port, value] of Object.entries(ports)) {
      const shape = inferred.get(`${node}.${port}`);
      if (shape === undefined || !(value instanceof tf.Tensor)) continue;
      const fits = shape.length === value.shape.length && shape.every((axis, i) => typeof axis === "string" || axis === value.shape[i]);
      if (fits) axes.right += shape.filter((axis) => typeof axis === "number").length;
      else axes.wrong.push(`${node}.${port} is [${value.shape.join()}], said to be [${shape.join()}]`);
    }
  }
  expect(axes.wrong).toEqual([]);
  expect(axes.right).toBeGreaterThan(0);
}

describe("the templates in graphs/", () => {
  it("all have their entry here", () => {
    expect(Object.keys(runs).sort()).toEqual(templates.sort());
  });

  it.each(templates)("%s is saved as the editor saves it, with a name and a lesson", (name) => {
    const document = readDocument(read(name));
    expect(serializeDocument(document)).toBe(read(name));
    expect(document.name).toBeTruthy();
    expect(document.description).toBeTruthy();
    expect(Object.keys(document.layout ?? {}).sort()).toEqual(Object.keys(document.nodes).sort());
  });

  it.each(templates)("%s has its nodes in their present versions: opening it changes nothing", (name) => {
    const { nodes } = describeNodes();
    const old = Object.entries(readDocument(read(name)).nodes).flatMap(([id, { type, version }]) =>
      version === nodes[type]?.version ? [] : [`${id}: ${type} ${String(version)}`],
    );
    expect(old).toEqual([]);
  });

  it.each(templates)("%s runs on wasm and leaves no tensor behind", async (name) => {
    const { set, output, shape } = runs[name] ?? { set: {}, output: "", shape: [] };
    const runner = new Runner({ services: nodeServices(), cacheBytes: 0 });
    await runner.init("wasm");
    const before = tf.memory().numTensors;
    const { outputs, dispose } = await runner.run(read(name), { set, backend: "wasm", keep: "all" });
    expectShapes(outputs, name, set);
    const [node = "", port = ""] = output.split(".");
    const image = outputs[node]?.[port] as tf.Tensor;
    expect(image.shape).toEqual(shape);
    const values = await image.data();
    expect(values.every((value) => value >= 0 && value <= 1)).toBe(true);
    expect(new Set(values).size).toBeGreaterThan(10);
    dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
