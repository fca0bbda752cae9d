import { ACTIVATIONS, type Activation } from "./layers/activation.ts";
import type { TimeEmbeddingNorm } from "./layers/resnet-block.ts";
import { isPositiveInteger, type ConfigReader } from "./config-reader.ts";
import { openConfig } from "./open-config.ts";

export const UNET_2D_DOWN_BLOCKS = ["DownBlock2D", "AttnDownBlock2D", "ResnetDownsampleBlock2D"] as const;
export const UNET_2D_UP_BLOCKS = ["UpBlock2D", "AttnUpBlock2D", "ResnetUpsampleBlock2D"] as const;
export type Unet2dDownBlock = (typeof UNET_2D_DOWN_BLOCKS)[number];
export type Unet2dUpBlock = (typeof UNET_2D_UP_BLOCKS)[number];

/** Options of diffusers' `UNet2DModel`, by the same names in camelCase and with the same defaults. */
export interface Unet2dConfig {
  /** Size the model was trained for; the model itself takes others too. */
  readonly sampleSize: number | readonly [height: number, width: number] | null;
  readonly inChannels: number;
  readonly outChannels: number;
  /** Maps the sample from [0, 1] to [-1, 1] first. */
  readonly centerInputSample: boolean;
  readonly timeEmbeddingType: "positional" | "fourier" | "learned";
  /** Null: four times the first of blockOutChannels. */
  readonly timeEmbeddingDim: number | null;
  readonly freqShift: number;
  readonly flipSinToCos: boolean;
  readonly downBlockTypes: readonly Unet2dDownBlock[];
  readonly midBlockType: "UNetMidBlock2D" | null;
  readonly upBlockTypes: readonly Unet2dUpBlock[];
  readonly blockOutChannels: readonly number[];
  readonly layersPerBlock: number;
  readonly midBlockScaleFactor: number;
  readonly downsamplePadding: number;
  /** Of AttnDownBlock2D only. */
  readonly downsampleType: "conv" | "resnet";
  /** Of AttnUpBlock2D only. */
  readonly upsampleType: "conv" | "resnet";
  /** Kept for the file; a forward pass here never drops anything. */
  readonly dropout: number;
  readonly actFn: Activation;
  /** Channels of one attention head; null for one head. */
  readonly attentionHeadDim: number | null;
  readonly normNumGroups: number;
  /** Groups of the norm in the middle attention; null: normNumGroups, or no norm with `scale_shift`. */
  readonly attnNormNumGroups: number | null;
  readonly normEps: number;
  readonly resnetTimeScaleShift: TimeEmbeddingNorm;
  /** Whether the middle block has attention. */
  readonly addAttention: boolean;
  readonly classEmbedType: "timestep" | "identity" | null;
  readonly numClassEmbeds: number | null;
  /** Rows of the table when timeEmbeddingType is `learned`. */
  readonly numTrainTimesteps: number | null;
}

/** `_class_name` in config.json. */
export const UNET_2D_CLASS_NAME = "UNet2DModel";

/**
 * Reads diffusers' `config.json` of a UNet2DModel; options that are left out take diffusers' defaults.
 * @throws naming the option that is unknown, not supported or impossible.
 */
export function parseUnet2dConfig(json: unknown): Unet2dConfig {
  const read = openConfig(UNET_2D_CLASS_NAME, json);
  const config: Unet2dConfig = {
    sampleSize: readSampleSize(read),
    inChannels: read.integer("in_channels", 3),
    outChannels: read.integer("out_channels", 3),
    centerInputSample: read.boolean("center_input_sample", false),
    timeEmbeddingType: read.choice("time_embedding_type", ["positional", "fourier", "learned"], "positional"),
    timeEmbeddingDim: read.integerOrNull("time_embedding_dim"),
    freqShift: read.number("freq_shift", 0),
    flipSinToCos: read.boolean("flip_sin_to_cos", true),
    downBlockTypes: readBlockTypes(read, "down_block_types", UNET_2D_DOWN_BLOCKS, [
      "DownBlock2D",
      "AttnDownBlock2D",
      "AttnDownBlock2D",
      "AttnDownBlock2D",
    ]),
    midBlockType: read.choice("mid_block_type", ["UNetMidBlock2D", null], "UNetMidBlock2D"),
    upBlockTypes: readBlockTypes(read, "up_block_types", UNET_2D_UP_BLOCKS, [
      "AttnUpBlock2D",
      "AttnUpBlock2D",
      "AttnUpBlock2D",
      "UpBlock2D",
    ]),
    blockOutChannels: read.integers("block_out_channels", [224, 448, 672, 896]),
    layersPerBlock: read.integer("layers_per_block", 2),
    midBlockScaleFactor: read.number("mid_block_scale_factor", 1),
    downsamplePadding: readDownsamplePadding(read),
    downsampleType: read.choice("downsample_type", ["conv", "resnet"], "conv"),
    upsampleType: read.choice("upsample_type", ["conv", "resnet"], "conv"),
    dropout: read.number("dropout", 0),
    actFn: read.choice("act_fn", ACTIVATIONS, "silu"),
    attentionHeadDim:
      read.raw("attention_head_dim") === undefined ? 8 : read.integerOrNull("attention_head_dim"),
    normNumGroups: read.integer("norm_num_groups", 32),
    attnNormNumGroups: read.integerOrNull("attn_norm_num_groups"),
    normEps: read.number("norm_eps", 1e-5),
    resnetTimeScaleShift: read.choice("resnet_time_scale_shift", ["default", "scale_shift"], "default"),
    addAttention: read.boolean("add_attention", true),
    classEmbedType: read.choice("class_embed_type", ["timestep", "identity", null], null),
    numClassEmbeds: read.integerOrNull("num_class_embeds"),
    numTrainTimesteps: read.integerOrNull("num_train_timesteps"),
  };
  checkTogether(config, read);
  read.finish();
  return config;
}

