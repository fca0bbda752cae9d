import { isPositiveInteger, type ConfigReader } from "./config-reader.ts";
import { ACTIVATIONS, type Activation } from "./layers/activation.ts";
import type { TimeEmbeddingNorm } from "./layers/resnet-block.ts";
import { openConfig } from "./open-config.ts";

export const CONDITION_DOWN_BLOCKS = ["CrossAttnDownBlock2D", "DownBlock2D"] as const;
export const CONDITION_UP_BLOCKS = ["CrossAttnUpBlock2D", "UpBlock2D"] as const;
export const CONDITION_MID_BLOCKS = ["UNetMidBlock2DCrossAttn", "UNetMidBlock2D", null] as const;
export const CLASS_EMBED_TYPES = ["timestep", "identity", "projection", "simple_projection", null] as const;

/** What a U-Net and its ControlNet have in common: the way down and the middle. Lists have one entry for each block. */
export interface ConditionEncoderConfig {
  readonly inChannels: number;
  readonly flipSinToCos: boolean;
  readonly freqShift: number;
  readonly downBlockTypes: readonly (typeof CONDITION_DOWN_BLOCKS)[number][];
  readonly midBlockType: (typeof CONDITION_MID_BLOCKS)[number];
  readonly blockOutChannels: readonly number[];
  readonly layersPerBlock: readonly number[];
  readonly downsamplePadding: number;
  readonly midBlockScaleFactor: number;
  readonly actFn: Activation;
  readonly normNumGroups: number;
  readonly normEps: number;
  /** The first attention of a transformer block, too, attends to the text. */
  readonly onlyCrossAttention: readonly boolean[];
  readonly crossAttentionDim: readonly number[];
  /** Transformer blocks in each attention layer of each block. */
  readonly transformerLayersPerBlock: readonly (readonly number[])[];
  /** Number of attention heads; diffusers' files call it `attention_head_dim`. */
  readonly numAttentionHeads: readonly number[];
  readonly useLinearProjection: boolean;
  readonly resnetTimeScaleShift: TimeEmbeddingNorm;
  readonly timeEmbeddingDim: number;
  /** Second activation of the time embedding. */
  readonly timestepPostAct: Activation | null;
  /** Width of the guidance embedding of consistency models (LCM). */
  readonly timeCondProjDim: number | null;
  readonly classEmbedType: (typeof CLASS_EMBED_TYPES)[number];
  readonly numClassEmbeds: number | null;
  readonly projectionClassEmbeddingsInputDim: number | null;
  /** Width of the text states before a projection to `crossAttentionDim`; null for none. */
  readonly encoderHidDim: number | null;
  readonly convInKernel: number;
}

/** Options of diffusers' `UNet2DConditionModel`. */
export interface Unet2dConditionConfig extends ConditionEncoderConfig {
  /** Side of the latent picture that the model was trained for. */
  readonly sampleSize: number | readonly number[] | null;
  readonly outChannels: number;
  readonly centerInputSample: boolean;
  readonly upBlockTypes: readonly (typeof CONDITION_UP_BLOCKS)[number][];
  /** As transformerLayersPerBlock, for the way up, from the innermost block out. */
  readonly upTransformerLayersPerBlock: readonly (readonly number[])[];
  /** Activation on the sum of the embeddings. */
  readonly timeEmbeddingActFn: Activation | null;
  readonly classEmbeddingsConcat: boolean;
  readonly convOutKernel: number;
}

export const UNET_2D_CONDITION_CLASS_NAME = "UNet2DConditionModel";

/**
 * Reads `config.json` of a UNet2DConditionModel.
 * @throws naming the option that is not supported.
 */
