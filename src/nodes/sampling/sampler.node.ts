import { applyGuidance } from "../../diffusion/guidance/index.ts";
import {
  disposeSchedulerState,
  sliceForStrength,
  type SamplingPlan,
  type SchedulerState,
} from "../../diffusion/schedulers/index.ts";
import type * as tf from "@tensorflow/tfjs";
import { mul } from "@tensorflow/tfjs";
import type { Model } from "../../diffusion/weights/parameters.ts";
import { defineNode, optionalPort, port } from "../../engine/node/define-node.ts";
import { float, int } from "../../engine/node/params.ts";
import type { TorchGenerator } from "../../tensor/torch-generator.ts";
import { requireSameShape } from "../checks.ts";
import { tensorHost } from "../host.ts";
import { latentPicture } from "../live/pictures.ts";
import { readsGuidanceScale, runNetwork } from "../model/run-network.ts";
import { embedGuidanceScale } from "./embed-guidance-scale.ts";
import {
  conditioningType,
  generatorType,
  latentType,
  noiseSchedulerType,
  unetType,
  type Conditioning,
} from "../socket-types.ts";

export default defineNode({
  type: "sampling/sampler",
  version: 1,
  title: "Sampler",
  doc: "The whole denoising loop in one node: timesteps, U-Net with guidance, scheduler steps. The same numbers as the open loop gives.",
  keywords: ["ksampler", "denoise", "txt2img", "img2img", "compact"],
  inputs: {
    unet: port(unetType, "The network."),
    noiseScheduler: port(noiseSchedulerType, "The schedule and its stepping rule."),
    noise: port(latentType, "Noise of standard deviation 1."),
    generator: port(generatorType, "Random state, for schedulers that draw noise."),
    positive: optionalPort(conditioningType, "The prompt, for networks that follow one."),
    negative: optionalPort(conditioningType, "The negative prompt; without it there is no guidance."),
    original: optionalPort(latentType, "For image-to-image: the latent to start from."),
  },
  params: {
    numInferenceSteps: int({
      default: 20,
      min: 1,
      max: 1000,
      unit: "steps",
      doc: "More steps: slower, and up to a point better.",
    }),
    guidanceScale: float({
      default: 7.5,
      min: 0,
      max: 30,
      step: 0.5,
      doc: "How much the prompt counts; at 1 the negative prompt is not run. Consistency models (LCM) are told it instead.",
    }),
    strength: float({
      default: 0.8,
      min: 0,
      max: 1,
      step: 0.05,
      doc: "For image-to-image: part of the timesteps that is run.",
    }),
  },
  outputs: {
    sample: port(latentType, "The result."),
    generator: port(generatorType, "The random state after the run."),
  },
  runAsync: async ({ inputs, params, context }) => {
    const { noise, noiseScheduler, original } = inputs;
    const whole = noiseScheduler.setTimesteps(params.numInferenceSteps);
    const plan = original ? sliceForStrength(whole, params.strength) : whole;
    if (original) requireSameShape({ original, noise });
    let state: LoopState = {
      sample: original
        ? (plan.addNoise(original, noise, 0) as tf.Tensor4D)
        : tensorHost.scope(() => mul(noise, plan.initNoiseSigma)),
      schedulerState: undefined,
      generator: inputs.generator,
    };
    try {
      for (let stepIndex = 0; stepIndex < plan.timesteps.length; stepIndex++) {
        context.signal.throwIfAborted();
        const previous = state;
        state = tensorHost.scope(() => step(inputs, params.guidanceScale, plan, stepIndex, previous));
        disposeLoopState(previous);
        context.progress(stepIndex + 1, plan.timesteps.length);
        const { sample } = state;
        const isLast = stepIndex === plan.timesteps.length - 1;
        await context.preview?.(async () => ({ kind: "image", ...(await latentPicture(sample)) }), isLast);
        // A turn of the event loop: for what is drawn, and for a cancel.
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    } catch (error) {
      disposeLoopState(state);
      throw error;
    }
    disposeSchedulerState(state.schedulerState);
    return { sample: state.sample, generator: state.generator };
  },
});

interface LoopState {
  readonly sample: tf.Tensor4D;
  readonly schedulerState: SchedulerState | undefined;
  readonly generator: TorchGenerator;
}

interface Networks {
  readonly unet: Model<unknown>;
  readonly positive: Conditioning | undefined;
  readonly negative: Conditioning | undefined;
}

function disposeLoopState({ sample, schedulerState }: LoopState): void {
  sample.dispose();
  disposeSchedulerState(schedulerState);
}

function step(
  { unet, positive, negative }: Networks,
  guidanceScale: number,
  plan: SamplingPlan,
  stepIndex: number,
  { sample, schedulerState, generator }: LoopState,
): LoopState {
  const input = plan.scaleModelInput(sample, stepIndex);
  const timestep = [plan.timesteps[stepIndex] ?? 0];
  const isTold = readsGuidanceScale(unet);
  const timestepCond = isTold ? embedGuidanceScale(unet, guidanceScale) : undefined;
  const predict = (prompt: Conditioning | undefined): tf.Tensor4D =>
    runNetwork(unet, { sample: input, timestep, encoderHiddenStates: prompt?.states, timestepCond });
  const conditional = predict(positive);
  const modelOutput =
    negative && guidanceScale !== 1 && !isTold
      ? applyGuidance(
          { kind: "classifier-free", guidanceScale },
          { conditional, unconditional: predict(negative) },
        )
      : conditional;
  const next = plan.step({ sample, modelOutput, stepIndex, state: schedulerState, generator });
  return { sample: next.prevSample, schedulerState: next.state, generator: next.generator ?? generator };
}
