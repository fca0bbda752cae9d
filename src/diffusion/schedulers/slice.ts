import type { SamplingPlan } from "./scheduler.ts";

/**
 * The end of a run that image-to-image takes: `strength` 1 is the whole run, 0.3 its last 30 %. diffusers'
 * `get_timesteps`, with two entries per step for methods of order 2. The picture is then given the noise of
 * `addNoise(original, noise, 0)` of the returned plan.
 *
 * @param plan A whole plan.
 * @param strength Over 0, at most 1.
 * @throws When strength is out of range, or so small that no step is left.
 */
export function sliceForStrength(plan: SamplingPlan, strength: number): SamplingPlan {
  if (!(strength > 0 && strength <= 1)) {
    throw new RangeError(`strength is ${strength}; it must be over 0 and at most 1.`);
  }
  const total = plan.numInferenceSteps;
  const kept = Math.min(Math.trunc(total * strength), total);
  if (kept < 1) {
    throw new RangeError(
      `strength ${strength} of ${total} steps leaves none: raise strength to at least ${1 / total} or take more steps.`,
    );
  }
  return plan.startAt((total - kept) * plan.order);
}
