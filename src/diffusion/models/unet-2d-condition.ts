import * as tf from "@tensorflow/tfjs";
import type { Model, ParameterSpec, Weights } from "../weights/parameters.ts";
import { activate } from "./layers/activation.ts";
import { applyConv, applyGroupNorm, applyLinear } from "./layers/apply.ts";
import type { AttentionListener } from "./layers/cross-attention.ts";
import { convParameters, normParameters } from "./layers/parameters.ts";
import type { TransformerContext } from "./layers/spatial-transformer.ts";
import type { ConditionEncoderConfig, Unet2dConditionConfig } from "./unet-2d-condition-config.ts";
import {
  embedTimeConditions,
  timeConditionParameters,
  type TimeConditions,
} from "./unet-2d-condition-embeddings.ts";
import { downStages, middle, upStages } from "./unet-2d-condition-layout.ts";
import {
  middleParameters,
  runDownStage,
  runMiddle,
  runUpStage,
  stageParameters,
  type StageContext,
} from "./unet-2d-condition-stages.ts";

/** The U-Net of Stable Diffusion (Rombach et al. 2022), diffusers' `UNet2DConditionModel`. */
export type Unet2dCondition = Model<Unet2dConditionConfig>;

export interface Unet2dConditionInputs extends TimeConditions {
  /** `[batch, height, width, inChannels]`: the noisy latent, for inpainting with mask and masked latent behind it. */
  readonly sample: tf.Tensor4D;
  /** `[batch, tokens, crossAttentionDim]`: the text states. */
  readonly encoderHiddenStates: tf.Tensor3D;
  /** `[batch, tokens]`: 1 for text tokens to attend to, 0 for the others. Default all. */
  readonly encoderAttentionMask?: tf.Tensor2D;
  /** Of a ControlNet: added to the skip connections, from the outermost in, and to the output of the middle. */
  readonly downBlockAdditionalResiduals?: readonly tf.Tensor4D[];
  readonly midBlockAdditionalResidual?: tf.Tensor4D;
  /** Sees how each place of the picture attends to each text token. */
  readonly onCrossAttention?: AttentionListener;
}

/** Convolution in and embeddings of the time step and its companions, with which a ControlNet begins too. */
export const entryParameters = (config: ConditionEncoderConfig): ParameterSpec[] => [
  ...convParameters("conv_in", {
    inChannels: config.inChannels,
    outChannels: config.blockOutChannels[0] ?? 0,
    kernel: config.convInKernel,
  }),
  ...timeConditionParameters(config),
];

/** Every parameter, in the order in which diffusers' constructor makes them. */
export function unet2dConditionParameters(config: Unet2dConditionConfig): ParameterSpec[] {
  const first = config.blockOutChannels[0] ?? 0;
  const mid = middle(config);
  return [
    ...entryParameters(config),
    ...downStages(config).flatMap((stage) => stageParameters(stage, "down")),
    ...(mid ? middleParameters(mid) : []),
    ...upStages(config).flatMap((stage) => stageParameters(stage, "up")),
    ...normParameters("conv_norm_out", first),
    ...convParameters("conv_out", {
      inChannels: first,
      outChannels: config.outChannels,
      kernel: config.convOutKernel,
    }),
  ];
}

/**
 * What the network makes of a noisy latent: noise, velocity or the clean latent, as it was trained. Differentiable.
 * @returns `[batch, height, width, outChannels]`.
 * @throws naming the input whose shape does not fit.
 */
export function unet2dConditionForward(
  config: Unet2dConditionConfig,
  weights: Weights,
  inputs: Unet2dConditionInputs,
): tf.Tensor4D {
  checkConditionInputs("U-Net", config, inputs);
  return tf.tidy(() => {
    const sample: tf.Tensor4D = config.centerInputSample
      ? tf.sub(tf.mul(inputs.sample, 2), 1)
      : inputs.sample;
    const context: StageContext = {
      weights,
      time: embedTimeConditions(config, weights, inputs),
      text: textContext(config, weights, inputs),
    };
    const { skips, hidden: deepest } = runEncoder(config, sample, context);
    addResiduals(skips, inputs.downBlockAdditionalResiduals);
    let hidden: tf.Tensor4D = inputs.midBlockAdditionalResidual
      ? tf.add(deepest, inputs.midBlockAdditionalResidual)
      : deepest;
    for (const stage of upStages(config)) hidden = runUpStage(stage, hidden, skips, context);
    const normal = applyGroupNorm<tf.Tensor4D>(
      weights,
      "conv_norm_out",
      hidden,
      config.normNumGroups,
      config.normEps,
    );
    return applyConv(weights, "conv_out", activate(config.actFn, normal), {
      padding: samePadding(config.convOutKernel),
    });
  });
}

