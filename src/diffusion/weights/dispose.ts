import { cloneWeight, weightBytes } from "../../tensor/stored/stored-tensor.ts";
import type { ParameterSpec, Weights } from "./parameters.ts";

/** Frees every tensor of a model. */
export function disposeWeights(weights: Weights): void {
  for (const weight of Object.values(weights)) weight.dispose();
}

/** A second owner of the same weights: the tensors share their data, and either set can be disposed first. */
export function shareWeights<W extends Weights>(weights: W): W {
  return Object.fromEntries(
    Object.entries(weights).map(([name, weight]) => [name, cloneWeight(weight)]),
  ) as unknown as W;
}

/** Bytes that the weights take where they are. */
export function weightsByteLength(weights: Weights): number {
  return Object.values(weights).reduce((bytes, weight) => bytes + weightBytes(weight), 0);
}

/** Number of scalars in all parameters. */
export function countParameters(specs: readonly ParameterSpec[]): number {
  return specs.reduce((count, { shape }) => count + shape.reduce((product, size) => product * size, 1), 0);
}
