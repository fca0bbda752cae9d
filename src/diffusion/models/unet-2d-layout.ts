import type { ResnetBlockConfig } from "./layers/resnet-block.ts";
import type { SelfAttentionConfig } from "./layers/self-attention.ts";
import type { Unet2dConfig } from "./unet-2d-config.ts";

/** One resolution of the U-Net: pairs of a resnet block and perhaps attention, then perhaps a change of resolution. */
export interface StageLayout {
  /** For example `down_blocks.0`. */
  readonly prefix: string;
  readonly resnets: readonly ResnetBlockConfig[];
  /** Null for a stage without attention. */
  readonly attention: SelfAttentionConfig | null;
  /** A convolution or a resnet block that halves or doubles the size; null at the innermost and outermost stage. */
  readonly sampler: "conv" | ResnetBlockConfig | null;
  readonly outChannels: number;
}

export interface MidLayout {
  readonly prefix: string;
  readonly resnet: ResnetBlockConfig;
  readonly attention: SelfAttentionConfig | null;
}

/** What a config means: every block with its channels. Parameters and forward pass both walk along it. */
export interface Unet2dLayout {
  /** Width of the sinusoidal (or Fourier, or learned) embedding. */
  readonly timeInputDim: number;
  readonly timeEmbedDim: number;
  readonly down: readonly StageLayout[];
  readonly mid: MidLayout | null;
  readonly up: readonly StageLayout[];
}

export function unet2dLayout(config: Unet2dConfig): Unet2dLayout {
  const { blockOutChannels: channels, layersPerBlock } = config;
  const first = channels[0] ?? 0;
  const last = channels.at(-1) ?? 0;
  const timeEmbedDim = config.timeEmbeddingDim ?? first * 4;
  const resnet = (
    inChannels: number,
    outChannels: number,
    extra: Partial<ResnetBlockConfig> = {},
  ): ResnetBlockConfig => ({
    inChannels,
    outChannels,
    timeChannels: timeEmbedDim,
    groups: config.normNumGroups,
    epsilon: config.normEps,
    activation: config.actFn,
    timeEmbeddingNorm: config.resnetTimeScaleShift,
    ...extra,
  });
  const attention = (
    stageChannels: number,
    extra: Partial<SelfAttentionConfig> = {},
  ): SelfAttentionConfig => ({
    channels: stageChannels,
    headDim: config.attentionHeadDim ?? stageChannels,
    groups: config.normNumGroups,
    epsilon: config.normEps,
    ...extra,
  });

  const down = channels.map((outChannels, i): StageLayout => {
    const inChannels = channels[Math.max(i - 1, 0)] ?? 0;
    const type = config.downBlockTypes[i];
    const resample =
      type === "ResnetDownsampleBlock2D" || (type === "AttnDownBlock2D" && config.downsampleType === "resnet")
        ? resnet(outChannels, outChannels, { resample: "down" })
        : "conv";
    return {
      prefix: `down_blocks.${String(i)}`,
      resnets: Array.from({ length: layersPerBlock }, (_, layer) =>
        resnet(layer === 0 ? inChannels : outChannels, outChannels),
      ),
      attention: type === "AttnDownBlock2D" ? attention(outChannels) : null,
      sampler: i < channels.length - 1 ? resample : null,
      outChannels,
    };
  });

  const reversed = channels.toReversed();
  const up = reversed.map((outChannels, i): StageLayout => {
    const previous = reversed[Math.max(i - 1, 0)] ?? 0;
    const lastSkip = reversed[Math.min(i + 1, channels.length - 1)] ?? 0;
    const type = config.upBlockTypes[i];
    const resample =
      type === "ResnetUpsampleBlock2D" || (type === "AttnUpBlock2D" && config.upsampleType === "resnet")
        ? resnet(outChannels, outChannels, { resample: "up" })
        : "conv";
    return {
      prefix: `up_blocks.${String(i)}`,
      resnets: Array.from({ length: layersPerBlock + 1 }, (_, layer) => {
        const skip = layer === layersPerBlock ? lastSkip : outChannels;
        return resnet((layer === 0 ? previous : outChannels) + skip, outChannels);
      }),
      attention: type === "AttnUpBlock2D" ? attention(outChannels) : null,
      sampler: i < channels.length - 1 ? resample : null,
      outChannels,
    };
  });

  const outputScaleFactor = config.midBlockScaleFactor;
  const midGroups =
    config.attnNormNumGroups ?? (config.resnetTimeScaleShift === "default" ? config.normNumGroups : null);
  const mid: MidLayout = {
    prefix: "mid_block",
    resnet: resnet(last, last, { outputScaleFactor }),
    attention: config.addAttention ? attention(last, { groups: midGroups, outputScaleFactor }) : null,
  };

  return {
    timeInputDim: config.timeEmbeddingType === "fourier" ? 2 * first : first,
    timeEmbedDim,
    down,
    mid: config.midBlockType === null ? null : mid,
    up,
  };
}