const samePadding = (kernel: number): number => Math.floor((kernel - 1) / 2);

/** Convolution in, way down and middle, which a ControlNet has too. `start` is added after the first convolution. */
export function runEncoder(
  config: ConditionEncoderConfig,
  sample: tf.Tensor4D,
  context: StageContext,
  start?: tf.Tensor4D,
): { skips: tf.Tensor4D[]; hidden: tf.Tensor4D } {
  const first = applyConv(context.weights, "conv_in", sample, { padding: samePadding(config.convInKernel) });
  const skips: tf.Tensor4D[] = [start ? tf.add(first, start) : first];
  for (const stage of downStages(config)) {
    const x = skips.at(-1) as tf.Tensor4D;
    skips.push(...runDownStage(stage, x, config.downsamplePadding, context));
  }
  const mid = middle(config);
  const last = skips.at(-1) as tf.Tensor4D;
  // A copy, because the way up frees its input and each skip connection on its own.
  return { skips, hidden: mid ? runMiddle(mid, last, context) : tf.clone(last) };
}

/** Score that takes a text token out of the softmax; the value is diffusers'. */
const maskedScore = -10000;

/** The text states as the transformers take them: projected where the config asks for it, with mask and listener. */
export function textContext(
  config: ConditionEncoderConfig,
  weights: Weights,
  inputs: Pick<Unet2dConditionInputs, "encoderHiddenStates" | "encoderAttentionMask" | "onCrossAttention">,
): TransformerContext {
  const { encoderHiddenStates, encoderAttentionMask, onCrossAttention } = inputs;
  const states =
    config.encoderHidDim === null
      ? encoderHiddenStates
      : (applyLinear(weights, "encoder_hid_proj", encoderHiddenStates) as tf.Tensor3D);
  return {
    states,
    ...(encoderAttentionMask && {
      mask: tf.mul(
        tf.sub(1, tf.expandDims(tf.expandDims(tf.cast(encoderAttentionMask, "float32"), 1), 1)),
        maskedScore,
      ),
    }),
    ...(onCrossAttention && { listener: onCrossAttention }),
  };
}

function addResiduals(skips: tf.Tensor4D[], residuals: readonly tf.Tensor4D[] | undefined): void {
  if (!residuals) return;
  if (residuals.length !== skips.length) {
    throw new Error(
      `downBlockAdditionalResiduals has ${String(residuals.length)} tensors; this U-Net has ${String(skips.length)} skip connections. The ControlNet belongs to another U-Net.`,
    );
  }
  residuals.forEach((residual, i) => {
    const skip = skips[i];
    if (!skip || !isAddable(residual.shape, skip.shape)) {
      throw new Error(
        `downBlockAdditionalResiduals[${String(i)}] is [${residual.shape.join(", ")}], the skip connection [${String(skip?.shape.join(", "))}].`,
      );
    }
    skips[i] = tf.add(skip, residual);
    skip.dispose();
  });
}

/** Equal shapes, or one value for all places as pooled residuals have it. */
const isAddable = (residual: readonly number[], skip: readonly number[]): boolean =>
  residual.length === skip.length &&
  residual.every((size, axis) => size === skip[axis] || (size === 1 && axis < 3));

/** @throws naming the input whose shape does not fit the config. */
export function checkConditionInputs(
  model: string,
  config: ConditionEncoderConfig,
  { sample, encoderHiddenStates }: Pick<Unet2dConditionInputs, "sample" | "encoderHiddenStates">,
): void {
  if (sample.shape.length !== 4 || sample.shape[3] !== config.inChannels) {
    throw new Error(
      `sample is [${sample.shape.join(", ")}]; this ${model} takes [batch, height, width, ${String(config.inChannels)}].`,
    );
  }
  const width = config.encoderHidDim ?? config.crossAttentionDim[0] ?? 0;
  if (encoderHiddenStates.shape.length !== 3 || encoderHiddenStates.shape[2] !== width) {
    throw new Error(
      `encoderHiddenStates is [${encoderHiddenStates.shape.join(", ")}]; this ${model} takes [batch, tokens, ${String(width)}]. Text encoder and ${model} belong to different models.`,
    );
  }
  if (encoderHiddenStates.shape[0] !== sample.shape[0]) {
    throw new Error(
      `sample has a batch of ${String(sample.shape[0])}, encoderHiddenStates of ${String(encoderHiddenStates.shape[0])}.`,
    );
  }
}
