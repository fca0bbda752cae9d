import * as tf from "@tensorflow/tfjs";
import type { Model, ParameterSpec, Weights } from "../weights/parameters.ts";
import { applyConv, applyNormActivation } from "./layers/apply.ts";
import { downsample, downsampleParameters } from "./layers/downsample.ts";
import { concatChannels } from "./layers/lean-gradients.ts";
import { convParameters, normParameters } from "./layers/parameters.ts";
import { resnetBlock, resnetBlockParameters } from "./layers/resnet-block.ts";
import { selfAttention, selfAttentionParameters } from "./layers/self-attention.ts";
import type { Timesteps } from "./layers/timestep-embedding.ts";
import { upsample, upsampleParameters } from "./layers/upsample.ts";
import type { Unet2dConfig } from "./unet-2d-config.ts";
import { unet2dLayout, type MidLayout, type StageLayout, type Unet2dLayout } from "./unet-2d-layout.ts";
import {
  divideByTimesteps,
  embedConditions,
  embeddingsParameters,
  type ClassLabels,
} from "./unet-2d-conditions.ts";

/** diffusers' `UNet2DModel` (Ho et al. 2020, appendix B), as functions of its config and its weights. */
export type Unet2d = Model<Unet2dConfig>;

export interface Unet2dInputs {
  /** `[batch, height, width, inChannels]`. */
  readonly sample: tf.Tensor4D;
  /** One for the batch, or one a picture. */
  readonly timestep: Timesteps;
  /** For configs with a class embedding, and only for them. */
  readonly classLabels?: ClassLabels;
}

/** Every parameter, in the order in which diffusers' constructor draws them. */
export function unet2dParameters(config: Unet2dConfig): ParameterSpec[] {
  const layout = unet2dLayout(config);
  const first = config.blockOutChannels[0] ?? 0;
  return [
    ...convParameters("conv_in", { inChannels: config.inChannels, outChannels: first }),
    ...embeddingsParameters(config, layout),
    ...layout.down.flatMap((stage) => stageParameters(stage, "down")),
    ...(layout.mid ? midParameters(layout.mid) : []),
    ...layout.up.flatMap((stage) => stageParameters(stage, "up")),
    ...normParameters("conv_norm_out", first),
    ...convParameters("conv_out", { inChannels: first, outChannels: config.outChannels }),
  ];
}

function stageParameters(
  { prefix, resnets, attention, sampler, outChannels }: StageLayout,
  way: "down" | "up",
): ParameterSpec[] {
  const samplerPrefix = `${prefix}.${way}samplers.0`;
  const convSampler = way === "down" ? downsampleParameters : upsampleParameters;
  return [
    ...resnets.flatMap((resnet, i) => [
      ...resnetBlockParameters(`${prefix}.resnets.${String(i)}`, resnet),
      ...(attention ? selfAttentionParameters(`${prefix}.attentions.${String(i)}`, attention) : []),
    ]),
    ...(sampler === "conv" ? convSampler(samplerPrefix, outChannels) : []),
    ...(sampler !== null && sampler !== "conv" ? resnetBlockParameters(samplerPrefix, sampler) : []),
  ];
}

function midParameters({ prefix, resnet, attention }: MidLayout): ParameterSpec[] {
  return [
    ...resnetBlockParameters(`${prefix}.resnets.0`, resnet),
    ...(attention ? selfAttentionParameters(`${prefix}.attentions.0`, attention) : []),
    ...resnetBlockParameters(`${prefix}.resnets.1`, resnet),
  ];
}

/**
 * What the network makes of a noisy sample: noise, velocity or the clean picture, as it was trained. Differentiable.
 * @returns `[batch, height, width, outChannels]`.
 * @throws naming the input whose shape does not fit.
 */