export function parseUnet2dConditionConfig(json: unknown): Unet2dConditionConfig {
  const read = openConfig(UNET_2D_CONDITION_CLASS_NAME, json);
  const encoder = readEncoderConfig(read);
  const blocks = encoder.blockOutChannels.length;
  const upBlockTypes = read.choices("up_block_types", CONDITION_UP_BLOCKS, [
    "UpBlock2D",
    "CrossAttnUpBlock2D",
    "CrossAttnUpBlock2D",
    "CrossAttnUpBlock2D",
  ]);
  if (upBlockTypes.length !== blocks)
    read.fail("up_block_types", `as many as block_out_channels (${String(blocks)}) are`);
  const config: Unet2dConditionConfig = {
    ...encoder,
    sampleSize: readSampleSize(read),
    outChannels: read.integer("out_channels", 4),
    centerInputSample: read.boolean("center_input_sample", false),
    upBlockTypes,
    upTransformerLayersPerBlock: readUpTransformerLayers(read, encoder),
    timeEmbeddingActFn: read.choice("time_embedding_act_fn", [...ACTIVATIONS, null], null),
    classEmbeddingsConcat: read.boolean("class_embeddings_concat", false),
    convOutKernel: read.integer("conv_out_kernel", 3),
  };
  refuseExtras(read);
  read.finish();
  return config;
}

/** The options that UNet2DConditionModel and ControlNetModel share. */
export function readEncoderConfig(read: ConfigReader): ConditionEncoderConfig {
  const blockOutChannels = read.integers("block_out_channels", [320, 640, 1280, 1280]);
  const blocks = blockOutChannels.length;
  const downBlockTypes = read.choices("down_block_types", CONDITION_DOWN_BLOCKS, [
    "CrossAttnDownBlock2D",
    "CrossAttnDownBlock2D",
    "CrossAttnDownBlock2D",
    "DownBlock2D",
  ]);
  if (downBlockTypes.length !== blocks)
    read.fail("down_block_types", `as many as block_out_channels (${String(blocks)}) are`);
  const layersPerBlock = read.integerPerBlock("layers_per_block", blocks, 2);
  const encoder: ConditionEncoderConfig = {
    inChannels: read.integer("in_channels", 4),
    flipSinToCos: read.boolean("flip_sin_to_cos", true),
    freqShift: read.number("freq_shift", 0),
    downBlockTypes,
    midBlockType: read.choice("mid_block_type", CONDITION_MID_BLOCKS, "UNetMidBlock2DCrossAttn"),
    blockOutChannels,
    layersPerBlock,
    downsamplePadding: read.number("downsample_padding", 1),
    midBlockScaleFactor: read.number("mid_block_scale_factor", 1),
    actFn: read.choice("act_fn", ACTIVATIONS, "silu"),
    normNumGroups: read.integer("norm_num_groups", 32),
    normEps: read.number("norm_eps", 1e-5),
    onlyCrossAttention: read.perBlock("only_cross_attention", blocks, false, isBoolean, "true or false"),
    crossAttentionDim: read.integerPerBlock("cross_attention_dim", blocks, 1280),
    transformerLayersPerBlock: readTransformerLayers(read, "transformer_layers_per_block", layersPerBlock),
    numAttentionHeads: read.integerPerBlock("attention_head_dim", blocks, 8),
    useLinearProjection: read.boolean("use_linear_projection", false),
    resnetTimeScaleShift: read.choice("resnet_time_scale_shift", ["default", "scale_shift"], "default"),
    timeEmbeddingDim: read.integerOrNull("time_embedding_dim") ?? (blockOutChannels[0] ?? 0) * 4,
    timestepPostAct: read.choice("timestep_post_act", [...ACTIVATIONS, null], null),
    timeCondProjDim: read.integerOrNull("time_cond_proj_dim"),
    classEmbedType: read.choice("class_embed_type", CLASS_EMBED_TYPES, null),
    numClassEmbeds: read.integerOrNull("num_class_embeds"),
    projectionClassEmbeddingsInputDim: read.integerOrNull("projection_class_embeddings_input_dim"),
    encoderHidDim: read.integerOrNull("encoder_hid_dim"),
    convInKernel: read.integer("conv_in_kernel", 3),
  };
  read.only("encoder_hid_dim_type", null, ...(encoder.encoderHidDim === null ? [] : ["text_proj"]));
  if (read.raw("norm_num_groups") === null) read.fail("norm_num_groups", "a whole number above 0 is");
  read.only("num_attention_heads", null);
  read.only("addition_embed_type", null);
  // The precision of the scores: float32 is all there is here. The others have no meaning without addition embeddings.
  read.ignore("upcast_attention", "addition_time_embed_dim", "addition_embed_type_num_heads", "dropout");
  checkDivisors(read, encoder);
  return encoder;
}

