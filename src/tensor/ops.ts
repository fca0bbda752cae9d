import * as tf from "@tensorflow/tfjs";

/**
 * The tensor operations that models call. Pictures are NHWC, kernels HWIO, linear weights `[in, out]`.
 *
 * Models import from here and never from tfjs directly for these, so that one fused kernel can replace a composite
 * without a change in any model. All are differentiable.
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
  filter: tf.Tensor4D,
  bias?: tf.Tensor1D,
  options: Conv2dOptions = {},
): tf.Tensor4D {
  const { stride = 1, padding = 0 } = options;
  const [top, bottom, left, right] =
    typeof padding === "number" ? [padding, padding, padding, padding] : padding;
  const y = tf.conv2d(x, filter, stride, [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ]);
  return bias ? tf.add(y, bias) : y;
}

/** x `[…, in]` · weight `[in, out]` + bias `[out]`. */
export function linear(x: tf.Tensor, weight: tf.Tensor2D, bias?: tf.Tensor1D): tf.Tensor {
  const [inFeatures, outFeatures] = weight.shape;
  const rows = tf.reshape(x, [-1, inFeatures]) as tf.Tensor2D;
  const product = tf.matMul(rows, weight);
  const y = bias ? tf.add(product, bias) : product;
  return tf.reshape(y, [...x.shape.slice(0, -1), outFeatures]);
}

/** Group normalization over channels-last x of rank ≥ 2 (Wu and He 2018). gamma and beta are `[channels]`. */
export function groupNorm(
  x: tf.Tensor,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  groups: number,
  epsilon: number,
): tf.Tensor {
  const channels = x.shape.at(-1) ?? 0;
  const batch = x.shape[0] ?? 1;
  const grouped = tf.reshape(x, [batch, -1, groups, channels / groups]);
  const mean = tf.mean(grouped, [1, 3], true);
  const centred = tf.sub(grouped, mean);
  const variance = tf.mean(tf.square(centred), [1, 3], true);
  const normal = tf.reshape(tf.mul(centred, tf.rsqrt(tf.add(variance, epsilon))), x.shape);
  return tf.add(tf.mul(normal, gamma), beta);
}

/** Layer normalization over the last axis (Ba et al. 2016). */
export function layerNorm(x: tf.Tensor, gamma: tf.Tensor1D, beta: tf.Tensor1D, epsilon = 1e-5): tf.Tensor {
  const centred = tf.sub(x, tf.mean(x, -1, true));
  const variance = tf.mean(tf.square(centred), -1, true);
  return tf.add(tf.mul(tf.mul(centred, tf.rsqrt(tf.add(variance, epsilon))), gamma), beta);
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
  const scores = tf.mul(tf.matMul(q, k, false, true), scale);
  return tf.matMul(tf.softmax(options.mask ? tf.add(scores, options.mask) : scores), v) as tf.Tensor4D;
}

/** x·σ(x) (Hendrycks and Gimpel 2016; also called swish). */
export const silu = <T extends tf.Tensor>(x: T): T => tf.mul(x, tf.sigmoid(x));

/** x·Φ(x), exact (Hendrycks and Gimpel 2016). */
export const gelu = <T extends tf.Tensor>(x: T): T =>
  tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));

/** The tanh approximation of {@link gelu}. */
export const geluTanh = <T extends tf.Tensor>(x: T): T =>
  tf.mul(
    tf.mul(x, 0.5),
    tf.add(tf.tanh(tf.mul(tf.add(x, tf.mul(tf.mul(x, tf.square(x)), 0.044715)), Math.sqrt(2 / Math.PI))), 1),
  );

/** x·σ(1.702·x), CLIP's approximation of {@link gelu}. */
export const quickGelu = <T extends tf.Tensor>(x: T): T => tf.mul(x, tf.sigmoid(tf.mul(x, 1.702)));

/** x·tanh(softplus(x)) (Misra 2019). */
export const mish = <T extends tf.Tensor>(x: T): T => tf.mul(x, tf.tanh(tf.softplus(x)));

/** Splits the last axis in halves (a, g) and returns a·gelu(g) (Shazeer 2020). */
export function geglu(x: tf.Tensor): tf.Tensor {
  const [a, gate] = tf.split(x, 2, -1);
  if (!a || !gate) throw new Error("geglu: the last axis could not be halved.");
  return tf.mul(a, gelu(gate));
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
