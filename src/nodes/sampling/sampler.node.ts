import type * as tf from "@tensorflow/tfjs";
import { mul } from "@tensorflow/tfjs";
import {
  disposeSchedulerState,
  sliceForStrength,
  type SamplingPlan,
  type SchedulerState,
} from "../../diffusion/schedulers/index.ts";
import {
  defineNode,
  optionalPort,
  port,
  type InputValues,
  type ParamValues,
} from "../../engine/node/define-node.ts";
import { choice, float, int } from "../../engine/node/params.ts";
import { TorchGenerator } from "../../tensor/torch-generator.ts";
import { requireSameShape } from "../checks.ts";
import { tensorHost } from "../host.ts";
import { latentPicture } from "../live/pictures.ts";
import { controlnetWorkingBytes } from "../memory/controlnet-estimate.ts";
import { unetWorkingBytes } from "../memory/estimates.ts";
import { precisionOf } from "../memory/precision.ts";
import {
  conditioningType,
  controlnetType,
  generatorType,
  imageType,
  latentType,
  noiseSchedulerType,
  schedulerStateType,
  timestepType,
  unetType,
} from "../socket-types.ts";
import { denoiseStep, type Denoising, type LoopState } from "./denoise.ts";

const inputs = {
  unet: port(unetType, "The network."),
  noiseScheduler: port(noiseSchedulerType, "The schedule and its stepping rule."),
  noise: optionalPort(
    latentType,
    "Noise of standard deviation 1. Without it original is taken as it is: to invert a picture, or to go on from another Sampler.",
  ),
  generator: optionalPort(generatorType, "Random state, for schedulers that draw noise."),
  positive: optionalPort(conditioningType, "The prompt, for networks that follow one."),
  negative: optionalPort(conditioningType, "The negative prompt; without it there is no guidance."),
  original: optionalPort(
    latentType,
    "The latent to start from, for image-to-image; with a mask, what stays around it.",
  ),
  mask: optionalPort(imageType, "For inpainting: 1 where the picture is painted anew."),
  maskedLatent: optionalPort(
    latentType,
    "For inpainting models (nine channels): the latent of the picture with the masked part cut out.",
  ),
  depth: optionalPort(imageType, "For depth-to-image models (five channels): brighter is nearer."),
  controlnet: optionalPort(controlnetType, "A ControlNet, which makes the U-Net follow controlImage."),
  controlImage: optionalPort(imageType, "The edges, pose or depth that the ControlNet reads."),
  state: optionalPort(schedulerStateType, "To go on from another Sampler: what its scheduler remembers."),
};

const params = {
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
    doc: "Where original and noise are wired: the part of the timesteps that is run. Inpainting at 1 starts from noise alone.",
  }),
  guidanceMethod: choice(["classifier-free", "rescaled", "none"], {
    default: "classifier-free",
    advanced: true,
    doc: "How the predictions with the prompt and with the negative prompt become one.",
  }),
  guidanceRescale: float({
    default: 0.7,
    min: 0,
    max: 1,
    step: 0.05,
    advanced: true,
    doc: "Rescaled guidance: part of the rescaled prediction in the mix.",
  }),
  conditioningScale: float({
    default: 1,
    min: 0,
    max: 2,
    step: 0.05,
    advanced: true,
    doc: "How strongly the ControlNet counts.",
  }),
  eta: float({
    default: 0,
    min: 0,
    max: 1,
    step: 0.1,
    advanced: true,
    doc: "DDIM only: 0 is deterministic, 1 as noisy as DDPM (Song et al. 2021, eq. 16).",
  }),
  firstStep: int({
    default: 0,
    min: 0,
    max: 2000,
    advanced: true,
    doc: "Skip the steps before this one, counted as the open loop's stepIndex: where another Sampler stopped.",
  }),
  lastStep: int({
    default: 2000,
    min: 0,
    max: 2000,
    advanced: true,
    doc: "Stop before this step. PNDM takes one step more than numInferenceSteps, Heun nearly twice as many.",
  }),
};

type Inputs = InputValues<typeof inputs>;
type Params = ParamValues<typeof params>;

