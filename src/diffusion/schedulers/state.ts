import type { SchedulerState } from "./scheduler.ts";

/** Frees the history of a multi-step method. */
export function disposeSchedulerState(state: SchedulerState | undefined): void {
  for (const tensor of Object.values(state?.tensors ?? {})) tensor.dispose();
}

/** A second owner of the same history; the buffers are shared. */
export function cloneSchedulerState(state: SchedulerState): SchedulerState {
  const tensors = Object.fromEntries(
    Object.entries(state.tensors).map(([name, tensor]) => [name, tensor.clone()]),
  );
  return Object.freeze({ ...state, tensors: Object.freeze(tensors) });
}

/** Bytes that the history's tensors hold. */
export const schedulerStateBytes = (state: SchedulerState | undefined): number =>
  Object.values(state?.tensors ?? {}).reduce((sum, tensor) => sum + tensor.size * 4, 0);
