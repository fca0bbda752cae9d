import * as tf from "@tensorflow/tfjs";
import type { ParameterSpec, Weights } from "./parameters.ts";

/** Frees every tensor of a model. */
export function disposeWeights(weights: Weights): void {
  tf.dispose(Object.values(weights));
}

/** A second owner of the same weights: the tensors share their data, and either set can be disposed first. */
export function shareWeights(weights: Weights): Weights {
  return Object.fromEntries(Object.entries(weights).map(([name, tensor]) => [name, tf.clone(tensor)]));
}

/** Bytes that the weights take as float32. */
export function weightsByteLength(weights: Weights): number {
  return Object.values(weights).reduce((bytes, tensor) => bytes + 4 * tensor.size, 0);
}

/** Number of scalars in all parameters. */
export function countParameters(specs: readonly ParameterSpec[]): number {
  return specs.reduce((count, { shape }) => count + shape.reduce((product, size) => product * size, 1), 0);
}