function readDownsamplePadding(read: ConfigReader): number {
  const padding = read.raw("downsample_padding") ?? 1;
  return padding === 0 || padding === 1 ? padding : read.fail("downsample_padding", "0 or 1 is");
}

function readSampleSize(read: ConfigReader): Unet2dConfig["sampleSize"] {
  const size = read.raw("sample_size") ?? null;
  if (size === null || isPositiveInteger(size)) return size;
  if (Array.isArray(size) && size.length === 2 && size.every(isPositiveInteger))
    return size as unknown as [number, number];
  return read.fail("sample_size", "a size, [height, width] or null is");
}

/** Block names of the first releases began with `UNetRes`. */
function readBlockTypes<const T extends string>(
  read: ConfigReader,
  name: string,
  supported: readonly T[],
  fallback: readonly T[],
): readonly T[] {
  const given = read.raw(name);
  if (given === undefined) return fallback;
  const types: unknown[] = Array.isArray(given)
    ? given.map((type) => String(type).replace(/^UNetRes/, ""))
    : [];
  const known = types.length > 0 && types.every((type) => supported.includes(type as T));
  return known ? (types as T[]) : read.fail(name, `a list of ${supported.join(", ")} is`);
}

function checkTogether(config: Unet2dConfig, read: ConfigReader): void {
  const { blockOutChannels, downBlockTypes, upBlockTypes, attentionHeadDim, normNumGroups } = config;
  const blocks = blockOutChannels.length;
  if (downBlockTypes.length !== blocks)
    read.fail("down_block_types", `${String(blocks)} blocks, as in block_out_channels, are`);
  if (upBlockTypes.length !== blocks)
    read.fail("up_block_types", `${String(blocks)} blocks, as in block_out_channels, are`);
  if (config.timeEmbeddingType === "learned" && config.numTrainTimesteps === null) {
    read.fail("num_train_timesteps", "a number is, because time_embedding_type is learned");
  }
  const attentive = blockOutChannels.filter(
    (_, i) =>
      downBlockTypes[i] === "AttnDownBlock2D" ||
      upBlockTypes[blocks - 1 - i] === "AttnUpBlock2D" ||
      (i === blocks - 1 && config.midBlockType !== null && config.addAttention),
  );
  const narrow = attentive.find((channels) => attentionHeadDim !== null && channels < attentionHeadDim);
  if (narrow !== undefined)
    read.fail("attention_head_dim", `at most the ${String(narrow)} channels of the narrowest attention are`);
  const uneven = blockOutChannels.find((channels) => channels % normNumGroups !== 0);
  if (uneven !== undefined)
    read.fail("norm_num_groups", `a divisor of the ${String(uneven)} channels of a block is`);
  const attnGroups = config.attnNormNumGroups;
  const inner = blockOutChannels.at(-1) ?? 0;
  if (attnGroups !== null && inner % attnGroups !== 0) {
    read.fail("attn_norm_num_groups", `a divisor of the ${String(inner)} channels of the middle block is`);
  }
}

/** The `config.json` that diffusers reads back to the same model. */
export function unet2dConfigToJson(config: Unet2dConfig): Record<string, unknown> {
  return {
    _class_name: UNET_2D_CLASS_NAME,
    _diffusers_version: "0.42.1",
    ...Object.fromEntries(
      Object.entries(config).map(([key, value]) => [
        key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
        value as unknown,
      ]),
    ),
  };
}
