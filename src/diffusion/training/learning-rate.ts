/** Learning rates over the steps of a run, under diffusers' names (`diffusers.optimization.get_scheduler`). */
export type LearningRateSchedule =
  | { readonly kind: "constant" }
  | { readonly kind: "constant_with_warmup"; readonly numWarmupSteps: number }
  | { readonly kind: "linear"; readonly numWarmupSteps: number; readonly numTrainingSteps: number }
  | {
      readonly kind: "cosine";
      readonly numWarmupSteps: number;
      readonly numTrainingSteps: number;
      /** Periods of the cosine. Default 0.5: once from the full rate to 0. */
      readonly numCycles?: number;
    };

/**
 * Factor on the learning rate for the step with index `stepIndex` (0 is the first). Warm-up rises in a line from 0, so the
 * first step of a schedule with warm-up changes nothing, as in diffusers.
 */
export function learningRateFactor(schedule: LearningRateSchedule, stepIndex: number): number {
  if (schedule.kind === "constant") return 1;
  const { numWarmupSteps } = schedule;
  if (stepIndex < numWarmupSteps) return stepIndex / Math.max(1, numWarmupSteps);
  if (schedule.kind === "constant_with_warmup") return 1;
  const { numTrainingSteps } = schedule;
  const remaining = Math.max(1, numTrainingSteps - numWarmupSteps);
  switch (schedule.kind) {
    case "linear":
      return Math.max(0, (numTrainingSteps - stepIndex) / remaining);
    case "cosine": {
      const progress = (stepIndex - numWarmupSteps) / remaining;
      return Math.max(0, 0.5 * (1 + Math.cos(Math.PI * (schedule.numCycles ?? 0.5) * 2 * progress)));
    }
  }
}
