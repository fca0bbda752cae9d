import * as tf from "@tensorflow/tfjs";
import { denseWeight } from "../../tensor/stored/expand.ts";
import { cloneWeight, type Weight } from "../../tensor/stored/stored-tensor.ts";
import type { ByteSource } from "../weights/byte-source.ts";
import type { ParameterSpec, Weights } from "../weights/parameters.ts";
import { readSafetensorsHeader, readTensor } from "../weights/safetensors.ts";
import { readLoraScales } from "./lora-metadata.ts";
import { indexLayers, parseLoraName, type LoraModelName } from "./lora-names.ts";

/** A low-rank change of one weight: `scale · down · up`, on the host. */
export interface LoraLayer {
  /** `[inputs, rank]`; for a convolution the inputs are kernel height, width and channels. */
  readonly down: Float32Array;
  /** `[rank, outputs]`. */
  readonly up: Float32Array;
  readonly rank: number;
  /** alpha / rank. */
  readonly scale: number;
}

/** Changes by the name of the parameter. */
export type LoraLayers = ReadonlyMap<string, LoraLayer>;

/** A LoRA file (Hu et al. 2021), read for the models that it will change. Plain data: there is nothing to dispose. */
export interface Lora {
  readonly name: string;
  readonly unet: LoraLayers;
  readonly textEncoder: LoraLayers;
  /** Models that the file changes but that were not given to {@link loadLora}. */
  readonly unused: readonly LoraModelName[];
}

/** The parameters of the models to change, from `unet2dConditionParameters` and `clipTextParameters`. */
export type LoraModels = Partial<Readonly<Record<LoraModelName, readonly ParameterSpec[]>>>;

interface RawLayer {
  down?: RawMatrix;
  up?: RawMatrix;
  alpha?: number;
}

