import type { ResnetBlockConfig } from "./layers/resnet-block.ts";
import type { SpatialTransformerConfig } from "./layers/spatial-transformer.ts";
import type { ConditionEncoderConfig, Unet2dConditionConfig } from "./unet-2d-condition-config.ts";

/** One resolution: resnet blocks, each with its transformer where the block has attention, then perhaps a resampling. */
export interface ConditionStage {
  /** For example `down_blocks.0`. */
  readonly prefix: string;
  readonly resnets: readonly ResnetBlockConfig[];
  /** As many as resnets, or none. */
  readonly transformers: readonly SpatialTransformerConfig[];
  /** Channels of the convolution that halves or doubles the size; null at the last stage of each way. */
  readonly samplerChannels: number | null;
}

/** One resnet block, then transformer and resnet block in turn. */
export interface ConditionMiddle {
  readonly resnets: readonly ResnetBlockConfig[];
  readonly transformers: readonly SpatialTransformerConfig[];
}

const at = (list: readonly number[], index: number): number => list[index] ?? 0;

/** Width of the embedding that the resnet blocks receive. */
export function blockTimeChannels(config: ConditionEncoderConfig & Partial<Unet2dConditionConfig>): number {
  return config.classEmbeddingsConcat ? 2 * config.timeEmbeddingDim : config.timeEmbeddingDim;
}

function resnetConfig(
  config: ConditionEncoderConfig,
  inChannels: number,
  outChannels: number,
): ResnetBlockConfig {
  return {
    inChannels,
    outChannels,
    timeChannels: blockTimeChannels(config),
    groups: config.normNumGroups,
    epsilon: config.normEps,
    activation: config.actFn,
    timeEmbeddingNorm: config.resnetTimeScaleShift,
  };
}

/** `block` counts from the outermost, on both ways. */
function transformerConfig(
  config: ConditionEncoderConfig,
  block: number,
  layers: number,
): SpatialTransformerConfig {
  return {
    channels: at(config.blockOutChannels, block),
    heads: at(config.numAttentionHeads, block),
    layers,
    contextChannels: at(config.crossAttentionDim, block),
    groups: config.normNumGroups,
    useLinearProjection: config.useLinearProjection,
    onlyCrossAttention: config.onlyCrossAttention[block] ?? false,
  };
}

export function downStages(config: ConditionEncoderConfig): ConditionStage[] {
  const { blockOutChannels, layersPerBlock, transformerLayersPerBlock } = config;
  return config.downBlockTypes.map((type, block) => {
    const channels = at(blockOutChannels, block);
    const before = at(blockOutChannels, Math.max(0, block - 1));
    const layers = Array.from({ length: at(layersPerBlock, block) }, (_, layer) => layer);
    return {
      prefix: `down_blocks.${String(block)}`,
      resnets: layers.map((layer) => resnetConfig(config, layer === 0 ? before : channels, channels)),
      transformers:
        type === "DownBlock2D"
          ? []
          : layers.map((layer) =>
              transformerConfig(config, block, at(transformerLayersPerBlock[block] ?? [], layer)),
            ),
      samplerChannels: block === blockOutChannels.length - 1 ? null : channels,
    };
  });
}

export function middle(config: ConditionEncoderConfig): ConditionMiddle | null {
  const { blockOutChannels, midBlockType, midBlockScaleFactor, transformerLayersPerBlock } = config;
  if (midBlockType === null) return null;
  const block = blockOutChannels.length - 1;
  const channels = at(blockOutChannels, block);
  const resnet = { ...resnetConfig(config, channels, channels), outputScaleFactor: midBlockScaleFactor };
  if (midBlockType === "UNetMidBlock2D") return { resnets: [resnet], transformers: [] };
  const layers = at(transformerLayersPerBlock[block] ?? [], 0);
  const transformer = { ...transformerConfig(config, block, layers), onlyCrossAttention: false };
  return { resnets: [resnet, resnet], transformers: [transformer] };
}

export function upStages(config: Unet2dConditionConfig): ConditionStage[] {
  const { blockOutChannels, layersPerBlock, upTransformerLayersPerBlock } = config;
  const last = blockOutChannels.length - 1;
  return config.upBlockTypes.map((type, index) => {
    const block = last - index;
    const channels = at(blockOutChannels, block);
    const below = at(blockOutChannels, Math.min(last, block + 1));
    const above = at(blockOutChannels, Math.max(0, block - 1));
    const layers = Array.from({ length: at(layersPerBlock, block) + 1 }, (_, layer) => layer);
    return {
      prefix: `up_blocks.${String(index)}`,
      resnets: layers.map((layer) => {
        const fromBefore = layer === 0 ? below : channels;
        const fromSkip = layer === layers.length - 1 ? above : channels;
        return resnetConfig(config, fromBefore + fromSkip, channels);
      }),
      transformers:
        type === "UpBlock2D"
          ? []
          : layers.map((layer) =>
              transformerConfig(config, block, at(upTransformerLayersPerBlock[index] ?? [], layer)),
            ),
      samplerChannels: block === 0 ? null : channels,
    };
  });
}
