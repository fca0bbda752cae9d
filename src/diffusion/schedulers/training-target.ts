import type * as tf from "@tensorflow/tfjs";
import type { Scheduler, Timesteps } from "./scheduler.ts";

/**
 * What a model in training is compared with, by the scheduler's `prediction_type`: the noise, the clean sample, or the
 * velocity (of diffusion or of flow).
 *
 * @returns A new tensor of the shape of `original`.
 */
export function trainingTarget(
  scheduler: Scheduler,
  original: tf.Tensor,
  noise: tf.Tensor,
  timesteps: Timesteps,
): tf.Tensor {
  switch (scheduler.predictionType) {
    case "epsilon":
      return noise.clone();
    case "sample":
      return original.clone();
    case "v_prediction":
    case "flow_prediction":
      return scheduler.getVelocity(original, noise, timesteps);
  }
}
