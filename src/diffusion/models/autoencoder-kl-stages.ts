import * as tf from "@tensorflow/tfjs";
import { silu } from "../../tensor/ops.ts";
import type { ParameterSpec, Weights } from "../weights/parameters.ts";
import type { AutoencoderKlConfig } from "./autoencoder-kl-config.ts";
import { applyConv, applyGroupNorm } from "./layers/apply.ts";
import { downsample, downsampleParameters } from "./layers/downsample.ts";
import { convParameters, normParameters } from "./layers/parameters.ts";
import { resnetBlock, resnetBlockParameters, type ResnetBlockConfig } from "./layers/resnet-block.ts";
import { selfAttention, selfAttentionParameters, type SelfAttentionConfig } from "./layers/self-attention.ts";
import { upsample, upsampleParameters } from "./layers/upsample.ts";

/** Of every norm in the autoencoder; fixed in diffusers. */
const epsilon = 1e-6;

interface Stage {
  readonly prefix: string;
  readonly resnets: readonly ResnetBlockConfig[];
  /** Channels of the resampling convolution; null at the last stage. */
  readonly samplerChannels: number | null;
}

const at = (list: readonly number[], index: number): number => list[index] ?? 0;

function resnetConfig(
  config: AutoencoderKlConfig,
  inChannels: number,
  outChannels: number,
): ResnetBlockConfig {
  return {
    inChannels,
    outChannels,
    timeChannels: null,
    groups: config.normNumGroups,
    epsilon,
    activation: config.actFn,
  };
}

function stage(
  config: AutoencoderKlConfig,
  prefix: string,
  from: number,
  to: number,
  layers: number,
  isLast: boolean,
): Stage {
  return {
    prefix,
    resnets: Array.from({ length: layers }, (_, layer) => resnetConfig(config, layer === 0 ? from : to, to)),
    samplerChannels: isLast ? null : to,
  };
}

function encoderStages(config: AutoencoderKlConfig): Stage[] {
  const { blockOutChannels: channels, layersPerBlock } = config;
  return channels.map((to, block) =>
    stage(
      config,
      `encoder.down_blocks.${String(block)}`,
      at(channels, Math.max(0, block - 1)),
      to,
      layersPerBlock,
      block === channels.length - 1,
    ),
  );
}

function decoderStages(config: AutoencoderKlConfig): Stage[] {
  const channels = config.blockOutChannels.toReversed();
  return channels.map((to, block) =>
    stage(
      config,
      `decoder.up_blocks.${String(block)}`,
      at(channels, Math.max(0, block - 1)),
      to,
      config.layersPerBlock + 1,
      block === channels.length - 1,
    ),
  );
}

const deepest = (config: AutoencoderKlConfig): number => config.blockOutChannels.at(-1) ?? 0;

function middleAttention(config: AutoencoderKlConfig): SelfAttentionConfig | null {
  if (!config.midBlockAddAttention) return null;
  const channels = deepest(config);
  return { channels, headDim: channels, groups: config.normNumGroups, epsilon };
}

function middleParameters(config: AutoencoderKlConfig, prefix: string): ParameterSpec[] {
  const resnet = resnetConfig(config, deepest(config), deepest(config));
  const attention = middleAttention(config);
  return [
    ...resnetBlockParameters(`${prefix}.resnets.0`, resnet),
    ...(attention ? selfAttentionParameters(`${prefix}.attentions.0`, attention) : []),
    ...resnetBlockParameters(`${prefix}.resnets.1`, resnet),
  ];
}

function middleForward(
  config: AutoencoderKlConfig,
  weights: Weights,
  prefix: string,
  x: tf.Tensor4D,
): tf.Tensor4D {
  const resnet = resnetConfig(config, deepest(config), deepest(config));
  const attention = middleAttention(config);
  return tf.tidy(() => {
    const first = tf.tidy(() => resnetBlock(weights, `${prefix}.resnets.0`, resnet, x));
    const attended = attention
      ? tf.tidy(() => selfAttention(weights, `${prefix}.attentions.0`, attention, first))
      : first;
    return resnetBlock(weights, `${prefix}.resnets.1`, resnet, attended);
  });
}

