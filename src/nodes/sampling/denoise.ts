import type * as tf from "@tensorflow/tfjs";
import { applyGuidance, type GuidanceMethod } from "../../diffusion/guidance/index.ts";
import type { ControlnetResiduals } from "../../diffusion/models/controlnet.ts";
import type { SamplingPlan, SchedulerState } from "../../diffusion/schedulers/index.ts";
import type { Model } from "../../diffusion/weights/parameters.ts";
import type { TorchGenerator } from "../../tensor/torch-generator.ts";
import { runControlnet } from "../control/run-controlnet.ts";
import { readsGuidanceScale, runNetwork } from "../model/run-network.ts";
import type { Conditioning } from "../socket-types.ts";
import { embedGuidanceScale } from "./embed-guidance-scale.ts";
import { addDepthChannel, addMaskChannels } from "./extra-channels.ts";
import { layAroundMask, type KeptPart } from "./lay-around-mask.ts";

/** All that stays the same from step to step. */
export interface Denoising {
  readonly plan: SamplingPlan;
  readonly unet: Model<unknown>;
  readonly positive: Conditioning | undefined;
  /** Without it there is no guidance. */
  readonly negative: Conditioning | undefined;
  readonly guidance: GuidanceMethod;
  /** What a consistency model is told in place of guidance. */
  readonly guidanceScale: number;
  /** For an inpainting model: nine channels. */
  readonly masked?: { readonly mask: tf.Tensor4D; readonly maskedLatent: tf.Tensor4D } | undefined;
  /** For inpainting with an ordinary model. */
  readonly kept?: KeptPart | undefined;
  /** For a depth-to-image model: five channels. */
  readonly depth?: tf.Tensor4D | undefined;
  readonly control?:
    | { readonly controlnet: Model<unknown>; readonly image: tf.Tensor4D; readonly conditioningScale: number }
    | undefined;
}

/** What goes from step to step. */
export interface LoopState {
  readonly sample: tf.Tensor4D;
  readonly schedulerState: SchedulerState | undefined;
  readonly generator: TorchGenerator | undefined;
}

/**
 * One step of the loop, by the functions that the nodes of the open loop call. To be run in a scope.
 *
 * @param stepIndex An index into the plan's timesteps.
 */
export function denoiseStep(
  run: Denoising,
  stepIndex: number,
  { sample, schedulerState, generator }: LoopState,
): LoopState {
  const { plan, negative } = run;
  const modelInput = plan.scaleModelInput(sample, stepIndex);
  const timestep = [plan.timesteps[stepIndex] ?? 0];
  const conditional = predict(run, modelInput, timestep, run.positive);
  const modelOutput =
    negative && isGuided(run)
      ? applyGuidance(run.guidance, {
          conditional,
          unconditional: predict(run, modelInput, timestep, negative),
        })
      : conditional;
  const next = plan.step({ sample, modelOutput, stepIndex, state: schedulerState, generator });
  return {
    sample: run.kept ? layAroundMask(next.prevSample, run.kept, plan, stepIndex) : next.prevSample,
    schedulerState: next.state,
    generator: next.generator ?? generator,
  };
}

/** Whether the negative prompt counts. A consistency model is told the scale instead. */
const isGuided = ({ unet, guidance, guidanceScale }: Denoising): boolean =>
  guidance.kind !== "none" && guidanceScale !== 1 && !readsGuidanceScale(unet);

function predict(
  { unet, guidanceScale, masked, depth, control }: Denoising,
  modelInput: tf.Tensor4D,
  timestep: readonly number[],
  prompt: Conditioning | undefined,
): tf.Tensor4D {
  const withMask = masked ? addMaskChannels(modelInput, masked.mask, masked.maskedLatent) : modelInput;
  return runNetwork(unet, {
    sample: depth ? addDepthChannel(withMask, depth) : withMask,
    timestep,
    encoderHiddenStates: prompt?.states,
    timestepCond: readsGuidanceScale(unet) ? embedGuidanceScale(unet, guidanceScale) : undefined,
    controlResiduals: control && residuals(control, modelInput, timestep, prompt),
  });
}

function residuals(
  { controlnet, image, conditioningScale }: NonNullable<Denoising["control"]>,
  sample: tf.Tensor4D,
  timestep: readonly number[],
  prompt: Conditioning | undefined,
): ControlnetResiduals {
  if (!prompt) throw new Error("positive is not wired; a ControlNet needs a prompt.");
  return runControlnet(controlnet, {
    sample,
    timestep,
    encoderHiddenStates: prompt.states,
    image,
    conditioningScale,
    guessMode: false,
  });
}
