import * as tf from "@tensorflow/tfjs";
import type { TorchGenerator } from "../../tensor/torch-generator.ts";
import { drawNoise } from "./noise.ts";
import type { SamplingPlan, Scheduler, SchedulerState, StepArgs, StepResult } from "./scheduler.ts";

/** What a scheduler's rule is given for one step. Indices count from the start of the whole schedule. */
export interface StepContext {
  readonly modelOutput: tf.Tensor4D;
  readonly sample: tf.Tensor4D;
  /** Position in the whole schedule. */
  readonly index: number;
  readonly state: SchedulerState | undefined;
  /** Noise of the given shape, drawn or as the caller supplied it. At most once per step. */
  readonly noise: () => tf.Tensor4D;
}

export interface StepOutcome {
  readonly prevSample: tf.Tensor4D;
  readonly predOriginalSample: tf.Tensor4D;
  /** History for the next step. Tensors may be those of the arguments; they are cloned. */
  readonly history?: Pick<SchedulerState, "tensors" | "counters">;
}

/** The whole schedule and the rules of one method. */
export interface PlanSpec {
  readonly scheduler: Scheduler;
  readonly numInferenceSteps: number;
  readonly timesteps: readonly number[];
  readonly sigmas?: readonly number[];
  readonly initNoiseSigma: number;
  readonly order?: number;
  readonly needsGenerator?: boolean;
  /** Whether the model may return a predicted variance in a second half of channels. */
  readonly allowsVariance?: boolean;
  readonly scale?: (sample: tf.Tensor4D, index: number) => tf.Tensor4D;
  readonly addNoise: (original: tf.Tensor, noise: tf.Tensor, index: number) => tf.Tensor;
  readonly step: (context: StepContext) => StepOutcome;
}

/** Makes a plan: checks every call, keeps the books over tensors, the history and the generator. */
export function makePlan(spec: PlanSpec, beginIndex = 0): SamplingPlan {
  const { scheduler } = spec;
  const timesteps = Object.freeze(spec.timesteps.slice(beginIndex));
  const position = (what: string, stepIndex: number, last: number): number => {
    if (!Number.isInteger(stepIndex) || stepIndex < 0 || stepIndex > last) {
      throw new RangeError(
        `${scheduler.className} ${what}: stepIndex is ${stepIndex}, outside of 0…${last}.`,
      );
    }
    return beginIndex + stepIndex;
  };
  return Object.freeze({
    scheduler,
    numInferenceSteps: spec.numInferenceSteps,
    timesteps,
    ...(spec.sigmas && { sigmas: Object.freeze(spec.sigmas.slice(beginIndex)) }),
    initNoiseSigma: spec.initNoiseSigma,
    order: spec.order ?? 1,
    beginIndex,
    needsGenerator: spec.needsGenerator ?? false,
    scaleModelInput: (sample: tf.Tensor4D, stepIndex: number): tf.Tensor4D => {
      const index = position("scaleModelInput", stepIndex, timesteps.length - 1);
      return spec.scale ? tf.tidy(() => spec.scale?.(sample, index) ?? sample.clone()) : sample.clone();
    },
    addNoise: (original: tf.Tensor, noise: tf.Tensor, stepIndex: number): tf.Tensor => {
      const index = position("addNoise", stepIndex, timesteps.length);
      return tf.tidy(() => spec.addNoise(original, noise, index));
    },
    step: (args: StepArgs): StepResult => {
      const index = position("step", args.stepIndex, timesteps.length - 1);
      return runStep(spec, args, index);
    },
    startAt: (offset: number): SamplingPlan =>
      makePlan(spec, position("startAt", offset, timesteps.length - 1)),
  });
}

function runStep(spec: PlanSpec, args: StepArgs, index: number): StepResult {
  const { className } = spec.scheduler;
  const { modelOutput, sample, state, varianceNoise } = args;
  const where = `${className} step ${args.stepIndex}`;
  checkShapes(where, args, spec.allowsVariance ?? false);
  if (state && state.className !== className) {
    throw new Error(
      `${where}: the state comes from ${state.className}; give it the state of its own last step.`,
    );
  }
  let advanced = args.generator;
  const noise = (): tf.Tensor4D => {
    if (varianceNoise) return varianceNoise;
    if (!args.generator) {
      throw new Error(
        `${where} draws noise: give it a generator (TorchGenerator.fromSeed) or varianceNoise.`,
      );
    }
    const drawn: { noise: tf.Tensor4D; generator: TorchGenerator } = drawNoise(args.generator, sample.shape);
    advanced = drawn.generator;
    return drawn.noise;
  };
  let counters: SchedulerState["counters"] | undefined;
  const outputs = tf.tidy(() => {
    const outcome = spec.step({ modelOutput, sample, index, state, noise });
    counters = outcome.history?.counters;
    // A result that is one of the arguments, or that appears twice, gets a handle of its own: each has its own owner.
    const taken = new Set<tf.Tensor>([modelOutput, sample, ...Object.values(state?.tensors ?? {})]);
    if (varianceNoise) taken.add(varianceNoise);
    const own = (tensor: tf.Tensor4D): tf.Tensor4D => {
      if (taken.has(tensor)) return tensor.clone();
      taken.add(tensor);
      return tensor;
    };
    const tensors = Object.entries(outcome.history?.tensors ?? {}).map(
      ([name, tensor]) => [name, own(tensor)] as const,
    );
    return {
      prevSample: own(outcome.prevSample),
      predOriginalSample: own(outcome.predOriginalSample),
      tensors: Object.fromEntries(tensors),
    };
  });
  const { prevSample, predOriginalSample, tensors } = outputs;
  return {
    prevSample,
    predOriginalSample,
    state:
      counters &&
      Object.freeze({ className, tensors: Object.freeze(tensors), counters: Object.freeze(counters) }),
    generator: advanced,
  };
}

function checkShapes(where: string, args: StepArgs, allowsVariance: boolean): void {
  const { modelOutput, sample, varianceNoise } = args;
  const show = (tensor: tf.Tensor): string => `[${tensor.shape.join(",")}]`;
  const channels = sample.shape[3];
  const doubled = [...sample.shape.slice(0, 3), channels * 2];
  const fits = (shape: readonly number[]): boolean =>
    shape.length === modelOutput.shape.length && shape.every((size, i) => size === modelOutput.shape[i]);
  if (!fits(sample.shape) && !(allowsVariance && fits(doubled))) {
    const also = allowsVariance ? ` or [${doubled.join(",")}] with a variance` : "";
    throw new Error(
      `${where}: modelOutput is ${show(modelOutput)}; it must be ${show(sample)} as the sample${also}.`,
    );
  }
  if (varianceNoise && show(varianceNoise) !== show(sample)) {
    throw new Error(`${where}: varianceNoise is ${show(varianceNoise)}, the sample is ${show(sample)}.`);
  }
}
