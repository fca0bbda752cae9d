export { schedulerCatalogue, type CatalogueEntry, type CatalogueOption } from "./catalogue.ts";
export { createScheduler, exchangeScheduler } from "./create-scheduler.ts";
export { drawNoise } from "./noise.ts";
export { parseSchedulerConfig } from "./options.ts";
export type {
  PredictionType,
  SamplingOptions,
  SamplingPlan,
  Scheduler,
  SchedulerConfig,
  SchedulerOption,
  SchedulerState,
  StepArgs,
  StepResult,
  Timesteps,
} from "./scheduler.ts";
export { sliceForStrength } from "./slice.ts";
export { cloneSchedulerState, disposeSchedulerState, schedulerStateBytes } from "./state.ts";
export { trainingTarget } from "./training-target.ts";
