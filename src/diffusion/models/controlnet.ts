import * as tf from "@tensorflow/tfjs";
import { silu } from "../../tensor/ops.ts";
import type { Model, ParameterSpec, Weights } from "../weights/parameters.ts";
import type { ControlnetConfig } from "./controlnet-config.ts";
import { applyConv } from "./layers/apply.ts";
import { convParameters } from "./layers/parameters.ts";
import { embedTimeConditions } from "./unet-2d-condition-embeddings.ts";
import { downStages, middle } from "./unet-2d-condition-layout.ts";
import { middleParameters, stageParameters } from "./unet-2d-condition-stages.ts";
import {
  checkConditionInputs,
  entryParameters,
  runEncoder,
  textContext,
  type Unet2dConditionInputs,
} from "./unet-2d-condition.ts";

/** A copy of the U-Net's encoder that follows a picture (Zhang et al. 2023), diffusers' `ControlNetModel`. */
export type Controlnet = Model<ControlnetConfig>;

export interface ControlnetInputs extends Pick<
  Unet2dConditionInputs,
  "sample" | "timestep" | "timestepCond" | "encoderHiddenStates" | "encoderAttentionMask"
> {
  /** `[batch, 8·height, 8·width, conditioningChannels]` in [0, 1], with 8 for the four widths of the published models. */
  readonly controlnetCond: tf.Tensor4D;
  /** Factor on all residuals. Default 1. */
  readonly conditioningScale?: number;
  /** Weaker residuals the further out, from 0.1 to 1: follows the picture without a prompt. Default false. */
  readonly guessMode?: boolean;
}

/** What the U-Net takes under the same names. */
export interface ControlnetResiduals {
  readonly downBlockAdditionalResiduals: readonly tf.Tensor4D[];
  readonly midBlockAdditionalResidual: tf.Tensor4D;
}

const embedding = "controlnet_cond_embedding";
const downName = (index: number): string => `controlnet_down_blocks.${String(index)}`;

/** Channels of each skip connection. */
function skipChannels(config: ControlnetConfig): number[] {
  const stages = downStages(config).flatMap(({ resnets, samplerChannels }) => [
    ...resnets.map(({ outChannels }) => outChannels),
    ...(samplerChannels === null ? [] : [samplerChannels]),
  ]);
  return [config.blockOutChannels[0] ?? 0, ...stages];
}

export function controlnetParameters(config: ControlnetConfig): ParameterSpec[] {
  const mid = middle(config);
  const pointwise = (prefix: string, channels: number): ParameterSpec[] =>
    convParameters(prefix, { inChannels: channels, outChannels: channels, kernel: 1 });
  return [
    ...entryParameters(config),
    ...embeddingParameters(config),
    ...downStages(config).flatMap((stage) => stageParameters(stage, "down")),
    ...skipChannels(config).flatMap((channels, i) => pointwise(downName(i), channels)),
    ...pointwise("controlnet_mid_block", config.blockOutChannels.at(-1) ?? 0),
    ...(mid ? middleParameters(mid) : []),
  ];
}

function embeddingParameters(config: ControlnetConfig): ParameterSpec[] {
  const widths = config.conditioningEmbeddingOutChannels;
  const inner = widths.slice(0, -1).flatMap((width, i) => [
    ...convParameters(`${embedding}.blocks.${String(2 * i)}`, { inChannels: width, outChannels: width }),
    ...convParameters(`${embedding}.blocks.${String(2 * i + 1)}`, {
      inChannels: width,
      outChannels: widths[i + 1] ?? 0,
    }),
  ]);
  return [
    ...convParameters(`${embedding}.conv_in`, {
      inChannels: config.conditioningChannels,
      outChannels: widths[0] ?? 0,
    }),
    ...inner,
    ...convParameters(`${embedding}.conv_out`, {
      inChannels: widths.at(-1) ?? 0,
      outChannels: config.blockOutChannels[0] ?? 0,
    }),
  ];
}

/**
 * Residuals for the U-Net's skip connections and its middle.
 * @throws naming the input whose shape does not fit.
 */
