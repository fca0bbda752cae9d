import * as tf from "@tensorflow/tfjs";

/** Two predictions of one model for the same sample, without and with the prompt. Each `[batch, height, width, channels]`. */
export interface GuidanceInputs<T extends tf.Tensor = tf.Tensor4D> {
  readonly unconditional: T;
  readonly conditional: T;
}

/** How the two predictions become one. */
export type GuidanceMethod =
  /** The conditional prediction as it is. */
  | { readonly kind: "none" }
  | { readonly kind: "classifier-free"; readonly guidanceScale: number }
  | { readonly kind: "rescaled"; readonly guidanceScale: number; readonly guidanceRescale: number };

/** Combines the two predictions by the given method. A new tensor. */
export function applyGuidance<T extends tf.Tensor>(method: GuidanceMethod, inputs: GuidanceInputs<T>): T {
  switch (method.kind) {
    case "none":
      return inputs.conditional.clone() as T;
    case "classifier-free":
      return classifierFreeGuidance(inputs, method.guidanceScale);
    case "rescaled":
      return rescaledGuidance(inputs, method.guidanceScale, method.guidanceRescale);
  }
}

/**
 * Classifier-free guidance: unconditional + scale · (conditional − unconditional) (Ho and Salimans 2021, eq. 6, with
 * scale = 1 + w).
 *
 * @param guidanceScale 1 leaves the conditional prediction; 7.5 is usual for Stable Diffusion.
 * @throws When the predictions differ in shape.
 */
export function classifierFreeGuidance<T extends tf.Tensor>(
  inputs: GuidanceInputs<T>,
  guidanceScale: number,
): T {
  checkInputs(inputs);
  const { unconditional, conditional } = inputs;
  return tf.tidy(() => tf.add(unconditional, tf.mul(tf.sub(conditional, unconditional), guidanceScale)));
}

/**
 * Classifier-free guidance whose standard deviation is brought back to that of the conditional prediction, so that large
 * scales do not overexpose (Lin et al. 2023, §3.4, eq. 14 to 16).
 *
 * @param guidanceRescale Part of the rescaled prediction in the mix, 0 (none) to 1; the paper takes 0.7.
 * @throws When the predictions differ in shape, or guidanceRescale is out of range.
 */
export function rescaledGuidance<T extends tf.Tensor>(
  inputs: GuidanceInputs<T>,
  guidanceScale: number,
  guidanceRescale: number,
): T {
  if (!(guidanceRescale >= 0 && guidanceRescale <= 1)) {
    throw new RangeError(`guidanceRescale is ${guidanceRescale}; it must be from 0 to 1.`);
  }
  return tf.tidy(() => {
    const guided = classifierFreeGuidance(inputs, guidanceScale);
    const ratio = tf.div(deviation(inputs.conditional), deviation(guided));
    const rescaled = tf.mul(guided, ratio);
    return tf.add(tf.mul(rescaled, guidanceRescale), tf.mul(guided, 1 - guidanceRescale)) as T;
  });
}

/**
 * The halves of a batch that a model was given at once: first the samples without the prompt, then those with it, as
 * diffusers' pipelines lay them out.
 *
 * @throws When the batch is odd.
 */
export function splitGuidance<T extends tf.Tensor>(batched: T): GuidanceInputs<T> {
  const batch = batched.shape[0] ?? 0;
  if (batch < 2 || batch % 2 !== 0) {
    throw new Error(
      `A guided batch holds each sample twice, without and with the prompt; its size is ${batch}, not even.`,
    );
  }
  const [unconditional, conditional] = tf.split(batched, 2, 0);
  return { unconditional: unconditional as T, conditional: conditional as T };
}

/** Standard deviation of each sample but for its divisor, which cancels in a ratio of two: `[batch, 1, …]`. */
function deviation(x: tf.Tensor): tf.Tensor {
  const axes = x.shape.slice(1).map((_, axis) => axis + 1);
  const centred = tf.sub(x, tf.mean(x, axes, true));
  return tf.sqrt(tf.sum(tf.square(centred), axes, true));
}

function checkInputs({ unconditional, conditional }: GuidanceInputs<tf.Tensor>): void {
  const [left, right] = [unconditional, conditional].map((tensor) => `[${tensor.shape.join(",")}]`);
  if (left !== right) {
    throw new Error(
      `The unconditional prediction is ${left ?? ""}, the conditional one ${right ?? ""}; they must have one shape.`,
    );
  }
}
