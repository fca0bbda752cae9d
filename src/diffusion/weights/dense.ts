import * as tf from "@tensorflow/tfjs";
import { denseWeight } from "../../tensor/stored/expand.ts";
import { isStored, type Weight } from "../../tensor/stored/stored-tensor.ts";
import type { DenseWeights, Weights } from "./parameters.ts";

/**
 * All weights as float32 tensors, for training and arithmetic. A second owner: what is stored in half precision is widened, the rest
 * is shared. The originals stay.
 */
export function expandWeights(weights: Weights): DenseWeights {
  return Object.fromEntries(
    Object.entries(weights).map(([name, weight]) => [
      name,
      isStored(weight) ? denseWeight(weight) : tf.clone(weight),
    ]),
  );
}

/** The same within the open scope, which frees what was widened; the rest are the very tensors that were given. */
export const widenWeights = (weights: Weights): DenseWeights =>
  Object.fromEntries(Object.entries(weights).map(([name, weight]) => [name, denseWeight(weight)]));

/** The weights of two records by their names, for `withStands`. */
export const pairWeights = (weights: Weights, dense: DenseWeights): (readonly [Weight, tf.Tensor])[] =>
  Object.entries(weights).map(([name, weight]) => [weight, dense[name] as tf.Tensor]);
