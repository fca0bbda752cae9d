import type { ParameterSpec } from "../weights/parameters.ts";
import { LDM_PREFIXES, unetName, vaeName } from "./ldm-names.ts";

/** What a U-Net's config says that its names need. */
export interface UnetShape {
  readonly blockOutChannels: readonly number[];
  readonly layersPerBlock: readonly number[];
  readonly downBlockTypes: readonly string[];
  readonly upBlockTypes: readonly string[];
}

const resnetParts: Readonly<Record<string, string>> = {
  norm1: "in_layers.0",
  conv1: "in_layers.2",
  time_emb_proj: "emb_layers.1",
  norm2: "out_layers.0",
  conv2: "out_layers.3",
  conv_shortcut: "skip_connection",
};

const unetTop: Readonly<Record<string, string>> = {
  "time_embedding.linear_1": "time_embed.0",
  "time_embedding.linear_2": "time_embed.2",
  conv_in: "input_blocks.0.0",
  conv_norm_out: "out.0",
  conv_out: "out.2",
  class_embedding: "label_emb",
};

/**
 * The original code's name of a U-Net's parameter, the inverse of `unetName`.
 * @throws naming a parameter that Stable Diffusion 1 and 2 do not have.
 */
export function ldmUnetName(name: string, { layersPerBlock, upBlockTypes }: UnetShape): string {
  const per = layersPerBlock[0] ?? 2;
  const renamed = renameUnet(name, per, upBlockTypes);
  // Layers that the format has no place for come back as something else, or not at all.
  if (
    layersPerBlock.some((count) => count !== per) ||
    renamed === undefined ||
    unetName(renamed, per) !== name
  )
    throw new Error(
      `"${name}" has no place in a checkpoint in one file: the format is that of Stable Diffusion 1 and 2. Save a folder in the diffusers layout.`,
    );
  return LDM_PREFIXES.unet + renamed;
}

function renameUnet(name: string, per: number, upBlockTypes: readonly string[]): string | undefined {
  const dot = name.lastIndexOf(".");
  const top = unetTop[name.slice(0, dot)];
  if (top !== undefined) return top + name.slice(dot);
  const middle = /^mid_block\.(resnets|attentions)\.(\d)\.(.*)$/.exec(name);
  if (middle) {
    const [, kind, index = "", rest = ""] = middle;
    return kind === "attentions"
      ? `middle_block.1.${rest}`
      : `middle_block.${String(2 * Number(index))}.${renameResnet(rest)}`;
  }
  const block = /^(down|up)_blocks\.(\d+)\.(\w+)\.(\d+)\.(.*)$/.exec(name);
  if (!block) return undefined;
  const [, way, at = "", kind, index = "", rest = ""] = block;
  const first = Number(at) * (per + 1);
  if (kind === "downsamplers")
    return `input_blocks.${String(first + per + 1)}.0.${rest.replace(/^conv\./, "op.")}`;
  if (kind === "upsamplers") {
    const place = upBlockTypes[Number(at)]?.startsWith("CrossAttn") ? "2" : "1";
    return `output_blocks.${String(first + per)}.${place}.${rest}`;
  }
  const place =
    way === "down"
      ? `input_blocks.${String(1 + first + Number(index))}`
      : `output_blocks.${String(first + Number(index))}`;
  return kind === "attentions" ? `${place}.1.${rest}` : `${place}.0.${renameResnet(rest)}`;
}

function renameResnet(rest: string): string {
  const dot = rest.lastIndexOf(".");
  const layer = rest.slice(0, dot);
  return `${resnetParts[layer] ?? layer}${rest.slice(dot)}`;
}

const attentionParts: Readonly<Record<string, string>> = {
  group_norm: "norm",
  to_q: "q",
  to_k: "k",
  to_v: "v",
  "to_out.0": "proj_out",
};

/** The original code's name of an autoencoder's parameter, the inverse of `vaeName`. @throws as {@link ldmUnetName}. */
export function ldmVaeName(name: string, blocks: number): string {
  const renamed = name
    .replace(/\.conv_norm_out\./, ".norm_out.")
    .replace(/\.conv_shortcut\./, ".nin_shortcut.")
    .replace(/\.mid_block\.resnets\.(\d)\./, (_, place: string) => `.mid.block_${String(Number(place) + 1)}.`)
    .replace(
      /\.mid_block\.attentions\.0\.(group_norm|to_q|to_k|to_v|to_out\.0)\./,
      (_, layer: string) => `.mid.attn_1.${attentionParts[layer] ?? layer}.`,
    )
    .replace(/\.down_blocks\.(\d+)\.resnets\./, ".down.$1.block.")
    .replace(/\.down_blocks\.(\d+)\.downsamplers\.0\./, ".down.$1.downsample.")
    .replace(/\.up_blocks\.(\d+)\.(resnets|upsamplers\.0)\./, (_, block: string, part: string) => {
      const layer = part === "resnets" ? "block" : "upsample";
      return `.up.${String(blocks - 1 - Number(block))}.${layer}.`;
    });
  if (vaeName(renamed, blocks) !== name)
    throw new Error(`"${name}" has no place in a checkpoint in one file.`);
  return LDM_PREFIXES.vae + renamed;
}

/** The shape in the original code: the linear layers of the autoencoder's attention are 1×1 convolutions there. */
export const ldmVaeShape = ({ kind, shape }: ParameterSpec): readonly number[] =>
  kind === "linear" ? [...shape, 1, 1] : shape;

const openClipParts: readonly (readonly [from: string, to: string])[] = [
  ["layer_norm1.", "ln_1."],
  ["layer_norm2.", "ln_2."],
  ["self_attn.out_proj.", "attn.out_proj."],
  ["mlp.fc1.", "mlp.c_fc."],
  ["mlp.fc2.", "mlp.c_proj."],
];

const openClipTop: Readonly<Record<string, string>> = {
  "text_model.embeddings.position_embedding.weight": "positional_embedding",
  "text_model.embeddings.token_embedding.weight": "token_embedding.weight",
  "text_model.final_layer_norm.weight": "ln_final.weight",
  "text_model.final_layer_norm.bias": "ln_final.bias",
};

/**
 * OpenCLIP's name of a parameter of transformers' CLIP. Of the three projections of attention, which OpenCLIP keeps as one, the
 * query's gives the joined name, and the others give undefined.
 */
export function ldmOpenClipName(name: string): string | undefined {
  const top = openClipTop[name];
  if (top !== undefined) return LDM_PREFIXES.openClip + top;
  const [, layer = "", rest = ""] = /^text_model\.encoder\.layers\.(\d+)\.(.*)$/.exec(name) ?? [];
  const prefix = `${LDM_PREFIXES.openClip}transformer.resblocks.${layer}.`;
  const [, projection, parameter = ""] = /^self_attn\.([qkv])_proj\.(weight|bias)$/.exec(rest) ?? [];
  if (projection !== undefined) return projection === "q" ? `${prefix}attn.in_proj_${parameter}` : undefined;
  const part = openClipParts.find(([from]) => rest.startsWith(from));
  if (!part) throw new Error(`"${name}" has no place in a checkpoint in one file.`);
  return `${prefix}${part[1]}${rest.slice(part[0].length)}`;
}
