import type { ByteSource } from "../weights/byte-source.ts";
import { readSafetensorsHeader, type TensorEntry } from "../weights/safetensors.ts";
import { componentSource, textSource } from "./component-source.ts";
import {
  inferClipConfig,
  inferOpenClipConfig,
  inferUnetConfig,
  inferVaeConfig,
  type ConfigJson,
} from "./infer-configs.ts";
import { LDM_PREFIXES, openClipTensors, unetName, vaeName } from "./ldm-names.ts";

/** Options for the configs that shapes do not tell; they win over what was inferred. */
export interface SingleFileOptions {
  readonly unet?: ConfigJson;
  readonly vae?: ConfigJson;
  readonly textEncoder?: ConfigJson;
}

export interface SingleFile {
  /**
   * The parts that the checkpoint has, by the paths that they have in a folder of diffusers: `unet/config.json`,
   * `unet/diffusion_pytorch_model.safetensors`, `vae/…`, `text_encoder/config.json`, `text_encoder/model.safetensors`. The
   * tokenizer is never in it.
   */
  readonly files: ReadonlyMap<string, ByteSource>;
  /** What the U-Net predicts, when the file's metadata says so; shapes cannot tell. */
  readonly predictionType?: "epsilon" | "v_prediction";
}

interface Component {
  readonly folder: "unet" | "vae" | "text_encoder";
  readonly weightsFile: string;
  readonly config: ConfigJson;
  readonly tensors: readonly TensorEntry[];
}

/** Prefixes that only checkpoints of other families have. */
const foreignFamilies: readonly (readonly [prefix: string, family: string])[] = [
  ["conditioner.embedders.", "Stable Diffusion XL"],
  ["text_encoders.", "Stable Diffusion 3"],
  ["model.diffusion_model.joint_blocks.", "Stable Diffusion 3"],
  ["double_blocks.", "FLUX"],
  ["model.diffusion_model.double_blocks.", "FLUX"],
];

/** Buffers that older code saved beside the weights. */
const isBuffer = (name: string): boolean => /(^|\.)position_ids$/.test(name);

/**
 * Takes a Stable Diffusion 1 or 2 checkpoint in one file apart, as the original code and most programs save it. Reads the header
 * only; the parts are read from the file when they are loaded.
 * @throws for checkpoints of other families, and when there is no part that is known.
 */
export async function openSingleFile(
  source: ByteSource,
  options: SingleFileOptions = {},
): Promise<SingleFile> {
  const { tensors, metadata } = await readSafetensorsHeader(source);
  const foreign = foreignFamilies.find(([prefix]) =>
    [...tensors.keys()].some((name) => name.startsWith(prefix)),
  );
  if (foreign)
    throw new Error(
      `"${source.name}" is a checkpoint of ${foreign[1]}; Stable Diffusion 1 and 2 are supported.`,
    );
  const part = (prefix: string): Map<string, TensorEntry> =>
    new Map(
      [...tensors.values()]
        .filter(({ name }) => name.startsWith(prefix) && !isBuffer(name))
        .map((entry) => [
          entry.name.slice(prefix.length),
          { ...entry, name: entry.name.slice(prefix.length) },
        ]),
    );
  const components = [
    unetComponent(part(LDM_PREFIXES.unet), options.unet),
    vaeComponent(part(LDM_PREFIXES.vae), options.vae),
    clipComponent(part(LDM_PREFIXES.clip), options.textEncoder),
    openClipComponent(part(LDM_PREFIXES.openClip), options.textEncoder),
  ].filter((component) => component !== null);
  if (components.length === 0) {
    throw new Error(
      `"${source.name}" is not a Stable Diffusion checkpoint: no tensor begins with ${Object.values(LDM_PREFIXES).join(", ")}.`,
    );
  }
  const files = components.flatMap(({ folder, weightsFile, config, tensors: renamed }) => {
    const name = (file: string): string => `${source.name} (${folder}/${file})`;
    return [
      [`${folder}/config.json`, textSource(name("config.json"), JSON.stringify(config, null, 2))],
      [`${folder}/${weightsFile}`, componentSource(name(weightsFile), source, renamed)],
    ] as const;
  });
  const stated = metadata["modelspec.prediction_type"];
  const predictionType = stated === "v" ? "v_prediction" : stated === "epsilon" ? "epsilon" : undefined;
  return { files: new Map(files), ...(predictionType && { predictionType }) };
}

type LdmPart = ReadonlyMap<string, TensorEntry>;

const rename = (part: LdmPart, name: (old: string) => string): TensorEntry[] =>
  [...part.values()].map((entry) => ({ ...entry, name: name(entry.name) }));

const diffusersFile = "diffusion_pytorch_model.safetensors";
const transformersFile = "model.safetensors";

function unetComponent(part: LdmPart, options: ConfigJson | undefined): Component | null {
  if (part.size === 0) return null;
  const config = { ...inferUnetConfig(part), ...options };
  const layersPerBlock = Number(config["layers_per_block"]);
  return {
    folder: "unet",
    weightsFile: diffusersFile,
    config,
    tensors: rename(part, (name) => unetName(name, layersPerBlock)),
  };
}

function vaeComponent(part: LdmPart, options: ConfigJson | undefined): Component | null {
  const kept = new Map(
    [...part].filter(([name]) => /^(encoder|decoder|quant_conv|post_quant_conv)\./.test(name)),
  );
  if (kept.size === 0) return null;
  const config = { ...inferVaeConfig(kept), ...options };
  const blocks = (config["block_out_channels"] as readonly number[]).length;
  return {
    folder: "vae",
    weightsFile: diffusersFile,
    config,
    tensors: rename(kept, (name) => vaeName(name, blocks)),
  };
}

function clipComponent(part: LdmPart, options: ConfigJson | undefined): Component | null {
  if (part.size === 0) return null;
  return {
    folder: "text_encoder",
    weightsFile: transformersFile,
    config: { ...inferClipConfig(part), ...options },
    tensors: rename(part, (name) => name),
  };
}

function openClipComponent(part: LdmPart, options: ConfigJson | undefined): Component | null {
  if (part.size === 0) return null;
  const config = { ...inferOpenClipConfig(part), ...options };
  const layers = Number(config["num_hidden_layers"]);
  return {
    folder: "text_encoder",
    weightsFile: transformersFile,
    config,
    tensors: [...part.values()].flatMap((entry) => openClipTensors(entry, layers)),
  };
}
