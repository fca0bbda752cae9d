import * as tf from "@tensorflow/tfjs";
import type { ParameterSpec, Weights } from "../../weights/parameters.ts";
import { applyGroupNorm, applyLinear } from "./apply.ts";
import { addLean, attentionLean } from "./lean-gradients.ts";
import { linearParameters, normParameters } from "./parameters.ts";

/** The attention block of UNet2DModel and of the autoencoders: one picture's places attend to each other. */
export interface SelfAttentionConfig {
  readonly channels: number;
  /** Channels of one head; the number of heads is ⌊channels / headDim⌋. */
  readonly headDim: number;
  /** Groups of the norm before the projections; null for none. */
  readonly groups: number | null;
  readonly epsilon: number;
  /** The sum of block and shortcut is divided by it. Default 1. */
  readonly outputScaleFactor?: number;
}

const headCount = ({ channels, headDim }: SelfAttentionConfig): number => Math.floor(channels / headDim);

export function selfAttentionParameters(prefix: string, config: SelfAttentionConfig): ParameterSpec[] {
  const { channels, headDim, groups } = config;
  const inner = headCount(config) * headDim;
  return [
    ...(groups === null ? [] : normParameters(`${prefix}.group_norm`, channels)),
    ...linearParameters(`${prefix}.to_q`, channels, inner),
    ...linearParameters(`${prefix}.to_k`, channels, inner),
    ...linearParameters(`${prefix}.to_v`, channels, inner),
    ...linearParameters(`${prefix}.to_out.0`, inner, channels),
  ];
}

/** x `[n, h, w, c]` → the same shape: x + projection of attention over the h·w places. */
export function selfAttention(
  weights: Weights,
  prefix: string,
  config: SelfAttentionConfig,
  x: tf.Tensor4D,
): tf.Tensor4D {
  return tf.tidy(() => runSelfAttention(weights, prefix, config, x));
}

function runSelfAttention(
  weights: Weights,
  prefix: string,
  config: SelfAttentionConfig,
  x: tf.Tensor4D,
): tf.Tensor4D {
  const { headDim, groups, epsilon, outputScaleFactor = 1 } = config;
  const [batch, height, width, channels] = x.shape;
  const heads = headCount(config);
  const places = tf.reshape(x, [batch, height * width, channels]);
  const normal =
    groups === null ? places : applyGroupNorm(weights, `${prefix}.group_norm`, places, groups, epsilon);
  const project = (name: string): tf.Tensor4D => {
    const projected = applyLinear(weights, `${prefix}.${name}`, normal);
    return tf.transpose(tf.reshape(projected, [batch, height * width, heads, headDim]), [0, 2, 1, 3]);
  };
  const attended = tf.transpose(
    attentionLean(project("to_q"), project("to_k"), project("to_v")),
    [0, 2, 1, 3],
  );
  const merged = tf.reshape(attended, [batch, height * width, heads * headDim]);
  const sum = addLean(
    tf.reshape(applyLinear(weights, `${prefix}.to_out.0`, merged), x.shape) as tf.Tensor4D,
    x,
  );
  return outputScaleFactor === 1 ? sum : tf.div(sum, outputScaleFactor);
}