function checkDivisors(read: ConfigReader, config: ConditionEncoderConfig): void {
  const attends =
    config.midBlockType === "UNetMidBlock2DCrossAttn" ||
    config.downBlockTypes.includes("CrossAttnDownBlock2D");
  config.blockOutChannels.forEach((channels, block) => {
    if (channels % config.normNumGroups !== 0)
      read.fail("norm_num_groups", `a divisor of ${String(channels)} channels is`);
    const heads = config.numAttentionHeads[block] ?? 1;
    if (attends && channels % heads !== 0) {
      read.fail("attention_head_dim", `a number of heads that divides ${String(channels)} channels is`);
    }
  });
  const needsInput = config.classEmbedType === "projection" || config.classEmbedType === "simple_projection";
  if (needsInput && config.projectionClassEmbeddingsInputDim === null) {
    read.fail(
      "projection_class_embeddings_input_dim",
      `a width is, with class_embed_type "${String(config.classEmbedType)}",`,
    );
  }
  if (![0, 1].includes(config.downsamplePadding)) read.fail("downsample_padding", "0 or 1 is");
  if (config.encoderHidDim !== null && new Set(config.crossAttentionDim).size > 1) {
    read.fail("encoder_hid_dim", "it is only with one cross_attention_dim for all blocks");
  }
}

/** An entry is one number for all attention layers of a block, or a list with one for each. */
function readTransformerLayers(
  read: ConfigReader,
  name: string,
  layersPerBlock: readonly number[],
): readonly (readonly number[])[] {
  const isEntry = (value: unknown): value is number | number[] =>
    isPositiveInteger(value) || (Array.isArray(value) && value.every(isPositiveInteger));
  const value = read.raw(name) ?? 1;
  if (isPositiveInteger(value)) return layersPerBlock.map((layers) => new Array<number>(layers).fill(value));
  if (!Array.isArray(value) || value.length !== layersPerBlock.length || !value.every(isEntry)) {
    return read.fail(name, `a whole number above 0, or a list of ${String(layersPerBlock.length)}, is`);
  }
  return value.map((entry: number | number[], block) => {
    const layers = layersPerBlock[block] ?? 0;
    const list = typeof entry === "number" ? new Array<number>(layers).fill(entry) : entry;
    return list.length >= layers
      ? list
      : read.fail(name, `a list with one entry for each of the ${String(layers)} layers is`);
  });
}

/** Of the way up, innermost block first; a block there has one layer more than on the way down. */
function readUpTransformerLayers(
  read: ConfigReader,
  config: ConditionEncoderConfig,
): readonly (readonly number[])[] {
  const upLayers = config.layersPerBlock.map((layers) => layers + 1).reverse();
  const reverse = read.raw("reverse_transformer_layers_per_block");
  if (reverse !== undefined && reverse !== null) {
    return readTransformerLayers(read, "reverse_transformer_layers_per_block", upLayers);
  }
  const down = read.raw("transformer_layers_per_block") ?? 1;
  if (Array.isArray(down) && down.some((entry) => Array.isArray(entry))) {
    return read.fail(
      "reverse_transformer_layers_per_block",
      "with lists in transformer_layers_per_block it is needed, and a list for every block is",
    );
  }
  return config.transformerLayersPerBlock
    .toReversed()
    .map((layers, block) => new Array<number>(upLayers[block] ?? 0).fill(layers[0] ?? 1));
}

function readSampleSize(read: ConfigReader): Unet2dConditionConfig["sampleSize"] {
  const value = read.raw("sample_size") ?? null;
  if (value === null || isPositiveInteger(value)) return value;
  return read.integers("sample_size", []);
}

/** Options of other families of models, each with the one value that means "off". */
function refuseExtras(read: ConfigReader): void {
  read.only("dual_cross_attention", false);
  read.only("attention_type", "default");
  read.only("time_embedding_type", "positional");
  // These only concern blocks that are refused above by their type.
  read.ignore(
    "resnet_skip_time_act",
    "resnet_out_scale_factor",
    "cross_attention_norm",
    "mid_block_only_cross_attention",
  );
}

const isBoolean = (value: unknown): value is boolean => typeof value === "boolean";