function stageParameters({ prefix, resnets, samplerChannels }: Stage, way: "down" | "up"): ParameterSpec[] {
  const sampler = way === "down" ? downsampleParameters : upsampleParameters;
  return [
    ...resnets.flatMap((resnet, layer) =>
      resnetBlockParameters(`${prefix}.resnets.${String(layer)}`, resnet),
    ),
    ...(samplerChannels === null ? [] : sampler(`${prefix}.${way}samplers.0`, samplerChannels)),
  ];
}

/** Frees each layer's output when the next one has it: at full size they are the largest tensors of a picture's making. */
function stageForward(
  weights: Weights,
  { prefix, resnets, samplerChannels }: Stage,
  way: "down" | "up",
  x: tf.Tensor4D,
): tf.Tensor4D {
  let hidden = x;
  const step = (compute: (input: tf.Tensor4D) => tf.Tensor4D): void => {
    const input = hidden;
    hidden = tf.tidy(() => compute(input));
    input.dispose();
  };
  resnets.forEach((resnet, layer) => {
    step((input) => resnetBlock(weights, `${prefix}.resnets.${String(layer)}`, resnet, input));
  });
  if (samplerChannels === null) return hidden;
  step((input) =>
    way === "down"
      ? downsample(weights, `${prefix}.downsamplers.0`, input, 0)
      : upsample(weights, `${prefix}.upsamplers.0`, input),
  );
  return hidden;
}

export function encoderParameters(config: AutoencoderKlConfig): ParameterSpec[] {
  const { inChannels, blockOutChannels, latentChannels } = config;
  return [
    ...convParameters("encoder.conv_in", { inChannels, outChannels: at(blockOutChannels, 0) }),
    ...encoderStages(config).flatMap((block) => stageParameters(block, "down")),
    ...middleParameters(config, "encoder.mid_block"),
    ...normParameters("encoder.conv_norm_out", deepest(config)),
    ...convParameters("encoder.conv_out", { inChannels: deepest(config), outChannels: 2 * latentChannels }),
  ];
}

export function decoderParameters(config: AutoencoderKlConfig): ParameterSpec[] {
  const { outChannels, blockOutChannels, latentChannels } = config;
  const first = at(blockOutChannels, 0);
  return [
    ...convParameters("decoder.conv_in", { inChannels: latentChannels, outChannels: deepest(config) }),
    ...middleParameters(config, "decoder.mid_block"),
    ...decoderStages(config).flatMap((block) => stageParameters(block, "up")),
    ...normParameters("decoder.conv_norm_out", first),
    ...convParameters("decoder.conv_out", { inChannels: first, outChannels }),
  ];
}

function finish(config: AutoencoderKlConfig, weights: Weights, prefix: string, x: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    const normal = applyGroupNorm<tf.Tensor4D>(
      weights,
      `${prefix}.conv_norm_out`,
      x,
      config.normNumGroups,
      epsilon,
    );
    return applyConv(weights, `${prefix}.conv_out`, silu(normal), { padding: 1 });
  });
}

/** `[batch, h, w, inChannels]` → mean and logarithm of the variance, `[batch, h/2ⁿ, w/2ⁿ, 2·latentChannels]`. */
export function encoderForward(config: AutoencoderKlConfig, weights: Weights, x: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    let hidden = applyConv(weights, "encoder.conv_in", x, { padding: 1 });
    for (const block of encoderStages(config)) hidden = stageForward(weights, block, "down", hidden);
    return finish(config, weights, "encoder", middleForward(config, weights, "encoder.mid_block", hidden));
  });
}

/** `[batch, h, w, latentChannels]` → `[batch, h·2ⁿ, w·2ⁿ, outChannels]`. */
export function decoderForward(config: AutoencoderKlConfig, weights: Weights, z: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    let hidden = middleForward(
      config,
      weights,
      "decoder.mid_block",
      applyConv(weights, "decoder.conv_in", z, { padding: 1 }),
    );
    for (const block of decoderStages(config)) hidden = stageForward(weights, block, "up", hidden);
    return finish(config, weights, "decoder", hidden);
  });
}
