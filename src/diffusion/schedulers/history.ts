import type * as tf from "@tensorflow/tfjs";
import type { SchedulerState } from "./scheduler.ts";

/** Tensors `name0`, `name1`, … of a state, newest first. */
export function historyOf(state: SchedulerState | undefined, name: string): tf.Tensor4D[] {
  const found: tf.Tensor4D[] = [];
  for (let i = 0; ; i += 1) {
    const tensor = state?.tensors[`${name}${i}`];
    if (!tensor) return found;
    found.push(tensor);
  }
}

/** The newest `length` of `tensors` as `name0`, `name1`, … */
export const remember = (
  name: string,
  tensors: readonly tf.Tensor4D[],
  length: number,
): Record<string, tf.Tensor4D> =>
  Object.fromEntries(tensors.slice(0, length).map((tensor, i) => [`${name}${i}`, tensor]));
