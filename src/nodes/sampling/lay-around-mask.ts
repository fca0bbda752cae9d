import * as tf from "@tensorflow/tfjs";
import type { SamplingPlan } from "../../diffusion/schedulers/index.ts";
import { requireSameShape } from "../checks.ts";
import { shrinkMask } from "../image/shrink-mask.ts";

export interface KeptPart {
  /** The latent of the picture, of the sample's shape. */
  readonly original: tf.Tensor4D;
  /** The noise that the run started from. */
  readonly noise: tf.Tensor4D;
  /** `[1 | batch, height, width, 1]` of the picture, 1 where it is painted anew. */
  readonly mask: tf.Tensor4D;
}

/**
 * Lays what the mask keeps back over a sample, with the noise of the next step (Lugmayr et al. 2022), after the last step
 * without any.
 *
 * @param sample x_{t-1}, after step `stepIndex` of the plan.
 */
export function layAroundMask(
  sample: tf.Tensor4D,
  { original, noise, mask }: KeptPart,
  plan: SamplingPlan,
  stepIndex: number,
): tf.Tensor4D {
  requireSameShape({ sample, original, noise });
  const isLast = stepIndex === plan.timesteps.length - 1;
  const kept = isLast ? original : plan.addNoise(original, noise, stepIndex + 1);
  const paint = shrinkMask(mask, sample);
  return tf.add(tf.mul(kept, tf.sub(1, paint)), tf.mul(sample, paint));
}
