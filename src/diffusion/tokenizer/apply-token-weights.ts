import * as tf from "@tensorflow/tfjs";

/**
 * Text states with each token's attention weight applied.
 *
 * Without `emptyStates` a token's state is multiplied by its weight and the row is scaled back to its old mean, as the
 * long-prompt-weighting pipeline of diffusers does. With them (the states of the empty prompt, `[1 or rows, tokens, width]`)
 * a token's state moves that far from the empty prompt's: 0 is the empty prompt, 1 the token as it is, 2 twice the way.
 *
 * @param states `[rows, tokens, width]`, from the text encoder.
 * @param weights `[rows][tokens]`, from `encodePrompt`.
 * @returns a new tensor of the same shape.
 * @throws when there are not as many weights as tokens.
 */
export function applyTokenWeights(
  states: tf.Tensor3D,
  weights: readonly (readonly number[])[],
  emptyStates?: tf.Tensor3D,
): tf.Tensor3D {
  const [rows, tokens] = states.shape;
  if (weights.length !== rows || weights.some((row) => row.length !== tokens)) {
    throw new Error(
      `applyTokenWeights: weights for ${weights.map((row) => row.length).join(", ")} tokens, but the text states are [${states.shape.join(", ")}].`,
    );
  }
  if (weights.flat().every((weight) => weight === 1)) return tf.clone(states);
  return tf.tidy((): tf.Tensor3D => {
    const factors = tf.tensor3d(weights.flat(), [rows, tokens, 1]);
    if (emptyStates) return tf.add(emptyStates, tf.mul(tf.sub(states, emptyStates), factors));
    const weighted: tf.Tensor3D = tf.mul(states, factors);
    return tf.mul(weighted, tf.div(tf.mean(states, [1, 2], true), tf.mean(weighted, [1, 2], true)));
  });
}

/** The rows of one prompt, `[chunks, tokens, width]`, one after the other: `[1, chunks·tokens, width]`. A new tensor. */
export function joinChunks(states: tf.Tensor3D): tf.Tensor3D {
  const [chunks, tokens, width] = states.shape;
  return tf.reshape(states, [1, chunks * tokens, width]);
}
