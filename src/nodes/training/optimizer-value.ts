import type { AdamConfig } from "../../diffusion/training/adam.ts";
import { learningRateFactor, type LearningRateSchedule } from "../../diffusion/training/learning-rate.ts";
import type { OptimizerState } from "../../diffusion/training/optimizer.ts";
import { choice, float, int } from "../../engine/node/params.ts";

/** What travels on an optimizer wire: the settings, and the moments so far. */
export interface Optimizer {
  readonly adam: AdamConfig;
  /** Before any schedule. */
  readonly learningRate: number;
  readonly schedule: LearningRateSchedule;
  readonly state: OptimizerState;
}

/** The parameters that the optimizer and the trainer node share. */
export const optimizerParams = {
  algorithm: choice(["AdamW", "Adam"], {
    default: "AdamW",
    doc: "Adam (Kingma and Ba 2015), or with decoupled weight decay (Loshchilov and Hutter 2019), as torch.optim computes them.",
  }),
  learningRate: float({
    default: 0.001,
    min: 0,
    max: 10,
    step: 0.0001,
    doc: "Size of a step, before any schedule.",
  }),
  schedule: choice(["constant", "linear", "cosine"], {
    default: "constant",
    doc: "How the learning rate falls after the warm-up.",
  }),
  warmupSteps: int({
    default: 0,
    min: 0,
    max: 1_000_000,
    unit: "steps",
    doc: "The learning rate rises from 0 over so many steps.",
  }),
  weightDecay: float({
    default: 0,
    min: 0,
    max: 1,
    step: 0.01,
    advanced: true,
    doc: "Pull of the weights towards 0; torch's AdamW has 0.01.",
  }),
  beta1: float({
    default: 0.9,
    min: 0,
    max: 0.9999,
    step: 0.01,
    advanced: true,
    doc: "Memory of the gradients' mean.",
  }),
  beta2: float({
    default: 0.999,
    min: 0,
    max: 0.99999,
    step: 0.001,
    advanced: true,
    doc: "Memory of the gradients' square.",
  }),
  epsilon: float({ default: 1e-8, min: 0, max: 1, advanced: true, doc: "Added to the denominator." }),
} as const;

export interface OptimizerParams {
  readonly algorithm: "AdamW" | "Adam";
  readonly learningRate: number;
  readonly schedule: "constant" | "linear" | "cosine";
  readonly warmupSteps: number;
  readonly weightDecay: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/** @param totalSteps Length of the run, which a falling schedule needs. */
export function optimizerSettings(params: OptimizerParams, totalSteps: number): Omit<Optimizer, "state"> {
  const { beta1, beta2, epsilon, weightDecay, warmupSteps: numWarmupSteps } = params;
  if (params.schedule !== "constant" && totalSteps <= numWarmupSteps) {
    throw new Error(
      `the ${params.schedule} schedule ends after ${String(totalSteps)} steps, and its warm-up takes ${String(numWarmupSteps)}: ` +
        "give it more steps, or a shorter warm-up.",
    );
  }
  const schedule: LearningRateSchedule =
    params.schedule === "constant"
      ? { kind: "constant_with_warmup", numWarmupSteps }
      : { kind: params.schedule, numWarmupSteps, numTrainingSteps: totalSteps };
  const kind = params.algorithm === "Adam" ? "adam" : "adamw";
  return { adam: { kind, beta1, beta2, epsilon, weightDecay }, learningRate: params.learningRate, schedule };
}

/** The learning rate of the step that comes next. */
export const currentLearningRate = ({ learningRate, schedule, state }: Optimizer): number =>
  learningRate * learningRateFactor(schedule, state.step);
