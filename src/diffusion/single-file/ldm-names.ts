import type { TensorEntry } from "../weights/safetensors.ts";

/** The parts of a Stable Diffusion checkpoint in one file, by the prefixes that the original code gave them. */
export const LDM_PREFIXES = {
  unet: "model.diffusion_model.",
  vae: "first_stage_model.",
  /** transformers' CLIP, in Stable Diffusion 1. */
  clip: "cond_stage_model.transformer.",
  /** OpenCLIP, in Stable Diffusion 2. */
  openClip: "cond_stage_model.model.",
} as const;

const resnetNames: Readonly<Record<string, string>> = {
  "in_layers.0": "norm1",
  "in_layers.2": "conv1",
  "emb_layers.1": "time_emb_proj",
  "out_layers.0": "norm2",
  "out_layers.3": "conv2",
  skip_connection: "conv_shortcut",
};

const unetNames: Readonly<Record<string, string>> = {
  "time_embed.0": "time_embedding.linear_1",
  "time_embed.2": "time_embedding.linear_2",
  "input_blocks.0.0": "conv_in",
  label_emb: "class_embedding",
  "out.0": "conv_norm_out",
  "out.2": "conv_out",
};

/** Splits "a.b.weight" into "a.b" and ".weight". */
function splitParameter(name: string): [layer: string, parameter: string] {
  const dot = name.lastIndexOf(".");
  return [name.slice(0, dot), name.slice(dot)];
}

const renameResnet = (rest: string): string => {
  const [layer, parameter] = splitParameter(rest);
  return `${resnetNames[layer] ?? layer}${parameter}`;
};

/**
 * diffusers' name of a U-Net's tensor. The original numbers all layers of the way down (and up) in one row.
 * @param name without its prefix.
 * @param layersPerBlock of the config.
 */
export function unetName(name: string, layersPerBlock: number): string {
  const [layer, parameter] = splitParameter(name);
  const fixed = unetNames[layer];
  if (fixed !== undefined) return fixed + parameter;
  const middle = /^middle_block\.([012])\.(.*)$/.exec(name);
  if (middle) {
    const [, place = "", rest = ""] = middle;
    return place === "1"
      ? `mid_block.attentions.0.${rest}`
      : `mid_block.resnets.${place === "0" ? "0" : "1"}.${renameResnet(rest)}`;
  }
  const block = /^(input|output)_blocks\.(\d+)\.(\d)\.(.*)$/.exec(name);
  if (!block) return name;
  const [, way = "", number = "", part = "", rest = ""] = block;
  const index = Number(number) - (way === "input" ? 1 : 0);
  const prefix = `${way === "input" ? "down" : "up"}_blocks.${String(Math.floor(index / (layersPerBlock + 1)))}`;
  const place = String(index % (layersPerBlock + 1));
  if (rest.startsWith("op.")) return `${prefix}.downsamplers.0.conv.${rest.slice("op.".length)}`;
  if (part === "0") return `${prefix}.resnets.${place}.${renameResnet(rest)}`;
  // Where a layer has no attention the upsampling takes its number.
  if (rest.startsWith("conv.")) return `${prefix}.upsamplers.0.${rest}`;
  return `${prefix}.attentions.${place}.${rest}`;
}

const attentionNames: Readonly<Record<string, string>> = {
  norm: "group_norm",
  q: "to_q",
  k: "to_k",
  v: "to_v",
  proj_out: "to_out.0",
};

/** diffusers' name of an autoencoder's tensor; the original counts the blocks of the way up from the outermost. */
export function vaeName(name: string, blocks: number): string {
  return name
    .replace(/\.norm_out\./, ".conv_norm_out.")
    .replace(/\.nin_shortcut\./, ".conv_shortcut.")
    .replace(
      /\.mid\.block_([12])\./,
      (_, place: string) => `.mid_block.resnets.${String(Number(place) - 1)}.`,
    )
    .replace(
      /\.mid\.attn_1\.(norm|q|k|v|proj_out)\./,
      (_, layer: string) => `.mid_block.attentions.0.${attentionNames[layer] ?? layer}.`,
    )
    .replace(/\.down\.(\d+)\.block\./, ".down_blocks.$1.resnets.")
    .replace(/\.down\.(\d+)\.downsample\./, ".down_blocks.$1.downsamplers.0.")
    .replace(/\.up\.(\d+)\.(block|upsample)\./, (_, block: string, part: string) => {
      const layer = part === "block" ? "resnets" : "upsamplers.0";
      return `.up_blocks.${String(blocks - 1 - Number(block))}.${layer}.`;
    });
}

const openClipNames: Readonly<Record<string, string>> = {
  positional_embedding: "embeddings.position_embedding.weight",
  "token_embedding.weight": "embeddings.token_embedding.weight",
  "ln_final.weight": "final_layer_norm.weight",
  "ln_final.bias": "final_layer_norm.bias",
};

const openClipLayerNames: readonly (readonly [from: string, to: string])[] = [
  ["ln_1.", "layer_norm1."],
  ["ln_2.", "layer_norm2."],
  ["attn.out_proj.", "self_attn.out_proj."],
  ["mlp.c_fc.", "mlp.fc1."],
  ["mlp.c_proj.", "mlp.fc2."],
];

/**
 * transformers' tensors for one of OpenCLIP's: none for what Stable Diffusion 2 leaves out (the projection and the last layer,
 * since it takes the states of the layer before), three for the joined projections of attention, else one.
 * @param entry named without its prefix.
 * @param layers number of layers that are kept.
 */
export function openClipTensors(entry: TensorEntry, layers: number): TensorEntry[] {
  const top = openClipNames[entry.name];
  if (top !== undefined) return [{ ...entry, name: `text_model.${top}` }];
  const found = /^transformer\.resblocks\.(\d+)\.(.*)$/.exec(entry.name);
  if (!found || Number(found[1]) >= layers) return [];
  const [, layer = "", rest = ""] = found;
  const prefix = `text_model.encoder.layers.${layer}`;
  const joined = /^attn\.in_proj_(weight|bias)$/.exec(rest)?.[1];
  if (joined !== undefined) {
    const [rows = 0, ...others] = entry.shape;
    const byteLength = entry.byteLength / 3;
    return ["q_proj", "k_proj", "v_proj"].map((projection, i) => ({
      ...entry,
      name: `${prefix}.self_attn.${projection}.${joined}`,
      shape: [rows / 3, ...others],
      offset: entry.offset + i * byteLength,
      byteLength,
    }));
  }
  const renamed = openClipLayerNames.find(([from]) => rest.startsWith(from));
  return [{ ...entry, name: `${prefix}.${renamed ? renamed[1] + rest.slice(renamed[0].length) : rest}` }];
}