export default defineNode({
  type: "sampling/sampler",
  version: 2,
  title: "Sampler",
  doc: "The whole denoising loop in one node, for text-to-image, image-to-image, inpainting, depth and ControlNet. The same numbers as the open loop gives.",
  keywords: ["ksampler", "denoise", "txt2img", "img2img", "inpaint", "compact", "advanced"],
  inputs,
  params,
  outputs: {
    sample: port(latentType, "The result."),
    generator: port(generatorType, "The random state after the run."),
    timestep: port(timestepType, "t of the step that would come next; 0 after the last."),
    state: port(schedulerStateType, "What the scheduler remembers, to go on from here."),
  },
  loops: true,
  workingBytes: ({ inputs: { unet, controlnet, noise, original } }) => {
    const shape = (noise ?? original)?.shape ?? [];
    // One after the other.
    return Math.max(
      unetWorkingBytes(unet, shape, precisionOf(unet)),
      controlnet ? controlnetWorkingBytes(controlnet, shape) : 0,
    );
  },
  runAsync: async ({ inputs, params, context }) => {
    const run = denoisingOf(inputs, params);
    const { plan } = run;
    const { begin, end: planned } = stepsOf(plan, inputs, params);
    let end = planned;
    let loop = startOf(plan, begin, inputs, params);
    try {
      for (let stepIndex = begin; stepIndex < end; stepIndex++) {
        const answer = await context.pass?.(stepIndex);
        context.signal.throwIfAborted();
        if (answer === "finish") {
          end = stepIndex;
          break;
        }
        const previous = loop;
        loop = tensorHost.scope(() => denoiseStep(run, stepIndex, previous));
        disposeLoopState(previous);
        context.progress(stepIndex - begin + 1, end - begin);
        const { sample } = loop;
        await context.preview?.(
          async () => ({ kind: "image", ...(await latentPicture(sample)) }),
          stepIndex === end - 1,
        );
        // A turn of the event loop: for what is drawn, and for a cancel.
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    } catch (error) {
      disposeLoopState(loop);
      throw error;
    }
    return {
      sample: loop.sample,
      generator: loop.generator ?? TorchGenerator.fromSeed(0),
      timestep: [plan.timesteps[end] ?? 0],
      state: loop.schedulerState ?? { className: plan.scheduler.className, tensors: {}, counters: {} },
    };
  },
});

/** @throws Error that names the port that is wired without the one that it needs. */
function denoisingOf(given: Inputs, settings: Params): Denoising {
  const { mask, maskedLatent, original, noise, controlnet, controlImage } = given;
  const { guidanceScale, guidanceRescale, guidanceMethod: kind, conditioningScale, eta } = settings;
  if (maskedLatent && !mask)
    throw new Error("maskedLatent is wired, and mask is not: wire the mask that was cut out.");
  if (mask && !maskedLatent && !(original && noise))
    throw new Error(
      "mask is wired: an ordinary model also needs original and noise, an inpainting model maskedLatent.",
    );
  if (controlnet && !controlImage)
    throw new Error("controlnet is wired, and controlImage is not: wire the picture to follow.");
  if (controlImage && !controlnet)
    throw new Error("controlImage is wired, and controlnet is not: wire a Load ControlNet.");
  const plan = given.noiseScheduler.setTimesteps(settings.numInferenceSteps, eta === 0 ? {} : { eta });
  if (plan.needsGenerator && !given.generator)
    throw new Error(
      `generator is not wired, and ${plan.scheduler.className} draws noise at each step: wire a Seed into it.`,
    );
  return {
    ...given,
    plan,
    guidance: { kind, guidanceScale, guidanceRescale },
    guidanceScale,
    masked: mask && maskedLatent && { mask, maskedLatent },
    kept: mask && !maskedLatent && original && noise ? { mask, original, noise } : undefined,
    control: controlnet && controlImage && { controlnet, image: controlImage, conditioningScale },
  };
}

/** Which of the plan's timesteps are run: from begin, up to but without end. */
function stepsOf(
  plan: SamplingPlan,
  { original, noise }: Inputs,
  { strength, firstStep, lastStep }: Params,
): { begin: number; end: number } {
  const total = plan.timesteps.length;
  const begin = Math.max(original && noise ? sliceForStrength(plan, strength).beginIndex : 0, firstStep);
  const end = Math.min(lastStep, total);
  if (begin > end || begin >= total)
    throw new Error(
      `no step is left: it would begin at step ${String(begin)} and stop before ${String(end)}, of ${String(total)} steps.`,
    );
  return { begin, end };
}

function startOf(
  plan: SamplingPlan,
  begin: number,
  { original, noise, mask, generator, state }: Inputs,
  { strength }: Params,
): LoopState {
  if (!noise && !original)
    throw new Error("neither noise nor original is wired: wire Latent noise into noise.");
  if (original && noise) requireSameShape({ original, noise });
  const sample = tensorHost.scope((): tf.Tensor4D => {
    if (!noise) return (original as tf.Tensor4D).clone();
    // diffusers' inpainting starts from noise alone at strength 1, its image-to-image never does.
    if (!original || (mask && strength === 1)) return mul(noise, plan.initNoiseSigma);
    return plan.addNoise(original, noise, begin) as tf.Tensor4D;
  });
  return { sample, schedulerState: copyOf(state), generator };
}

/** A history of its own, so that what came in on a wire stays; undefined where there is none yet. */
function copyOf(state: SchedulerState | undefined): SchedulerState | undefined {
  if (!state || Object.keys(state.tensors).length + Object.keys(state.counters).length === 0)
    return undefined;
  const tensors = Object.entries(state.tensors).map(([name, tensor]) => [name, tensor.clone()] as const);
  return { ...state, tensors: Object.fromEntries(tensors) };
}

function disposeLoopState({ sample, schedulerState }: LoopState): void {
  sample.dispose();
  disposeSchedulerState(schedulerState);
}
