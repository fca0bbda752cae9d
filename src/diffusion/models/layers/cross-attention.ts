import * as tf from "@tensorflow/tfjs";
import { attention } from "../../../tensor/ops.ts";
import type { ParameterSpec, Weights } from "../../weights/parameters.ts";
import { applyLinear } from "./apply.ts";
import { mergeHeads, splitHeads } from "./attention-heads.ts";
import { linearParameters } from "./parameters.ts";

/** diffusers' `Attention` as the transformer blocks of a text-conditioned U-Net use it: no bias but at the output. */
export interface CrossAttentionConfig {
  readonly channels: number;
  readonly heads: number;
  /** Channels of what is attended to; null for x itself. */
  readonly contextChannels: number | null;
}

/** Receives the probabilities `[batch, heads, queries, keys]` of one layer; keep them with `tf.keep` to use them later. */
export type AttentionListener = (layer: string, probabilities: tf.Tensor4D) => void;

export interface CrossAttentionOptions {
  /** Added to the scores; broadcast to `[batch, heads, queries, keys]`. */
  readonly mask?: tf.Tensor;
  /** Costs a second computation of the scores. */
  readonly listener?: AttentionListener;
}

export function crossAttentionParameters(prefix: string, config: CrossAttentionConfig): ParameterSpec[] {
  const { channels, contextChannels } = config;
  const from = contextChannels ?? channels;
  return [
    ...linearParameters(`${prefix}.to_q`, channels, channels, { bias: false }),
    ...linearParameters(`${prefix}.to_k`, from, channels, { bias: false }),
    ...linearParameters(`${prefix}.to_v`, from, channels, { bias: false }),
    ...linearParameters(`${prefix}.to_out.0`, channels, channels),
  ];
}

/** x `[batch, queries, channels]` attends to context `[batch, keys, contextChannels]`, or to itself. */
export function crossAttention(
  weights: Weights,
  prefix: string,
  config: CrossAttentionConfig,
  x: tf.Tensor3D,
  context: tf.Tensor3D = x,
  options: CrossAttentionOptions = {},
): tf.Tensor3D {
  const { mask, listener } = options;
  const q = splitHeads(applyLinear(weights, `${prefix}.to_q`, x), config.heads);
  const k = splitHeads(applyLinear(weights, `${prefix}.to_k`, context), config.heads);
  const v = splitHeads(applyLinear(weights, `${prefix}.to_v`, context), config.heads);
  if (listener) {
    const scores = tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(q.shape[3]));
    listener(prefix, tf.softmax(mask ? tf.add(scores, mask) : scores) as tf.Tensor4D);
  }
  const attended = mergeHeads(attention(q, k, v, mask ? { mask } : {}));
  return applyLinear(weights, `${prefix}.to_out.0`, attended) as tf.Tensor3D;
}