export function unet2dForward(config: Unet2dConfig, weights: Weights, inputs: Unet2dInputs): tf.Tensor4D {
  return tf.tidy(() => {
    const layout = unet2dLayout(config);
    checkSample(config, inputs.sample);
    const time = embedConditions(config, weights, layout, inputs);
    const sample: tf.Tensor4D = config.centerInputSample
      ? tf.sub(tf.mul(inputs.sample, 2), 1)
      : inputs.sample;

    let hidden: tf.Tensor4D = applyConv(weights, "conv_in", sample, { padding: 1 });
    const skips = [hidden];
    for (const stage of layout.down) hidden = downStage(config, weights, stage, hidden, time, skips);
    if (layout.mid) hidden = midStage(weights, layout.mid, hidden, time);
    for (const stage of layout.up)
      hidden = upStage(weights, stage, hidden, time, skips, inputs.sample, layout);

    hidden = applyNormActivation(
      weights,
      "conv_norm_out",
      "silu",
      hidden,
      config.normNumGroups,
      config.normEps,
    );
    hidden = applyConv(weights, "conv_out", hidden, { padding: 1 });
    return config.timeEmbeddingType === "fourier" ? divideByTimesteps(hidden, inputs.timestep) : hidden;
  });
}

function checkSample(config: Unet2dConfig, sample: tf.Tensor4D): void {
  if (sample.shape.length !== 4 || sample.shape[3] !== config.inChannels) {
    throw new Error(
      `sample is [${sample.shape.join(", ")}]; this U-Net takes [batch, height, width, ${String(config.inChannels)}].`,
    );
  }
}

function downStage(
  config: Unet2dConfig,
  weights: Weights,
  { prefix, resnets, attention, sampler }: StageLayout,
  x: tf.Tensor4D,
  time: tf.Tensor2D,
  skips: tf.Tensor4D[],
): tf.Tensor4D {
  let hidden = x;
  resnets.forEach((resnet, i) => {
    hidden = resnetBlock(weights, `${prefix}.resnets.${String(i)}`, resnet, hidden, time);
    if (attention) hidden = selfAttention(weights, `${prefix}.attentions.${String(i)}`, attention, hidden);
    skips.push(hidden);
  });
  if (sampler === null) return hidden;
  hidden =
    sampler === "conv"
      ? downsample(weights, `${prefix}.downsamplers.0`, hidden, config.downsamplePadding)
      : resnetBlock(weights, `${prefix}.downsamplers.0`, sampler, hidden, time);
  skips.push(hidden);
  return hidden;
}

function midStage(
  weights: Weights,
  { prefix, resnet, attention }: MidLayout,
  x: tf.Tensor4D,
  time: tf.Tensor2D,
): tf.Tensor4D {
  let hidden = resnetBlock(weights, `${prefix}.resnets.0`, resnet, x, time);
  if (attention) hidden = selfAttention(weights, `${prefix}.attentions.0`, attention, hidden);
  return resnetBlock(weights, `${prefix}.resnets.1`, resnet, hidden, time);
}

function upStage(
  weights: Weights,
  { prefix, resnets, attention, sampler }: StageLayout,
  x: tf.Tensor4D,
  time: tf.Tensor2D,
  skips: tf.Tensor4D[],
  sample: tf.Tensor4D,
  layout: Unet2dLayout,
): tf.Tensor4D {
  let hidden = x;
  resnets.forEach((resnet, i) => {
    hidden = resnetBlock(
      weights,
      `${prefix}.resnets.${String(i)}`,
      resnet,
      joinSkip(hidden, skips.pop(), sample, layout),
      time,
    );
    if (attention) hidden = selfAttention(weights, `${prefix}.attentions.${String(i)}`, attention, hidden);
  });
  if (sampler === null) return hidden;
  return sampler === "conv"
    ? upsample(weights, `${prefix}.upsamplers.0`, hidden)
    : resnetBlock(weights, `${prefix}.upsamplers.0`, sampler, hidden, time);
}

function joinSkip(
  hidden: tf.Tensor4D,
  skip: tf.Tensor4D | undefined,
  sample: tf.Tensor4D,
  layout: Unet2dLayout,
): tf.Tensor4D {
  if (!skip || skip.shape[1] !== hidden.shape[1] || skip.shape[2] !== hidden.shape[2]) {
    const [, height, width] = sample.shape;
    const multiple = 2 ** (layout.down.length - 1);
    throw new Error(
      `sample is ${String(height)}×${String(width)}; this U-Net halves it ${String(layout.down.length - 1)} times, ` +
        `so height and width must be multiples of ${String(multiple)}.`,
    );
  }
  return concatChannels(hidden, skip);
}
