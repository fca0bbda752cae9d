import * as tf from "@tensorflow/tfjs";
import type { ParameterSpec, Weights } from "../../weights/parameters.ts";
import { applyConv, applyGroupNorm, applyLayerNorm, applyLinear } from "./apply.ts";
import {
  crossAttention,
  crossAttentionParameters,
  type AttentionListener,
  type CrossAttentionConfig,
} from "./cross-attention.ts";
import { feedForward, feedForwardParameters } from "./feed-forward.ts";
import { convParameters, linearParameters, normParameters } from "./parameters.ts";

/** diffusers' `Transformer2DModel` on continuous input (Rombach et al. 2022, appendix E.2.1). */
export interface SpatialTransformerConfig {
  readonly channels: number;
  readonly heads: number;
  /** Number of transformer blocks. */
  readonly layers: number;
  readonly contextChannels: number;
  readonly groups: number;
  /** Projections in and out as linear layers instead of 1×1 convolutions. */
  readonly useLinearProjection: boolean;
  /** The first attention of each block, too, attends to the context. */
  readonly onlyCrossAttention: boolean;
}

/** What the picture attends to. */
export interface TransformerContext {
  /** `[batch, tokens, contextChannels]`. */
  readonly states: tf.Tensor3D;
  /** Added to the scores of every attention to the context, `[batch, 1, 1, tokens]`. */
  readonly mask?: tf.Tensor;
  readonly listener?: AttentionListener;
}

/** Of the group norm at the entry; fixed in diffusers. */
const normEpsilon = 1e-6;

export function spatialTransformerParameters(
  prefix: string,
  config: SpatialTransformerConfig,
): ParameterSpec[] {
  const { channels, layers, useLinearProjection } = config;
  const projection = (name: string): ParameterSpec[] =>
    useLinearProjection
      ? linearParameters(`${prefix}.${name}`, channels, channels)
      : convParameters(`${prefix}.${name}`, { inChannels: channels, outChannels: channels, kernel: 1 });
  return [
    ...normParameters(`${prefix}.norm`, channels),
    ...projection("proj_in"),
    ...Array.from({ length: layers }, (_, i) =>
      blockParameters(`${prefix}.transformer_blocks.${String(i)}`, config),
    ).flat(),
    ...projection("proj_out"),
  ];
}

function blockParameters(prefix: string, config: SpatialTransformerConfig): ParameterSpec[] {
  const { channels } = config;
  return [
    ...normParameters(`${prefix}.norm1`, channels),
    ...crossAttentionParameters(`${prefix}.attn1`, firstAttention(config)),
    ...normParameters(`${prefix}.norm2`, channels),
    ...crossAttentionParameters(`${prefix}.attn2`, secondAttention(config)),
    ...normParameters(`${prefix}.norm3`, channels),
    ...feedForwardParameters(`${prefix}.ff`, channels),
  ];
}

const firstAttention = (config: SpatialTransformerConfig): CrossAttentionConfig => ({
  ...config,
  contextChannels: config.onlyCrossAttention ? config.contextChannels : null,
});
const secondAttention = (config: SpatialTransformerConfig): CrossAttentionConfig => config;

/** x `[batch, h, w, channels]` → the same shape. */
export function spatialTransformer(
  weights: Weights,
  prefix: string,
  config: SpatialTransformerConfig,
  x: tf.Tensor4D,
  context: TransformerContext,
): tf.Tensor4D {
  const [batch, height, width, channels] = x.shape;
  const project = (name: string, picture: tf.Tensor4D): tf.Tensor4D =>
    config.useLinearProjection
      ? (applyLinear(weights, `${prefix}.${name}`, picture) as tf.Tensor4D)
      : applyConv(weights, `${prefix}.${name}`, picture);

  let hidden: tf.Tensor3D = tf.tidy(() => {
    const normal = applyGroupNorm<tf.Tensor4D>(weights, `${prefix}.norm`, x, config.groups, normEpsilon);
    return tf.reshape(project("proj_in", normal), [batch, height * width, channels]);
  });
  for (let i = 0; i < config.layers; i++) {
    const previous = hidden;
    hidden = transformerBlock(
      weights,
      `${prefix}.transformer_blocks.${String(i)}`,
      config,
      previous,
      context,
    );
    previous.dispose();
  }
  return tf.tidy(() => tf.add(project("proj_out", tf.reshape(hidden, x.shape)), x));
}

/** diffusers' `BasicTransformerBlock`. Each part frees its intermediate tensors, attention's being the largest of all. */
function transformerBlock(
  weights: Weights,
  prefix: string,
  config: SpatialTransformerConfig,
  x: tf.Tensor3D,
  context: TransformerContext,
): tf.Tensor3D {
  const norm = (index: number, input: tf.Tensor3D): tf.Tensor3D =>
    applyLayerNorm(weights, `${prefix}.norm${String(index)}`, input);
  const { states, mask, listener } = context;
  const toContext = { ...(mask && { mask }), ...(listener && { listener }) };
  return tf.tidy(() => {
    const first = tf.tidy((): tf.Tensor3D => {
      const normal = norm(1, x);
      const attend = firstAttention(config);
      const attended = config.onlyCrossAttention
        ? crossAttention(weights, `${prefix}.attn1`, attend, normal, states)
        : crossAttention(weights, `${prefix}.attn1`, attend, normal);
      return tf.add(attended, x);
    });
    const second = tf.tidy((): tf.Tensor3D =>
      tf.add(
        crossAttention(
          weights,
          `${prefix}.attn2`,
          secondAttention(config),
          norm(2, first),
          states,
          toContext,
        ),
        first,
      ),
    );
    return tf.add(feedForward(weights, `${prefix}.ff`, norm(3, second)), second);
  });
}
