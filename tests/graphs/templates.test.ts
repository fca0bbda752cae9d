import { readdirSync, readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { serializeDocument } from "../../src/engine/graph/serialize.ts";
import { readDocument } from "../../src/engine/graph/parse.ts";
import type { ParamValue } from "../../src/engine/node/params.ts";
import { nodeServices, Runner } from "../../src/index.ts";

const folder = new URL("../../graphs/", import.meta.url);
const templates = readdirSync(folder).filter((name) => name.endsWith(".graph.json"));
const read = (name: string): string => readFileSync(new URL(name, folder), "utf8");

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
};

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

  it.each(templates)("%s runs on wasm and leaves no tensor behind", async (name) => {
    const { set, output, shape } = runs[name] ?? { set: {}, output: "", shape: [] };
    const runner = new Runner({ services: nodeServices(), cacheBytes: 0 });
    await runner.init("wasm");
    const before = tf.memory().numTensors;
    const { outputs, dispose } = await runner.run(read(name), { set, backend: "wasm" });
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
