import type { TensorEntry } from "../weights/safetensors.ts";

/** A `config.json` in the making. */
export type ConfigJson = Readonly<Record<string, unknown>>;

/** Tensors of one part of the file, by their names without its prefix. */
export type LdmTensors = ReadonlyMap<string, TensorEntry>;

function sizeOf(tensors: LdmTensors, name: string, axis: number): number {
  const size = tensors.get(name)?.shape[axis];
  if (size !== undefined) return size;
  throw new Error(`The checkpoint has no tensor "${name}", so its architecture is unknown.`);
}

/** Number of different numbers in the place of `#` in the names. */
function countNumbers(tensors: LdmTensors, pattern: string): number {
  const escaped = pattern.replaceAll(".", "\\.").replace("#", "(\\d+)");
  const form = new RegExp(`^${escaped}`);
  return new Set([...tensors.keys()].flatMap((name) => form.exec(name)?.[1] ?? [])).size;
}

/**
 * The U-Net's config as far as shapes tell it. They do not tell the number of heads: Stable Diffusion 2, known by its linear
 * projections, has heads of 64 channels, Stable Diffusion 1 has 8 heads.
 */
export function inferUnetConfig(tensors: LdmTensors): ConfigJson {
  const inputs = countNumbers(tensors, "input_blocks.#.");
  const isDownsampling = (index: number): boolean => tensors.has(`input_blocks.${String(index)}.0.op.weight`);
  const stages: number[][] = [[]];
  for (let index = 1; index < inputs; index++) {
    if (isDownsampling(index)) stages.push([]);
    else stages.at(-1)?.push(index);
  }
  const channels = stages.map(([first = 1]) =>
    sizeOf(tensors, `input_blocks.${String(first)}.0.out_layers.3.weight`, 0),
  );
  const attends = stages.map(([first = 1]) => tensors.has(`input_blocks.${String(first)}.1.proj_in.weight`));
  const contextName =
    [...tensors.keys()].find((name) => name.endsWith(".attn2.to_k.weight")) ??
    "input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight";
  const isLinear = [...tensors].some(
    ([name, { shape }]) => name.endsWith(".proj_in.weight") && shape.length === 2,
  );
  const hasMiddle = tensors.has("middle_block.0.in_layers.0.weight");
  const hasMiddleAttention = tensors.has("middle_block.1.proj_in.weight");
  return {
    _class_name: "UNet2DConditionModel",
    sample_size: 64,
    in_channels: sizeOf(tensors, "input_blocks.0.0.weight", 1),
    out_channels: sizeOf(tensors, "out.2.weight", 0),
    block_out_channels: channels,
    down_block_types: attends.map((does) => (does ? "CrossAttnDownBlock2D" : "DownBlock2D")),
    mid_block_type: hasMiddleAttention ? "UNetMidBlock2DCrossAttn" : hasMiddle ? "UNetMidBlock2D" : null,
    up_block_types: attends.toReversed().map((does) => (does ? "CrossAttnUpBlock2D" : "UpBlock2D")),
    layers_per_block: stages[0]?.length ?? 2,
    cross_attention_dim: sizeOf(tensors, contextName, 1),
    attention_head_dim: isLinear ? channels.map((width) => Math.max(1, Math.floor(width / 64))) : 8,
    use_linear_projection: isLinear,
    num_class_embeds: tensors.get("label_emb.weight")?.shape[0] ?? null,
  };
}

export function inferVaeConfig(tensors: LdmTensors): ConfigJson {
  const blocks = countNumbers(tensors, "encoder.down.#.");
  const channels = Array.from({ length: blocks }, (_, block) =>
    sizeOf(tensors, `encoder.down.${String(block)}.block.0.conv1.weight`, 0),
  );
  return {
    _class_name: "AutoencoderKL",
    in_channels: sizeOf(tensors, "encoder.conv_in.weight", 1),
    out_channels: sizeOf(tensors, "decoder.conv_out.weight", 0),
    block_out_channels: channels,
    down_block_types: channels.map(() => "DownEncoderBlock2D"),
    up_block_types: channels.map(() => "UpDecoderBlock2D"),
    layers_per_block: countNumbers(tensors, "encoder.down.0.block.#."),
    latent_channels: sizeOf(tensors, "decoder.conv_in.weight", 1),
    sample_size: 512,
    scaling_factor: 0.18215,
    use_quant_conv: tensors.has("quant_conv.weight"),
    use_post_quant_conv: tensors.has("post_quant_conv.weight"),
  };
}

/** Channels of one head in every text encoder of Stable Diffusion. */
const textHeadChannels = 64;

/** Config of transformers' CLIP, in Stable Diffusion 1. */
export function inferClipConfig(tensors: LdmTensors): ConfigJson {
  const root = tensors.has("text_model.final_layer_norm.weight") ? "text_model." : "";
  return textConfig("quick_gelu", {
    vocab: sizeOf(tensors, `${root}embeddings.token_embedding.weight`, 0),
    width: sizeOf(tensors, `${root}embeddings.token_embedding.weight`, 1),
    positions: sizeOf(tensors, `${root}embeddings.position_embedding.weight`, 0),
    inner: sizeOf(tensors, `${root}encoder.layers.0.mlp.fc1.weight`, 0),
    layers: countNumbers(tensors, `${root}encoder.layers.#.`),
  });
}

/** Config of OpenCLIP's text encoder without its last layer, in Stable Diffusion 2. */
export function inferOpenClipConfig(tensors: LdmTensors): ConfigJson {
  return textConfig("gelu", {
    vocab: sizeOf(tensors, "token_embedding.weight", 0),
    width: sizeOf(tensors, "token_embedding.weight", 1),
    positions: sizeOf(tensors, "positional_embedding", 0),
    inner: sizeOf(tensors, "transformer.resblocks.0.mlp.c_fc.weight", 0),
    layers: countNumbers(tensors, "transformer.resblocks.#.") - 1,
  });
}

interface TextSizes {
  readonly vocab: number;
  readonly width: number;
  readonly positions: number;
  readonly inner: number;
  readonly layers: number;
}

const textConfig = (
  activation: string,
  { vocab, width, positions, inner, layers }: TextSizes,
): ConfigJson => ({
  architectures: ["CLIPTextModel"],
  model_type: "clip_text_model",
  vocab_size: vocab,
  hidden_size: width,
  intermediate_size: inner,
  num_hidden_layers: layers,
  num_attention_heads: Math.max(1, Math.floor(width / textHeadChannels)),
  max_position_embeddings: positions,
  hidden_act: activation,
  eos_token_id: vocab - 1,
});
