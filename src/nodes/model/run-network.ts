import type * as tf from "@tensorflow/tfjs";
import {
  BASIC_UNET_CLASS_NAME,
  basicUnetForward,
  type BasicUnetConfig,
} from "../../diffusion/models/basic-unet.ts";
import type { ControlnetResiduals } from "../../diffusion/models/controlnet.ts";
import type { AttentionListener } from "../../diffusion/models/layers/cross-attention.ts";
import {
  UNET_2D_CONDITION_CLASS_NAME,
  type Unet2dConditionConfig,
} from "../../diffusion/models/unet-2d-condition-config.ts";
import { unet2dConditionForward } from "../../diffusion/models/unet-2d-condition.ts";
import { UNET_2D_CLASS_NAME, type Unet2dConfig } from "../../diffusion/models/unet-2d-config.ts";
import { unet2dForward } from "../../diffusion/models/unet-2d.ts";
import type { Model } from "../../diffusion/weights/parameters.ts";
import { repeatRows } from "./repeat-rows.ts";

/** What a network is given. */
export interface NetworkInputs {
  readonly sample: tf.Tensor4D;
  /** t: one for all pictures, or one for each; undefined where nothing is wired. */
  readonly timestep: readonly number[] | undefined;
  /** Text states, `[1 | batch, tokens, width]`, for networks that follow a prompt. */
  readonly encoderHiddenStates?: tf.Tensor3D | undefined;
  /** The guidance scale's embedding, for consistency models. */
  readonly timestepCond?: tf.Tensor2D | undefined;
  readonly controlResiduals?: ControlnetResiduals | undefined;
  readonly onCrossAttention?: AttentionListener;
}

/**
 * Runs whichever U-Net it is. Differentiable with respect to the weights.
 *
 * @returns `[batch, height, width, outChannels]`.
 * @throws Error that names the port that the network needs and that is not wired, or the one that it cannot use.
 */
export function runNetwork(
  { className, config, weights }: Model<unknown>,
  inputs: NetworkInputs,
): tf.Tensor4D {
  const { sample, timestep, encoderHiddenStates } = inputs;
  if (className === BASIC_UNET_CLASS_NAME)
    return basicUnetForward(config as BasicUnetConfig, weights, { sample });
  if (!timestep) throw new Error(`timestep is not wired; a ${className} needs it.`);
  if (className === UNET_2D_CLASS_NAME) {
    if (encoderHiddenStates) throw new Error(`conditioning is wired; a ${className} follows no prompt.`);
    return unet2dForward(config as Unet2dConfig, weights, { sample, timestep });
  }
  if (className === UNET_2D_CONDITION_CLASS_NAME) {
    if (!encoderHiddenStates) throw new Error(`conditioning is not wired; a ${className} needs a prompt.`);
    const { timestepCond, controlResiduals, onCrossAttention } = inputs;
    if (readsGuidanceScale({ className, config }) && !timestepCond)
      throw new Error(
        "timestepCond is not wired; this U-Net reads the guidance scale (time_cond_proj_dim): wire a Guidance embedding into it.",
      );
    return unet2dConditionForward(config as Unet2dConditionConfig, weights, {
      sample,
      timestep,
      encoderHiddenStates: repeatRows("conditioning", encoderHiddenStates, sample.shape[0]),
      ...(timestepCond && { timestepCond }),
      ...(controlResiduals ?? {}),
      ...(onCrossAttention && { onCrossAttention }),
    });
  }
  throw new Error(`a ${className} is not a U-Net.`);
}

/** True for consistency models (LCM), which are told the guidance scale and need no run without the prompt. */
export function readsGuidanceScale({
  className,
  config,
}: Pick<Model<unknown>, "className" | "config">): boolean {
  return (
    className === UNET_2D_CONDITION_CLASS_NAME && (config as Unet2dConditionConfig).timeCondProjDim !== null
  );
}
