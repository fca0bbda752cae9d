import type * as tf from "@tensorflow/tfjs";
import type { TorchGenerator } from "../../tensor/torch-generator.ts";

/** What the model was trained to return. */
export type PredictionType = "epsilon" | "v_prediction" | "sample" | "flow_prediction";

/** A value of `scheduler_config.json`. */
export type SchedulerOption = number | string | boolean | null | readonly number[];

/** Options under the names of diffusers' `scheduler_config.json`, for example `beta_start`. */
export type SchedulerConfig = Readonly<Record<string, SchedulerOption>>;

/** One training timestep for the whole batch, or one per sample. */
export type Timesteps = number | ArrayLike<number>;

/**
 * How a trained model is sampled: its noise schedule and the rule for one step.
 *
 * A scheduler holds no tensors and never changes. {@link setTimesteps} returns a plan for one sampling run; two plans
 * of one scheduler do not know each other. Pictures and latents are `[batch, height, width, channels]`.
 */
export interface Scheduler {
  /** diffusers' `_class_name`, for example `DDIMScheduler`. */
  readonly className: string;
  /** Every option of the class, defaults filled in. */
  readonly config: SchedulerConfig;
  /** Only the options that were given: what another class takes over when a scheduler is exchanged. */
  readonly givenConfig: SchedulerConfig;
  /** Given options that belong to other schedulers and mean nothing here, as diffusers ignores them. */
  readonly ignoredOptions: readonly string[];
  readonly numTrainTimesteps: number;
  readonly predictionType: PredictionType;
  /** ᾱ_t by training timestep; undefined for flow matching, which has none. */
  readonly alphasCumprod: Float32Array | undefined;

  /**
   * Chooses the timesteps (and sigmas) of one sampling run.
   *
   * @param numInferenceSteps Whole number of steps, at least 1.
   * @throws When a value or option is not supported by this scheduler; the message names it.
   */
  setTimesteps(numInferenceSteps: number, options?: SamplingOptions): SamplingPlan;

  /**
   * The forward process q(x_t | x_0) at training timesteps.
   *
   * @param original x_0, `[batch, …]`.
   * @param noise Same shape as `original`.
   * @param timesteps One for all, or one per sample.
   * @returns x_t as this scheduler's samples are scaled: variance preserving (Ho et al. 2020, eq. 4) or, for the
   *   sigma schedulers (Euler, Euler ancestral, Heun, LMS), x_0 + σ·noise.
   */
  addNoise(original: tf.Tensor, noise: tf.Tensor, timesteps: Timesteps): tf.Tensor;

  /**
   * The training target of `v_prediction`: √ᾱ_t·noise − √(1−ᾱ_t)·sample (Salimans and Ho 2022, appendix D); for flow
   * matching noise − sample.
   */
  getVelocity(sample: tf.Tensor, noise: tf.Tensor, timesteps: Timesteps): tf.Tensor;
}

/** What may be chosen per run, beside the number of steps. Each scheduler refuses those that it does not know. */
export interface SamplingOptions {
  /** Own training timesteps, descending, in place of the spacing; as many as `numInferenceSteps`. */
  readonly timesteps?: readonly number[];
  /** Own sigmas. Euler: `numInferenceSteps + 1` of them, the last one usually 0; flow matching: `numInferenceSteps`. */
  readonly sigmas?: readonly number[];
  /** DDIM: 0 is deterministic, 1 is as noisy as DDPM (Song et al. 2021, eq. 16). Default 0. */
  readonly eta?: number;
  /** DDIM: derive the direction from the clipped x_0. Default false. */
  readonly useClippedModelOutput?: boolean;
  /** Euler: extra noise per run (Karras et al. 2022, algorithm 2). Default 0. */
  readonly sChurn?: number;
  /** Euler: lowest sigma with extra noise. Default 0. */
  readonly sTmin?: number;
  /** Euler: highest sigma with extra noise. Default infinity. */
  readonly sTmax?: number;
  /** Euler: scale of the extra noise. Default 1. */
  readonly sNoise?: number;
  /** LMS: number of derivatives combined, 1 to 4. Default 4. */
  readonly lmsOrder?: number;
  /** LCM: length of the schedule of the distillation. Default the config's `original_inference_steps`. */
  readonly originalInferenceSteps?: number;
  /** LCM: part of the distillation's schedule that is used, 0 to 1, as its own image-to-image does. Default 1. */
  readonly strength?: number;
  /** Flow schedules with `use_dynamic_shifting`: the shift for this picture size. */
  readonly mu?: number;
}

