import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs";
import { expect } from "vitest";
import type { ParamValue } from "../../src/engine/node/params.ts";
import { nodeServices, Runner } from "../../src/index.ts";
import { golden, pipeline, readExpected } from "./tiny-pipelines.ts";

export const readTemplate = (name: string): string =>
  readFileSync(new URL(`../../graphs/${name}.graph.json`, import.meta.url), "utf8");

export type Settings = Readonly<Record<string, ParamValue>>;

const runner = new Runner({ services: nodeServices(), cacheBytes: 0 });

export interface Output {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Runs a template; checks that it leaves no tensor behind. */
export async function runTemplate(
  graph: string,
  set: Settings,
  addresses: readonly string[],
  backend: "wasm" | "webgpu" = "wasm",
): Promise<Output[]> {
  await runner.init(backend);
  const before = tf.memory().numTensors;
  const { outputs, dispose, runtime } = await runner.run(readTemplate(graph), { backend, set, keep: addresses });
  expect(runtime.backend).toBe(backend);
  const results: Output[] = [];
  for (const address of addresses) {
    const [node = "", port = ""] = address.split(".");
    const tensor = outputs[node]?.[port] as tf.Tensor;
    results.push({ shape: tensor.shape, values: Float32Array.from(await tensor.data()) });
  }
  dispose();
  expect(tf.memory().numTensors).toBe(before);
  return results;
}

function largest(values: Float32Array, of: (value: number, index: number) => number): number {
  return values.reduce((most, value, i) => {
    const size = of(value, i);
    return size > most || Number.isNaN(size) ? size : most;
  }, 0);
}

/** Latents relative to the largest of diffusers', pixels absolutely. */
export async function errors(
  name: string,
  latents: Output | undefined,
  pixels: Output | undefined,
  results?: "expected" | "grids" | "exchange",
): Promise<{ latents: number; pixels: number }> {
  const compare = async (kind: string, actual: Output | undefined, relative: boolean): Promise<number> => {
    const expected = await readExpected(`${name}.${kind}`, results);
    expect(actual?.shape).toEqual(expected.shape);
    const scale = relative ? largest(expected.values, Math.abs) : 1;
    return largest(expected.values, (value, i) => Math.abs(value - (actual?.values[i] ?? Number.NaN))) / scale;
  };
  return { latents: await compare("latents", latents, true), pixels: await compare("pixels", pixels, false) };
}

const words = { positive: "a photo of a cat", negative: "dark, old" };
export const prompt = { "prompt.positive": words.positive, "prompt.negative": words.negative };
export const small = (node: string): Settings => ({ [`${node}.height`]: 64, [`${node}.width`]: 64 });
const common = { "seed.seed": 0 };
const guided = { "guidance.guidanceScale": 7.5, "timesteps.numInferenceSteps": 20 };
export const picture = { "picture.source": golden("picture.png"), ...small("size") };
export const base = { "model.source": pipeline("base"), ...common };

export interface ParityCase {
  readonly graph?: string;
  readonly set: Settings;
  readonly latents?: string;
}

/** By the name of diffusers' run: the template that gives the same, and its settings. */
export const cases: Readonly<Record<string, ParityCase>> = {
  txt2img: {
    set: { ...base, ...guided, ...small("noise"), "words.prompt": words.positive, "negativeWords.prompt": words.negative },
  },
  "v-prediction": {
    graph: "txt2img",
    set: {
      ...common,
      ...guided,
      ...small("noise"),
      "model.source": pipeline("v-prediction"),
      "words.prompt": words.positive,
      "negativeWords.prompt": words.negative,
    },
  },
  unusual: {
    graph: "txt2img",
    set: {
      ...common,
      ...guided,
      ...small("noise"),
      "model.source": pipeline("unusual"),
      "words.prompt": words.positive,
      "negativeWords.prompt": words.negative,
    },
  },
  turbo: { graph: "sd-turbo", set: { ...common, ...prompt, ...small("noise"), "model.source": pipeline("turbo") } },
  lcm: { set: { ...common, ...prompt, ...small("noise"), "model.source": pipeline("lcm") } },
  img2img: { set: { ...base, ...guided, ...prompt, ...picture, "startAt.strength": 0.6 } },
  inpaint: {
    set: {
      ...common,
      ...guided,
      ...prompt,
      ...picture,
      ...small("noise"),
      "model.source": pipeline("inpaint"),
      "mask.left": 14 / 64,
      "mask.right": 46 / 64,
      "mask.top": 10 / 64,
      "mask.bottom": 38 / 64,
    },
  },
  "inpaint-any-model": {
    set: { ...base, ...guided, ...prompt, ...picture, ...small("maskSize"), "maskPicture.source": golden("mask.png") },
  },
  "depth-to-image": {
    set: {
      ...common,
      ...guided,
      ...prompt,
      ...picture,
      "model.source": pipeline("depth"),
      "startAt.strength": 0.8,
    },
  },
  "depth-picture-to-image": {
    set: {
      ...common,
      ...guided,
      ...prompt,
      ...picture,
      "model.source": pipeline("depth"),
      "depth.source": golden("depth.png"),
      "startAt.strength": 0.8,
    },
  },
  controlnet: {
    set: {
      ...base,
      ...guided,
      ...prompt,
      ...small("noise"),
      ...small("edgesSize"),
      "controlnet.source": golden("controlnet"),
      "edges.source": golden("edges.png"),
      "follow.conditioningScale": 0.8,
      "followNegative.conditioningScale": 0.8,
    },
  },
  lora: {
    set: {
      ...base,
      ...guided,
      ...prompt,
      ...small("noise"),
      "model.scheduler": "as saved",
      "lora.source": golden("lora.safetensors"),
      "lora.weight": 0.8,
      "lora.textWeight": 0.8,
    },
  },
  "ddim-inversion": {
    set: {
      "model.source": pipeline("base"),
      ...picture,
      ...prompt,
      "backward.numInferenceSteps": 20,
      "forward.numInferenceSteps": 20,
    },
    latents: "sampleEnd.sample",
  },
};

/** @throws Error if there is no such case. */
export function caseOf(name: string): ParityCase & { readonly graph: string; readonly latents: string } {
  const found = cases[name];
  if (!found) throw new Error(`There is no case "${name}".`);
  return { graph: name, latents: "end.sample", ...found };
}

/** Runs a case and measures it. */
export async function measure(
  name: string,
  backend: "wasm" | "webgpu" = "wasm",
  { graph, set, latents }: Required<ParityCase> = caseOf(name),
): Promise<{ latents: number; pixels: number }> {
  const [sample, image] = await runTemplate(graph, set, [latents, "decode.image"], backend);
  return errors(name, sample, image);
}