interface RawMatrix {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/**
 * Reads a LoRA file with kohya's, PEFT's or diffusers' names.
 * @throws naming every layer that the models do not have, that lacks one of its two matrices or has the wrong size; and for
 *   adapters of another kind.
 */
export async function loadLora(source: ByteSource, models: LoraModels): Promise<Lora> {
  const { tensors, metadata } = await readSafetensorsHeader(source);
  const raw: Record<LoraModelName, Map<string, RawLayer>> = { unet: new Map(), textEncoder: new Map() };
  const unread: string[] = [];
  for (const entry of tensors.values()) {
    const name = parseLoraName(entry.name);
    if (!name) {
      unread.push(`"${entry.name}" has a name of no known form`);
      continue;
    }
    const layer = raw[name.model].get(name.layer) ?? {};
    raw[name.model].set(name.layer, layer);
    const values = Float32Array.from(await readTensor(source, entry));
    if (name.part === "alpha") layer.alpha = values[0] ?? 0;
    else layer[name.part] = { shape: entry.shape, values };
  }
  const names = ["unet", "textEncoder"] as const;
  const faults = [...unread];
  const resolved = names.map((model) => {
    const specs = models[model];
    return specs
      ? resolveLayers(raw[model], specs, readLoraScales(metadata, model), faults)
      : new Map<string, LoraLayer>();
  });
  if (faults.length > 0) {
    throw new Error(
      `"${source.name}" does not fit these models (${String(faults.length)} fault${faults.length === 1 ? "" : "s"}); it may be a LoRA for another base model:\n  ${faults.slice(0, 50).join("\n  ")}`,
    );
  }
  return {
    name: source.name,
    unet: resolved[0] ?? new Map(),
    textEncoder: resolved[1] ?? new Map(),
    unused: names.filter((model) => !models[model] && raw[model].size > 0),
  };
}

function resolveLayers(
  raw: ReadonlyMap<string, RawLayer>,
  specs: readonly ParameterSpec[],
  scaleOf: (layer: string, rank: number) => number,
  faults: string[],
): Map<string, LoraLayer> {
  const find = indexLayers(specs);
  const layers = new Map<string, LoraLayer>();
  for (const [name, { down, up, alpha }] of raw) {
    const spec = find(name);
    if (!spec) {
      faults.push(`"${name}" is no layer of the model`);
    } else if (!down || !up) {
      faults.push(`"${name}" has no ${down ? "up" : "down"} matrix`);
    } else if (layers.has(spec.name)) {
      faults.push(`"${name}" occurs twice, under two names`);
    } else {
      const rank = down.shape[0] ?? 0;
      const [outputs = 0, ...inputs] = spec.shape;
      const inputSize = inputs.reduce((product, size) => product * size, 1);
      if (
        down.values.length !== rank * inputSize ||
        up.values.length !== outputs * rank ||
        up.shape[0] !== outputs
      ) {
        faults.push(
          `"${name}": [${down.shape.join(", ")}] and [${up.shape.join(", ")}] do not change a weight of [${spec.shape.join(", ")}]`,
        );
        continue;
      }
      layers.set(spec.name, {
        down: downInMemory(down.values, rank, inputs),
        up: transpose(up.values, outputs, rank),
        rank,
        scale: alpha === undefined ? scaleOf(name, rank) : alpha / rank,
      });
    }
  }
  return layers;
}

/** `[rank, in]` or `[rank, in, h, w]` → `[in, rank]` or `[h·w·in, rank]`, the order of our weights. */
function downInMemory(values: Float32Array, rank: number, inputs: readonly number[]): Float32Array {
  const [channels = 0, height = 1, width = 1] = inputs;
  const places = height * width;
  const moved = new Float32Array(values.length);
  for (let r = 0; r < rank; r++) {
    for (let c = 0; c < channels; c++) {
      for (let p = 0; p < places; p++)
        moved[(p * channels + c) * rank + r] = values[(r * channels + c) * places + p] ?? 0;
    }
  }
  return moved;
}

function transpose(values: Float32Array, rows: number, columns: number): Float32Array {
  const moved = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++)
      moved[column * rows + row] = values[row * columns + column] ?? 0;
  }
  return moved;
}

/** One LoRA's layers for a model, and how strongly they count: 1 as trained, 0 not at all, negative the other way. */
export interface WeightedLora {
  readonly layers: LoraLayers;
  readonly weight: number;
}

/**
 * The model's weights with all changes added: `W + Σ weight · scale · down · up`. New tensors; those that no LoRA changes
 * share the data of the originals, those that were stored in half precision become float32. To unload, dispose of the result and use the originals, which are never touched.
 * @throws when a LoRA changes a parameter that the weights do not have.
 */
export function applyLoras(weights: Weights, loras: readonly WeightedLora[]): Weights {
  const missing = loras.flatMap(({ layers }) => [...layers.keys()]).find((name) => !weights[name]);
  if (missing !== undefined)
    throw new Error(`The LoRA changes "${missing}", which these weights do not have.`);
  return Object.fromEntries(
    Object.entries(weights).map(([name, weight]) => {
      const changes = loras.flatMap((lora) => {
        const layer = lora.layers.get(name);
        return layer && lora.weight !== 0 ? [{ layer, factor: lora.weight * layer.scale }] : [];
      });
      return [name, changes.length === 0 ? cloneWeight(weight) : tf.tidy(() => addChanges(weight, changes))];
    }),
  );
}

function addChanges(weight: Weight, changes: readonly { layer: LoraLayer; factor: number }[]): tf.Tensor {
  return changes.reduce((sum, { layer, factor }) => {
    const { down, up, rank } = layer;
    const product = tf.matMul(
      tf.tensor2d(down, [down.length / rank, rank]),
      tf.tensor2d(up, [rank, up.length / rank]),
    );
    return tf.add(sum, tf.mul(tf.reshape(product, [...weight.shape]), factor));
  }, denseWeight(weight));
}