/** The schedule of one sampling run and the function that takes one step of it. Plain data but for its functions. */
export interface SamplingPlan {
  readonly scheduler: Scheduler;
  /** What the run was asked for; `timesteps` may be longer (PNDM, Heun) or, after slicing, shorter. */
  readonly numInferenceSteps: number;
  /** What the model is given at each step: training timesteps, whole numbers or, for some schedules, between them. */
  readonly timesteps: readonly number[];
  /** Noise levels of the sigma schedulers: one per step and a last one. */
  readonly sigmas?: readonly number[];
  /** Standard deviation that the first noise is multiplied by. */
  readonly initNoiseSigma: number;
  /** Model calls per step of the method, 2 for Heun. */
  readonly order: number;
  /** Position of `timesteps[0]` in the whole schedule; over 0 after {@link sliceForStrength}. */
  readonly beginIndex: number;
  /** True when {@link step} draws noise and so needs a generator. */
  readonly needsGenerator: boolean;

  /** What the model is given in place of x_t. A new tensor, also where nothing is scaled. */
  scaleModelInput(sample: tf.Tensor4D, stepIndex: number): tf.Tensor4D;

  /**
   * x_0 with the noise of step `stepIndex`: how image-to-image starts, and what inpainting lays around the mask. `stepIndex`
   * may be `timesteps.length`, the end of the run, where a sigma scheduler's noise is its last sigma.
   */
  addNoise(original: tf.Tensor, noise: tf.Tensor, stepIndex: number): tf.Tensor;

  /** One step of the run. Neither the arguments nor the plan are changed; all that is returned is new. */
  step(args: StepArgs): StepResult;

  /** The same run begun at position `index` of `timesteps`, with `stepIndex` counted from there. */
  startAt(index: number): SamplingPlan;
}

export interface StepArgs {
  /** What the model returned for step `stepIndex`; twice the channels where it also predicts the variance. */
  readonly modelOutput: tf.Tensor4D;
  /** x_t, unscaled. */
  readonly sample: tf.Tensor4D;
  /** Loop counter from 0: an index into the plan's `timesteps`. */
  readonly stepIndex: number;
  /** What the previous step returned; absent at the first. */
  readonly state?: SchedulerState | undefined;
  /** Source of noise; it is cloned, not advanced. */
  readonly generator?: TorchGenerator | undefined;
  /** Noise to use instead of drawing, of the sample's shape. */
  readonly varianceNoise?: tf.Tensor4D | undefined;
}

export interface StepResult {
  /** x_{t-1}. */
  readonly prevSample: tf.Tensor4D;
  /** The current guess of x_0, for previews. */
  readonly predOriginalSample: tf.Tensor4D;
  /** For the next step; undefined when the method keeps no history. */
  readonly state: SchedulerState | undefined;
  /** The given generator, advanced by what was drawn. */
  readonly generator: TorchGenerator | undefined;
}

/** History of a multi-step method. It owns its tensors: free it with {@link disposeSchedulerState}. */
export interface SchedulerState {
  /** The scheduler that made it; another one refuses it. */
  readonly className: string;
  readonly tensors: Readonly<Record<string, tf.Tensor4D>>;
  readonly counters: Readonly<Record<string, number>>;
}
