import type { GraphDocument, NodeRecord } from "../../../engine/graph/document.ts";
import type { ParamValue } from "../../../engine/node/params.ts";
import type { OpenedGraph } from "../open-graph.ts";
import { isPrompt, isWorkflow, readPrompt, readWorkflow } from "./read-workflow.ts";
import type { ComfyNode } from "./read-workflow.ts";
import { SPACINGS, STEPPERS, knownCheckpoint } from "./names.ts";

export const isComfy = (json: unknown): boolean => isPrompt(json) || isWorkflow(json);

const KNOWN = new Set([
  "CheckpointLoaderSimple",
  "CLIPSetLastLayer",
  "CLIPTextEncode",
  "EmptyLatentImage",
  "KSampler",
  "LoadImage",
  "LoraLoader",
  "PreviewImage",
  "SaveImage",
  "VAEDecode",
  "VAEEncode",
]);

/**
 * Makes a graph of a workflow of ComfyUI: text to image and image to image with a checkpoint, LoRAs and KSamplers.
 *
 * @throws Error that names what cannot be taken over
 */
export function importComfy(json: unknown): OpenedGraph {
  try {
    const nodes = isPrompt(json)
      ? readPrompt(json)
      : readWorkflow(json as Parameters<typeof readWorkflow>[0]);
    const strange = [...new Set(nodes.map(({ kind }) => kind).filter((kind) => !KNOWN.has(kind)))];
    if (strange.length > 0) throw new Error(`there is nothing here like ${listWords(strange)}.`);
    return new Import(nodes).build();
  } catch (error) {
    throw new Error(
      `This is a workflow of ComfyUI, and it could not be taken over: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}

const listWords = (names: readonly string[]): string =>
  names.length > 6 ? `${names.slice(0, 6).join(", ")} and ${names.length - 6} more` : names.join(", ");

const COLUMN = 320;

class Import {
  readonly #nodes: ReadonlyMap<string, ComfyNode>;
  readonly #records: Record<string, NodeRecord> = {};
  readonly #edges: { from: string; to: string }[] = [];
  readonly #layout: Record<string, readonly [number, number]> = {};
  readonly #notes = new Set<string>();
  /** Ids of ours by what they were made of. */
  readonly #made = new Map<string, string>();
  readonly #rows: number[] = [];

  constructor(nodes: readonly ComfyNode[]) {
    this.#nodes = new Map(nodes.map((node) => [node.id, node]));
  }

  build(): OpenedGraph {
    const samplers = [...this.#nodes.values()].filter(({ kind }) => kind === "KSampler");
    if (samplers.length === 0) throw new Error("it has no KSampler.");
    for (const sampler of samplers) this.#sampler(sampler);
    for (const node of this.#nodes.values()) {
      if (node.kind === "VAEDecode") this.#decode(node);
      if (node.kind === "SaveImage") this.#save(node);
    }
    const document: GraphDocument = {
      format: 1,
      name: "From ComfyUI",
      nodes: this.#records,
      edges: this.#edges,
      layout: this.#layout,
    };
    return { document, notes: [...this.#notes] };
  }

  #sampler(node: ComfyNode): void {
    const id = this.#add(node.id, "sampler", "sampling/sampler", 3, {
      numInferenceSteps: int(node, "steps", 20, 1, 1000),
      guidanceScale: float(node, "cfg", 8, 0, 30),
      ...(float(node, "denoise", 1, 0, 1) < 1 ? { strength: float(node, "denoise", 1, 0, 1) } : {}),
    });
    const seed = this.#add(`seed ${node.id}`, "seed", "value/seed", 0, { seed: seedOf(node) });
    this.#wire(this.#model(this.#from(node, "model")), "unet", id, "unet");
    this.#wire(this.#stepper(node), "noiseScheduler", id, "noiseScheduler");
    const prompt = this.#prompt(node);
    this.#wire(prompt, "positive", id, "positive");
    this.#wire(prompt, "negative", id, "negative");
    const latent = this.#from(node, "latent_image");
    if (latent.kind === "EmptyLatentImage") {
      const noise = this.#add(`noise ${node.id}`, "noise", "sampling/latent-noise", 2, {
        batch: int(latent, "batch_size", 1, 1, 64),
        height: int(latent, "height", 512, 8, 4096),
        width: int(latent, "width", 512, 8, 4096),
      });
      this.#wire(seed, "generator", noise, "generator");
      this.#fromNoise(noise, id);
    } else if (latent.kind === "VAEEncode") {
      const encode = this.#encode(latent);
      const noise = this.#add(`noise ${node.id}`, "noise", "sampling/noise", 2, {});
      this.#wire(encode, "latent", noise, "like");
      this.#wire(seed, "generator", noise, "generator");
      this.#wire(encode, "latent", id, "original");
      this.#fromNoise(noise, id);
    } else throw new Error(`a KSampler starts from ${latent.kind}.`);
  }

  #fromNoise(noise: string, sampler: string): void {
    this.#wire(noise, "noise", sampler, "noise");
    this.#wire(noise, "generator", sampler, "generator");
  }

  /** The node of ours that hands out the network, the text encoder, the tokenizer and the VAE of a checkpoint. */
  #checkpoint(node: ComfyNode): string {
    const name = text(node, "ckpt_name", "model.safetensors");
    const known = knownCheckpoint(name);
    if (known !== undefined) return this.#add(node.id, "model", "model/load-pipeline", 0, { source: known });
    this.#notes.add(`Choose the file ${name} in the node that loads the checkpoint.`);
    return this.#add(node.id, "model", "model/load-checkpoint", 0, { source: `file:${name}` });
  }

  /** A checkpoint or a LoRA on it: both have `unet` and `textEncoder`. */
  #model(node: ComfyNode): string {
    if (node.kind === "CheckpointLoaderSimple") return this.#checkpoint(node);
    if (node.kind === "CLIPSetLastLayer") return this.#model(this.#from(node, "clip"));
    if (node.kind !== "LoraLoader") throw new Error(`a model comes from ${node.kind}.`);
    const name = text(node, "lora_name", "lora.safetensors");
    const isNew = !this.#made.has(node.id);
    const id = this.#add(node.id, "lora", "adapters/lora", 1, {
      source: `file:${name}`,
      weight: float(node, "strength_model", 1, -4, 4),
      textWeight: float(node, "strength_clip", 1, -4, 4),
    });
    if (isNew) {
      this.#notes.add(`Choose the file ${name} in the node LoRA.`);
      this.#wire(this.#model(this.#from(node, "model")), "unet", id, "unet");
      this.#wire(this.#model(this.#from(node, "clip")), "textEncoder", id, "textEncoder");
    }
    return id;
  }

  /** The checkpoint at the root of a chain of LoRAs. */
  #root(node: ComfyNode): string {
    if (node.kind === "CheckpointLoaderSimple") return this.#checkpoint(node);
    return this.#root(this.#from(node, node.kind === "LoraLoader" ? "model" : "clip"));
  }

  #prompt(sampler: ComfyNode): string {
    const [positive, negative] = [this.#from(sampler, "positive"), this.#from(sampler, "negative")];
    for (const { kind } of [positive, negative])
      if (kind !== "CLIPTextEncode") throw new Error(`a prompt comes from ${kind}.`);
    const clip = this.#from(positive, "clip");
    if (this.#from(negative, "clip") !== clip)
      throw new Error("its prompt and negative prompt are read by different text encoders.");
    const texts = [text(positive, "text", ""), text(negative, "text", "")] as const;
    const id = this.#add(`prompt ${sampler.id}`, "prompt", "text/prompt", 2, {
      positive: texts[0],
      negative: texts[1],
      ...(texts.some((one) => /[([]/.test(one)) ? { attentionWeights: true } : {}),
      ...this.#clipSkip(clip),
    });
    this.#wire(this.#root(clip), "tokenizer", id, "tokenizer");
    this.#wire(this.#model(clip), "textEncoder", id, "textEncoder");
    return id;
  }

  /** ComfyUI counts from the end: -1 is the last layer. */
  #clipSkip(clip: ComfyNode): { clipSkip?: number } {
    if (clip.kind !== "CLIPSetLastLayer") return {};
    return { clipSkip: -int(clip, "stop_at_clip_layer", -1, -24, -1) - 1 };
  }

  #stepper(node: ComfyNode): string {
    const [sampler, spacing] = [text(node, "sampler_name", "euler"), text(node, "scheduler", "normal")];
    const className = STEPPERS[sampler];
    if (className === undefined)
      this.#notes.add(`The sampler ${sampler} is not here; DPM-Solver++ stands in its place.`);
    if (SPACINGS[spacing] === undefined && spacing !== "karras")
      this.#notes.add(`The spacing of steps "${spacing}" is not here; "normal" stands in its place.`);
    return this.#add(`stepper ${node.id}`, "scheduler", "sampling/noise-scheduler", 1, {
      className: className ?? "DPMSolverMultistepScheduler",
      betaSchedule: "scaled_linear",
      betaStart: 0.00085,
      betaEnd: 0.012,
      clipSample: false,
      stepsOffset: 1,
      timestepSpacing: SPACINGS[spacing] ?? "linspace",
      ...(spacing === "karras" ? { useKarrasSigmas: true } : {}),
    });
  }

  #encode(node: ComfyNode): string {
    const picture = this.#from(node, "pixels");
    if (picture.kind !== "LoadImage") throw new Error(`a picture comes from ${picture.kind}.`);
    const name = text(picture, "image", "picture.png");
    this.#notes.add(`Choose the picture ${name} in the node Load image.`);
    const load = this.#add(picture.id, "picture", "image/load", 0, { source: `file:${name}` });
    // ComfyUI takes the middle of what the encoder says, and draws nothing.
    const id = this.#add(node.id, "encode", "image/vae-encode", 1, { mode: "mode" });
    this.#wire(load, "image", id, "image");
    this.#wire(this.#root(this.#from(node, "vae")), "vae", id, "vae");
    return id;
  }

  #decode(node: ComfyNode): void {
    const sampler = this.#made.get(this.#from(node, "samples").id);
    if (sampler === undefined) throw new Error("a picture is decoded from something else than a KSampler.");
    const id = this.#add(node.id, "decode", "image/vae-decode", 4, {});
    this.#wire(sampler, "sample", id, "latent");
    this.#wire(this.#root(this.#from(node, "vae")), "vae", id, "vae");
  }

  #save(node: ComfyNode): void {
    const source = this.#made.get(this.#from(node, "images").id);
    if (source === undefined || !this.#records[source]?.type.startsWith("image/")) return;
    const prefix = text(node, "filename_prefix", "ComfyUI").replaceAll(/[^\w.-]+/g, "-");
    const id = this.#add(node.id, "save", "image/save", 5, { path: `${prefix}.png` });
    this.#wire(source, "image", id, "images");
  }

  #from(node: ComfyNode, input: string): ComfyNode {
    const wire = node.inputs[input];
    const source = Array.isArray(wire) ? this.#nodes.get(String(wire[0])) : undefined;
    if (!source) throw new Error(`the input ${input} of ${node.kind} is not wired.`);
    return source;
  }

  #add(key: string, name: string, type: string, column: number, params: Record<string, ParamValue>): string {
    const made = this.#made.get(key);
    if (made !== undefined) return made;
    let id = name;
    for (let count = 2; Object.hasOwn(this.#records, id); count++) id = `${name}${count}`;
    this.#made.set(key, id);
    this.#records[id] = { type, version: 1, params };
    const row = this.#rows[column] ?? 0;
    this.#rows[column] = row + 1;
    this.#layout[id] = [40 + column * COLUMN, 60 + row * 340];
    return id;
  }

  #wire(from: string, output: string, to: string, input: string): void {
    const edge = { from: `${from}.${output}`, to: `${to}.${input}` };
    if (!this.#edges.some((other) => other.to === edge.to)) this.#edges.push(edge);
  }
}

const number = (node: ComfyNode, name: string, instead: number): number => {
  const value = Number(node.inputs[name] ?? instead);
  return Number.isFinite(value) ? value : instead;
};
const float = (node: ComfyNode, name: string, instead: number, min: number, max: number): number =>
  Math.min(max, Math.max(min, number(node, name, instead)));
const int = (node: ComfyNode, name: string, instead: number, min: number, max: number): number =>
  Math.round(float(node, name, instead, min, max));
const text = (node: ComfyNode, name: string, instead: string): string => {
  const value = node.inputs[name];
  return typeof value === "string" ? value : instead;
};

/** ComfyUI has seeds up to 2^64; above 2^53 JSON has lost their last digits already. */
const seedOf = (node: ComfyNode): number => int(node, "seed", 0, 0, Number.MAX_SAFE_INTEGER);
