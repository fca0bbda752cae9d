import type * as tf from "@tensorflow/tfjs";
import type { Weight } from "../../tensor/stored/stored-tensor.ts";

/**
 * How a parameter is laid out: `conv` OIHW in files and HWIO here, `linear` `[out, in]` in files and `[in, out]` here;
 * `embedding` `[rows, dim]` and `vector` are the same in both.
 */
export type ParameterKind = "conv" | "linear" | "embedding" | "vector";

/** One parameter of a model, as its diffusers checkpoint names it. */
export interface ParameterSpec {
  /** Key in the safetensors file, for example `down_blocks.0.resnets.0.conv1.weight`. */
  readonly name: string;
  readonly kind: ParameterKind;
  /** Shape in the file (torch order). */
  readonly shape: readonly number[];
  /** How a new model starts; torch's own default for the layer. */
  readonly init: ParameterInit;
}

/** `uniform` draws from U(-bound, bound); torch's conv and linear layers use bound = 1/√fan_in. */
export type ParameterInit =
  | { readonly kind: "zeros" }
  | { readonly kind: "ones" }
  | { readonly kind: "uniform"; readonly bound: number }
  | { readonly kind: "normal"; readonly std: number };

/**
 * Weights by the names of the diffusers checkpoint, in this project's layout. Matrices and kernels may be stored in half precision;
 * vectors are always tensors. Never changed in place.
 */
export type Weights = Readonly<Record<string, Weight>>;

/** The same, all float32 tensors: what is trained, and what arithmetic needs. */
export type DenseWeights = Readonly<Record<string, tf.Tensor>>;

/** A model is its config and its weights; a forward pass is a function of both. */
export interface Model<C> {
  /** The `_class_name` of diffusers' config, for example `UNet2DModel`. */
  readonly className: string;
  readonly config: C;
  readonly weights: Weights;
}
