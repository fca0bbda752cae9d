import type * as tf from "@tensorflow/tfjs";

/**
 * @throws Error that names both ports and their shapes, if two tensors that belong together differ in shape.
 *   The executor puts the node's name before it.
 */
export function requireSameShape(tensors: Readonly<Record<string, tf.Tensor>>): void {
  const [[firstName, first] = ["", undefined], ...others] = Object.entries(tensors);
  for (const [name, tensor] of others) {
    if (first && tensor.shape.join() !== first.shape.join()) {
      throw new Error(
        `${firstName} is [${first.shape.join(",")}], ${name} is [${tensor.shape.join(",")}]: they must be of one shape.`,
      );
    }
  }
}
