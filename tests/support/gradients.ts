import * as tf from "@tensorflow/tfjs";
import { spread } from "./arrays.ts";

export interface GradientCheckOptions {
  /** Step of the differences. Default 0.03; smaller where the function has kinks. */
  readonly step?: number;
  /** Random directions per input. Default 3. */
  readonly directions?: number;
}

/**
 * The worst disagreement between tfjs's gradients of `f` and finite differences, over all inputs: each input is moved
 * along random directions v, and the slope of Σ dy·f by a five-point stencil is compared with g·v. The difference is
 * relative to ‖g∘v‖, which does not vanish where the terms of g·v cancel.
 */
export async function gradientError(
  f: (...inputs: tf.Tensor[]) => tf.Tensor,
  inputs: readonly tf.Tensor[],
  { step = 0.03, directions = 3 }: GradientCheckOptions = {},
): Promise<number> {
  const y = f(...inputs);
  const dy = spread(y.size, 97);
  const gradients = tf.grads(f)([...inputs], tf.tensor(dy, y.shape));
  const values = await Promise.all(inputs.map(async (input) => await input.data<"float32">()));
  let worst = 0;
  for (const [index, gradient] of gradients.entries()) {
    const shape = inputs[index]?.shape ?? [];
    if (gradient.shape.join() !== shape.join()) return Infinity;
    const g = await gradient.data<"float32">();
    for (let seed = 0; seed < directions; seed++) {
      const direction = spread(g.length, 1000 * index + seed + 31).map((value) => Math.sign(value) || 1);
      const along = async (distance: number): Promise<number> => {
        const moved = (values[index] ?? g).map((value, i) => value + distance * (direction[i] ?? 0));
        const output = tf.tidy(() =>
          f(...inputs.map((input, i) => (i === index ? tf.tensor(moved, shape) : input))),
        );
        const outputValues = await output.data<"float32">();
        output.dispose();
        return outputValues.reduce((sum, value, i) => sum + value * (dy[i] ?? 0), 0);
      };
      const [near, far] = [
        (await along(step)) - (await along(-step)),
        (await along(2 * step)) - (await along(-2 * step)),
      ];
      const slope = (8 * near - far) / (12 * step);
      const expected = g.reduce((sum, value, i) => sum + value * (direction[i] ?? 0), 0);
      const scale = Math.sqrt(g.reduce((sum, value) => sum + value * value, 0));
      worst = Math.max(worst, Math.abs(slope - expected) / Math.max(scale, 1e-6));
    }
  }
  return worst;
}
