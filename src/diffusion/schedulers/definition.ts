import type * as tf from "@tensorflow/tfjs";
import type { ConfigOf, OptionSpecs } from "./options.ts";
import type { SamplingOptions, SamplingPlan, Scheduler, Timesteps } from "./scheduler.ts";

/** What is the same for every scheduler and known before its own part is built. */
export type SchedulerIdentity = Pick<Scheduler, "className" | "config" | "givenConfig" | "ignoredOptions">;

/** One scheduler class: its options and the function that turns checked options into a scheduler. */
export interface SchedulerDefinition {
  readonly className: string;
  readonly title: string;
  /** One line, with the paper. */
  readonly doc: string;
  readonly options: OptionSpecs;
  /** Names of {@link SamplingOptions} that a run may set. */
  readonly samplingOptions: readonly (keyof SamplingOptions)[];
  readonly build: (identity: SchedulerIdentity) => Scheduler;
}

/** What a scheduler adds to its identity. */
export interface SchedulerParts {
  readonly numTrainTimesteps: number;
  readonly predictionType: Scheduler["predictionType"];
  readonly alphasCumprod: Float32Array | undefined;
  addNoise(original: tf.Tensor, noise: tf.Tensor, timesteps: Timesteps): tf.Tensor;
  getVelocity(sample: tf.Tensor, noise: tf.Tensor, timesteps: Timesteps): tf.Tensor;
  /** `scheduler` is the finished one, for the plan to name. */
  plan(scheduler: Scheduler, numInferenceSteps: number, options: SamplingOptions): SamplingPlan;
}

interface DefinitionSpec<O extends OptionSpecs> extends Omit<SchedulerDefinition, "build" | "options"> {
  readonly options: O;
  /** @throws When options that are valid by themselves exclude each other. */
  readonly parts: (config: ConfigOf<O>, className: string) => SchedulerParts;
}

/** Declares a scheduler class; the config's type comes from its options. */
export function defineScheduler<const O extends OptionSpecs>(spec: DefinitionSpec<O>): SchedulerDefinition {
  const { parts, ...described } = spec;
  return Object.freeze({
    ...described,
    build: (identity: SchedulerIdentity): Scheduler => {
      const { plan, ...own } = parts(identity.config as unknown as ConfigOf<O>, spec.className);
      const scheduler: Scheduler = Object.freeze({
        ...identity,
        ...own,
        setTimesteps: (numInferenceSteps: number, options: SamplingOptions = {}): SamplingPlan => {
          checkRun(spec.className, spec.samplingOptions, numInferenceSteps, options);
          return plan(scheduler, numInferenceSteps, options);
        },
      });
      return scheduler;
    },
  });
}

function checkRun(
  className: string,
  known: readonly (keyof SamplingOptions)[],
  numInferenceSteps: number,
  options: SamplingOptions,
): void {
  if (!Number.isInteger(numInferenceSteps) || numInferenceSteps < 1) {
    throw new Error(
      `${className}: numInferenceSteps is ${numInferenceSteps}; it must be a whole number of at least 1.`,
    );
  }
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined && !(known as readonly string[]).includes(name)) {
      const supported = known.length > 0 ? known.join(", ") : "none";
      throw new Error(`${className}: a run cannot set "${name}". What a run may set here: ${supported}.`);
    }
  }
  if (options.timesteps && options.sigmas && className !== "FlowMatchEulerDiscreteScheduler") {
    throw new Error(`${className}: a run may set "timesteps" or "sigmas", not both.`);
  }
}
