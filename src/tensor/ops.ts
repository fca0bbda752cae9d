import * as tf from "@tensorflow/tfjs";
import { fusedActivation, fusedGeglu, hasFusedActivations } from "./kernels/fused-activations.ts";
import { fusedAttention, hasFusedAttention } from "./kernels/fused-attention.ts";
import {
  compositeActivations,
  compositeAttention,
  compositeGeglu,
  compositeGroupNorm,
  compositeLayerNorm,
} from "./kernels/composites.ts";
import { fusedNorm, hasFusedNorm } from "./kernels/fused-norm.ts";
import type { ActivationKind } from "./kernels/webgpu-activations.ts";
import { storedConv2d, storedGather, storedLinear } from "./stored/ops.ts";
import { isStored, type Weight } from "./stored/stored-tensor.ts";

/**
 * The tensor operations that models call. Pictures are NHWC, kernels HWIO, linear weights `[in, out]`.
 *
 * Models import from here and never from tfjs directly for these, so that one fused kernel can replace a composite
 * without a change in any model. All are differentiable. Weights may be stored in half precision ({@link Weight}): they are
 * read as they are where a kernel can, and the result is the same as with the weights widened to float32.
 */

export type Padding = number | readonly [top: number, bottom: number, left: number, right: number];

export interface Conv2dOptions {
  readonly stride?: number;
  /** Zeros added on each side; one number for all four. Default 0. */
  readonly padding?: Padding;
}

/** Convolution: x `[n,h,w,in]`, filter `[kh,kw,in,out]`, bias `[out]`. */
export function conv2d(
  x: tf.Tensor4D,
  filter: Weight<tf.Tensor4D>,
  bias?: tf.Tensor1D,
  options: Conv2dOptions = {},
): tf.Tensor4D {
  const { stride = 1, padding = 0 } = options;
  const sides = typeof padding === "number" ? ([padding, padding, padding, padding] as const) : padding;
  if (isStored(filter)) {
    const dense = (part: tf.Tensor4D): tf.Tensor4D => conv2d(x, part, undefined, options);
    return storedConv2d(x, filter, bias, { stride, padding: sides }, dense);
  }
  const [top, bottom, left, right] = sides;
  const y = tf.conv2d(x, filter, stride, [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ]);
  return bias ? tf.add(y, bias) : y;
}

/** x `[…, in]` · weight `[in, out]` + bias `[out]`. */
export function linear(x: tf.Tensor, weight: Weight<tf.Tensor2D>, bias?: tf.Tensor1D): tf.Tensor {
  if (isStored(weight)) return storedLinear(x, weight, bias, (part) => linear(x, part));
  const [inFeatures, outFeatures] = weight.shape;
  const rows = tf.reshape(x, [-1, inFeatures]) as tf.Tensor2D;
  const product = tf.matMul(rows, weight);
  const y = bias ? tf.add(product, bias) : product;
  return tf.reshape(y, [...x.shape.slice(0, -1), outFeatures]);
}

/** Rows of a table `[rows, dim]` by their numbers: `[count, dim]`. */
export function embedding(table: Weight<tf.Tensor2D>, rows: tf.Tensor1D | readonly number[]): tf.Tensor2D {
  if (isStored(table)) return storedGather(table, rows);
  return tf.gather(table, rows instanceof tf.Tensor ? rows : tf.tensor1d([...rows], "int32"));
}

/** Group normalization over channels-last x of rank ≥ 2 (Wu and He 2018). gamma and beta are `[channels]`. */
export function groupNorm(
  x: tf.Tensor,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  groups: number,
  epsilon: number,
): tf.Tensor {
  if (!hasFusedNorm()) return compositeGroupNorm(x, gamma, beta, groups, epsilon);
  return fusedNorm(x, gamma, beta, { rowsPerStat: rowsPerPicture(x), groups, epsilon, silu: false });
}

