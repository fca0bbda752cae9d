import type * as tf from "@tensorflow/tfjs";
import type { ControlnetConfig } from "../../diffusion/models/controlnet-config.ts";
import { controlnetForward, type ControlnetResiduals } from "../../diffusion/models/controlnet.ts";
import type { Model } from "../../diffusion/weights/parameters.ts";
import { repeatRows } from "../model/repeat-rows.ts";

export interface ControlInputs {
  /** x_t, as the U-Net is given it. */
  readonly sample: tf.Tensor4D;
  readonly timestep: readonly number[];
  /** Text states, `[1 | batch, tokens, width]`. */
  readonly encoderHiddenStates: tf.Tensor3D;
  /** The picture to follow, `[1 | batch, height, width, channels]`. */
  readonly image: tf.Tensor4D;
  /** How strongly it counts. */
  readonly conditioningScale: number;
  readonly guessMode: boolean;
}

/** Runs a ControlNet once; one prompt and one picture serve a whole batch. @throws Error that names the port that does not fit. */
export function runControlnet(
  { config, weights }: Model<unknown>,
  { sample, timestep, encoderHiddenStates, image, conditioningScale, guessMode }: ControlInputs,
): ControlnetResiduals {
  const batch = sample.shape[0];
  return controlnetForward(config as ControlnetConfig, weights, {
    sample,
    timestep,
    encoderHiddenStates: repeatRows("conditioning", encoderHiddenStates, batch),
    controlnetCond: repeatRows("image", image, batch),
    conditioningScale,
    guessMode,
  });
}
