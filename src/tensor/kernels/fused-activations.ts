import * as tf from "@tensorflow/tfjs";
import type { ActivationKind } from "./webgpu-activations.ts";

/** Whether the current backend has the fused kernels. */
export const hasFusedActivations = (): boolean =>
  tf.getKernel("LoomActivation", tf.getBackend()) !== undefined;

function unary<T extends tf.Tensor>(x: T, kernel: string, attrs: tf.NamedAttrMap): T {
  const f = tf.customGrad((...given) => {
    const [input, save] = given as unknown as [tf.Tensor, tf.GradSaveFunc];
    save([input]);
    return {
      value: tf.engine().runKernel(kernel, { x: input }, attrs) as tf.Tensor,
      gradFunc: (dy: tf.Tensor, [saved]: tf.Tensor[]) =>
        tf.engine().runKernel(`${kernel}Grad`, { x: saved as tf.Tensor, dy }, attrs) as tf.Tensor,
    };
  });
  return f(x) as T;
}

/** An activation as one kernel, and its gradient as one more. */
export const fusedActivation = <T extends tf.Tensor>(x: T, kind: ActivationKind): T =>
  unary(x, "LoomActivation", { kind });

/** a·gelu(g) over the halves of the last axis. */
export const fusedGeglu = (x: tf.Tensor): tf.Tensor => unary(x, "LoomGeglu", {});