export function controlnetForward(
  config: ControlnetConfig,
  weights: Weights,
  inputs: ControlnetInputs,
): ControlnetResiduals {
  checkConditionInputs("ControlNet", config, inputs);
  checkPicture(config, inputs);
  const residuals = tf.tidy(() => {
    const context = {
      weights,
      time: embedTimeConditions(config, weights, inputs),
      text: textContext(config, weights, inputs),
    };
    const start = tf.tidy(() => embedPicture(config, weights, inputs.controlnetCond));
    const { skips, hidden } = runEncoder(config, inputs.sample, context, start);
    const outputs = [
      ...skips.map((skip, i) => applyConv(weights, downName(i), skip)),
      applyConv(weights, "controlnet_mid_block", hidden),
    ];
    return outputs.map((output, i) => finish(config, output, scaleOf(inputs, config, i, outputs.length)));
  });
  return {
    downBlockAdditionalResiduals: residuals.slice(0, -1),
    midBlockAdditionalResidual: residuals.at(-1) as tf.Tensor4D,
  };
}

/** The sum of several ControlNets' residuals, as the U-Net takes it. Frees its inputs. */
export function sumControlnetResiduals(all: readonly ControlnetResiduals[]): ControlnetResiduals {
  const [first, ...others] = all;
  if (!first) throw new Error("There are no residuals to add up: give at least one ControlNet.");
  return others.reduce((sum, next) => {
    const downBlockAdditionalResiduals = sum.downBlockAdditionalResiduals.map((residual, i) =>
      tf.add<tf.Tensor4D>(residual, next.downBlockAdditionalResiduals[i] as tf.Tensor4D),
    );
    const midBlockAdditionalResidual = tf.add<tf.Tensor4D>(
      sum.midBlockAdditionalResidual,
      next.midBlockAdditionalResidual,
    );
    for (const { downBlockAdditionalResiduals: down, midBlockAdditionalResidual: mid } of [sum, next])
      tf.dispose([...down, mid]);
    return { downBlockAdditionalResiduals, midBlockAdditionalResidual };
  }, first);
}

/** Pictures at full size, brought to the latents' size by convolutions. */
function embedPicture(config: ControlnetConfig, weights: Weights, picture: tf.Tensor4D): tf.Tensor4D {
  const ordered = config.conditioningChannelOrder === "bgr" ? tf.reverse(picture, 3) : picture;
  const blocks = 2 * (config.conditioningEmbeddingOutChannels.length - 1);
  const names = ["conv_in", ...Array.from({ length: blocks }, (_, i) => `blocks.${String(i)}`)];
  const embedded = names.reduce((hidden, name, i) => {
    const halves = i > 0 && i % 2 === 0;
    return silu(applyConv(weights, `${embedding}.${name}`, hidden, { padding: 1, stride: halves ? 2 : 1 }));
  }, ordered);
  return applyConv(weights, `${embedding}.conv_out`, embedded, { padding: 1 });
}

function scaleOf(
  { conditioningScale = 1, guessMode = false }: ControlnetInputs,
  config: ControlnetConfig,
  index: number,
  count: number,
): number {
  if (!guessMode || config.globalPoolConditions) return conditioningScale;
  return conditioningScale * 10 ** (index / (count - 1) - 1);
}

function finish(config: ControlnetConfig, residual: tf.Tensor4D, scale: number): tf.Tensor4D {
  const scaled = scale === 1 ? residual : tf.mul<tf.Tensor4D>(residual, scale);
  return config.globalPoolConditions ? tf.mean(scaled, [1, 2], true) : scaled;
}

function checkPicture(config: ControlnetConfig, { sample, controlnetCond }: ControlnetInputs): void {
  const factor = 2 ** (config.conditioningEmbeddingOutChannels.length - 1);
  const [batch, height, width] = sample.shape;
  const wanted = [batch, height * factor, width * factor, config.conditioningChannels];
  if (controlnetCond.shape.join() !== wanted.join()) {
    throw new Error(
      `controlnetCond is [${controlnetCond.shape.join(", ")}]; with this sample it must be [${wanted.join(", ")}].`,
    );
  }
}
