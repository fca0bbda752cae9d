/**
 * Checks a run's own timesteps.
 *
 * @throws When they are not as many as steps, not strictly descending, or outside of the training timesteps.
 */
export function checkCustomTimesteps(
  className: string,
  timesteps: readonly number[],
  numInferenceSteps: number,
  numTrainTimesteps: number,
  { whole }: { readonly whole: boolean },
): readonly number[] {
  const fail = (what: string): never => {
    throw new Error(`${className}: the run's own timesteps ${what}.`);
  };
  if (timesteps.length !== numInferenceSteps) {
    fail(`are ${timesteps.length}, but numInferenceSteps is ${numInferenceSteps}; they must agree`);
  }
  timesteps.forEach((t, i) => {
    const before = timesteps[i - 1];
    if (before !== undefined && t >= before)
      fail(`must descend; at position ${i} comes ${t} after ${before}`);
    if (!(t >= 0 && t < numTrainTimesteps)) fail(`must lie from 0 to ${numTrainTimesteps - 1}; one is ${t}`);
    if (whole && !Number.isInteger(t)) fail(`must be whole numbers; one is ${t}`);
  });
  return timesteps;
}

/** @throws When there are more steps than training timesteps. */
export function checkStepCount(
  className: string,
  numInferenceSteps: number,
  numTrainTimesteps: number,
): void {
  if (numInferenceSteps > numTrainTimesteps) {
    throw new Error(
      `${className}: numInferenceSteps is ${numInferenceSteps}, more than the ${numTrainTimesteps} timesteps of training.`,
    );
  }
}

/**
 * @throws When an offset leads past the last training timestep, which the noise schedule has no value for.
 */
export function checkTimestepRange(
  className: string,
  timesteps: readonly number[],
  numTrainTimesteps: number,
): readonly number[] {
  const wrong = timesteps.find((t) => t < 0 || t >= numTrainTimesteps);
  if (wrong !== undefined) {
    throw new Error(
      `${className}: with this number of steps, "timestep_spacing" and "steps_offset" lead to timestep ${wrong}, outside ` +
        `of 0…${numTrainTimesteps - 1}. Take fewer steps or another offset.`,
    );
  }
  return timesteps;
}
