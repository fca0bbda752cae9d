import * as tf from "@tensorflow/tfjs";
import { conv2d, maxPool2d, type Conv2dOptions } from "../../tensor/ops.ts";
import type { ParameterSpec, Weights } from "../weights/parameters.ts";
import type { BitConfig } from "./depth-dpt-config.ts";
import { applyGroupNorm, takeWeight } from "./layers/apply.ts";
import { convParameters, normParameters } from "./layers/parameters.ts";

/** Big Transfer's ResNet (Kolesnikov et al. 2020), transformers' `BitBackbone` with bottleneck layers. */

interface LayerShape {
  readonly prefix: string;
  readonly inChannels: number;
  readonly midChannels: number;
  readonly outChannels: number;
  readonly stride: number;
  /** The shortcut has a convolution of its own. */
  readonly isFirst: boolean;
}

const normEpsilon = 1e-5;

/** A quarter, rounded to a multiple of 8 but by no more than a tenth downwards. */
function bottleneckWidth(channels: number): number {
  const wanted = channels / 4;
  const rounded = Math.max(8, Math.floor((wanted + 4) / 8) * 8);
  return rounded < 0.9 * wanted ? rounded + 8 : rounded;
}

function stageLayers(config: BitConfig, root: string): LayerShape[][] {
  return config.depths.map((depth, stage) => {
    const outChannels = config.hiddenSizes[stage] ?? 0;
    const before = stage === 0 ? config.embeddingSize : (config.hiddenSizes[stage - 1] ?? 0);
    return Array.from({ length: depth }, (_, layer) => ({
      prefix: `${root}.encoder.stages.${String(stage)}.layers.${String(layer)}`,
      inChannels: layer === 0 ? before : outChannels,
      midChannels: bottleneckWidth(outChannels),
      outChannels,
      stride: layer === 0 && stage > 0 ? 2 : 1,
      isFirst: layer === 0,
    }));
  });
}

export function bitParameters(config: BitConfig, root: string): ParameterSpec[] {
  const conv = (prefix: string, inChannels: number, outChannels: number, kernel: number): ParameterSpec[] =>
    convParameters(prefix, { inChannels, outChannels, kernel, bias: false });
  return [
    ...conv(`${root}.embedder.convolution`, 3, config.embeddingSize, 7),
    ...normParameters(`${root}.embedder.norm`, config.embeddingSize),
    ...stageLayers(config, root)
      .flat()
      .flatMap(({ prefix, inChannels, midChannels, outChannels, isFirst }) => [
        ...(isFirst
          ? [
              ...conv(`${prefix}.downsample.conv`, inChannels, outChannels, 1),
              ...normParameters(`${prefix}.downsample.norm`, outChannels),
            ]
          : []),
        ...conv(`${prefix}.conv1`, inChannels, midChannels, 1),
        ...normParameters(`${prefix}.norm1`, midChannels),
        ...conv(`${prefix}.conv2`, midChannels, midChannels, 3),
        ...normParameters(`${prefix}.norm2`, midChannels),
        ...conv(`${prefix}.conv3`, midChannels, outChannels, 1),
        ...normParameters(`${prefix}.norm3`, outChannels),
      ]),
  ];
}

/** Feature maps after each stage, at 1/4, 1/8, 1/16 … of the size of `[batch, h, w, 3]`. */
export function bitForward(
  config: BitConfig,
  weights: Weights,
  root: string,
  pixelValues: tf.Tensor4D,
): tf.Tensor4D[] {
  const norm = (prefix: string, x: tf.Tensor4D): tf.Tensor4D =>
    applyGroupNorm<tf.Tensor4D>(weights, prefix, x, config.numGroups, normEpsilon);
  let hidden = tf.tidy((): tf.Tensor4D => {
    const stem = standardizedConv(weights, `${root}.embedder.convolution`, pixelValues, 2);
    const active = tf.relu(norm(`${root}.embedder.norm`, stem));
    return maxPool2d(tf.pad(active, [[0, 0], ...samePads(active, 3, 2), [0, 0]]), 3, 2);
  });
  return stageLayers(config, root).map((layers, stage) => {
    layers.forEach((layer, index) => {
      const input = hidden;
      hidden = tf.tidy(() => bottleneck(weights, layer, input, norm));
      // The last output of each stage is a feature map; all else is only passed on.
      if (index > 0 || stage === 0) input.dispose();
    });
    return hidden;
  });
}

function bottleneck(
  weights: Weights,
  layer: LayerShape,
  x: tf.Tensor4D,
  norm: (prefix: string, x: tf.Tensor4D) => tf.Tensor4D,
): tf.Tensor4D {
  const { prefix, stride, isFirst } = layer;
  const shortcut = isFirst
    ? norm(`${prefix}.downsample.norm`, standardizedConv(weights, `${prefix}.downsample.conv`, x, stride))
    : x;
  const narrow = tf.relu(norm(`${prefix}.norm1`, standardizedConv(weights, `${prefix}.conv1`, x, 1)));
  const spread = tf.relu(
    norm(`${prefix}.norm2`, standardizedConv(weights, `${prefix}.conv2`, narrow, stride)),
  );
  return tf.relu(
    tf.add(norm(`${prefix}.norm3`, standardizedConv(weights, `${prefix}.conv3`, spread, 1)), shortcut),
  );
}

const standardizationEpsilon = 1e-8;

/** Convolution whose filters have mean 0 and variance 1 (Qiao et al. 2019), padded as TensorFlow's "SAME". */
function standardizedConv(weights: Weights, prefix: string, x: tf.Tensor4D, stride: number): tf.Tensor4D {
  const filter = takeWeight<tf.Tensor4D>(weights, `${prefix}.weight`);
  const centred = tf.sub(filter, tf.mean(filter, [0, 1, 2], true));
  const variance = tf.mean(tf.square(centred), [0, 1, 2], true);
  const standard: tf.Tensor4D = tf.mul(centred, tf.rsqrt(tf.add(variance, standardizationEpsilon)));
  const [[top, bottom], [left, right]] = samePads(x, filter.shape[0], stride);
  const options: Conv2dOptions = { stride, padding: [top, bottom, left, right] };
  return conv2d(x, standard, undefined, options);
}

type Pads = [before: number, after: number];

/** Zeros before and after height and width so that the result has ⌈size / stride⌉ places. */
function samePads(x: tf.Tensor4D, kernel: number, stride: number): [Pads, Pads] {
  const along = (size: number): Pads => {
    const total = Math.max((Math.ceil(size / stride) - 1) * stride + kernel - size, 0);
    return [Math.floor(total / 2), total - Math.floor(total / 2)];
  };
  return [along(x.shape[1]), along(x.shape[2])];
}