/** {@link silu} of {@link groupNorm}, as one where the backend can. */
export function groupNormSilu(
  x: tf.Tensor,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  groups: number,
  epsilon: number,
): tf.Tensor {
  if (!hasFusedNorm()) return silu(compositeGroupNorm(x, gamma, beta, groups, epsilon));
  return fusedNorm(x, gamma, beta, { rowsPerStat: rowsPerPicture(x), groups, epsilon, silu: true });
}

const rowsPerPicture = (x: tf.Tensor): number => x.size / ((x.shape[0] ?? 1) * (x.shape.at(-1) ?? 1));

/** Layer normalization over the last axis (Ba et al. 2016). */
export function layerNorm(x: tf.Tensor, gamma: tf.Tensor1D, beta: tf.Tensor1D, epsilon = 1e-5): tf.Tensor {
  if (!hasFusedNorm()) return compositeLayerNorm(x, gamma, beta, epsilon);
  return fusedNorm(x, gamma, beta, { rowsPerStat: 1, groups: 1, epsilon, silu: false });
}

export interface AttentionOptions {
  /** Default 1/√dim. */
  readonly scale?: number;
  /** Added to the scores before the softmax; broadcast to `[batch, heads, queries, keys]`. */
  readonly mask?: tf.Tensor;
}

/** Scaled dot-product attention (Vaswani et al. 2017, eq. 1). q, k, v are `[batch, heads, tokens, dim]`. */
export function attention(
  q: tf.Tensor4D,
  k: tf.Tensor4D,
  v: tf.Tensor4D,
  options: AttentionOptions = {},
): tf.Tensor4D {
  const scale = options.scale ?? 1 / Math.sqrt(q.shape[3]);
  const attend = hasFusedAttention(q.shape[3]) ? fusedAttention : compositeAttention;
  return attend(q, k, v, scale, options.mask);
}

/** x·σ(x) (Hendrycks and Gimpel 2016; also called swish). */
export const silu = <T extends tf.Tensor>(x: T): T => activate(x, "silu");

/** x·Φ(x), exact (Hendrycks and Gimpel 2016). */
export const gelu = <T extends tf.Tensor>(x: T): T => activate(x, "gelu");

/** The tanh approximation of {@link gelu}. */
export const geluTanh = <T extends tf.Tensor>(x: T): T => activate(x, "geluTanh");

/** x·σ(1.702·x), CLIP's approximation of {@link gelu}. */
export const quickGelu = <T extends tf.Tensor>(x: T): T => activate(x, "quickGelu");

/** x·tanh(softplus(x)) (Misra 2019). */
export const mish = <T extends tf.Tensor>(x: T): T => activate(x, "mish");

function activate<T extends tf.Tensor>(x: T, kind: ActivationKind): T {
  return hasFusedActivations() ? fusedActivation(x, kind) : compositeActivations[kind](x);
}

/** Splits the last axis in halves (a, g) and returns a·gelu(g) (Shazeer 2020). */
export function geglu(x: tf.Tensor): tf.Tensor {
  if ((x.shape.at(-1) ?? 1) % 2 !== 0)
    throw new Error(`geglu: the last axis of [${x.shape.join(", ")}] cannot be halved.`);
  return hasFusedActivations() ? fusedGeglu(x) : compositeGeglu(x);
}

/** Nearest-neighbour upsampling of `[n,h,w,c]` by a whole factor, or to an exact size. */
export function upsampleNearest2d(
  x: tf.Tensor4D,
  factorOrSize: number | readonly [height: number, width: number],
): tf.Tensor4D {
  const [, height, width] = x.shape;
  const size: [number, number] =
    typeof factorOrSize === "number"
      ? [height * factorOrSize, width * factorOrSize]
      : [factorOrSize[0], factorOrSize[1]];
  return tf.image.resizeNearestNeighbor(x, size, false, false);
}

/** Average pooling with a square window and no padding. */
export const avgPool2d = (x: tf.Tensor4D, size: number, stride = size): tf.Tensor4D =>
  tf.avgPool(x, size, stride, "valid");

/** Max pooling with a square window and no padding. */
export const maxPool2d = (x: tf.Tensor4D, size: number, stride = size): tf.Tensor4D =>
  tf.maxPool(x, size, stride, "valid");
