import * as tf from "@tensorflow/tfjs";
import { gelu, mish, silu } from "../../../tensor/ops.ts";

/** diffusers' names; `silu` and `swish` are the same function. */
export const ACTIVATIONS = ["silu", "swish", "mish", "gelu", "relu"] as const;
export type Activation = (typeof ACTIVATIONS)[number];

export function activate<T extends tf.Tensor>(name: Activation, x: T): T {
  switch (name) {
    case "silu":
    case "swish":
      return silu(x);
    case "mish":
      return mish(x);
    case "gelu":
      return gelu(x);
    case "relu":
      return tf.relu(x);
  }
}
