import * as tf from "@tensorflow/tfjs";
import type { ParameterSpec, Weights } from "../weights/parameters.ts";
import { downsample, downsampleParameters } from "./layers/downsample.ts";
import { resnetBlock, resnetBlockParameters } from "./layers/resnet-block.ts";
import {
  spatialTransformer,
  spatialTransformerParameters,
  type TransformerContext,
} from "./layers/spatial-transformer.ts";
import { upsample, upsampleParameters } from "./layers/upsample.ts";
import type { ConditionMiddle, ConditionStage } from "./unet-2d-condition-layout.ts";

/** What every layer of one forward pass needs. */
export interface StageContext {
  readonly weights: Weights;
  /** `[batch or 1, timeChannels]`. */
  readonly time: tf.Tensor2D;
  readonly text: TransformerContext;
}

const resnetName = (prefix: string, layer: number): string => `${prefix}.resnets.${String(layer)}`;
const attentionName = (prefix: string, layer: number): string => `${prefix}.attentions.${String(layer)}`;
const midPrefix = "mid_block";

export function stageParameters(stage: ConditionStage, way: "down" | "up"): ParameterSpec[] {
  const { prefix, resnets, transformers, samplerChannels } = stage;
  const samplerParameters = way === "down" ? downsampleParameters : upsampleParameters;
  return [
    ...resnets.flatMap((resnet, layer) => {
      const transformer = transformers[layer];
      return [
        ...resnetBlockParameters(resnetName(prefix, layer), resnet),
        ...(transformer ? spatialTransformerParameters(attentionName(prefix, layer), transformer) : []),
      ];
    }),
    ...(samplerChannels === null ? [] : samplerParameters(`${prefix}.${way}samplers.0`, samplerChannels)),
  ];
}

export function middleParameters({ resnets, transformers }: ConditionMiddle): ParameterSpec[] {
  return resnets.flatMap((resnet, layer) => {
    const before = transformers[layer - 1];
    return [
      ...(before ? spatialTransformerParameters(attentionName(midPrefix, layer - 1), before) : []),
      ...resnetBlockParameters(resnetName(midPrefix, layer), resnet),
    ];
  });
}

/** One layer: resnet block and, where there is one, transformer. Frees all but its result. */
function runLayer(stage: ConditionStage, layer: number, x: tf.Tensor4D, context: StageContext): tf.Tensor4D {
  const { weights, time, text } = context;
  const resnet = stage.resnets[layer];
  const transformer = stage.transformers[layer];
  if (!resnet) throw new Error(`"${stage.prefix}" has no layer ${String(layer)}.`);
  return tf.tidy(() => {
    const hidden = resnetBlock(weights, resnetName(stage.prefix, layer), resnet, x, time);
    return transformer
      ? spatialTransformer(weights, attentionName(stage.prefix, layer), transformer, hidden, text)
      : hidden;
  });
}

/** The outputs of every layer of the stage, the last of which goes on; all of them are skip connections. */
export function runDownStage(
  stage: ConditionStage,
  x: tf.Tensor4D,
  padding: number,
  context: StageContext,
): tf.Tensor4D[] {
  const outputs: tf.Tensor4D[] = [];
  stage.resnets.forEach((_, layer) => outputs.push(runLayer(stage, layer, outputs.at(-1) ?? x, context)));
  if (stage.samplerChannels !== null) {
    const last = outputs.at(-1) ?? x;
    outputs.push(tf.tidy(() => downsample(context.weights, `${stage.prefix}.downsamplers.0`, last, padding)));
  }
  return outputs;
}

export function runMiddle(
  { resnets, transformers }: ConditionMiddle,
  x: tf.Tensor4D,
  context: StageContext,
): tf.Tensor4D {
  const { weights, time, text } = context;
  return tf.tidy(() =>
    resnets.reduce((hidden, resnet, layer) => {
      const before = transformers[layer - 1];
      const attended = before
        ? spatialTransformer(weights, attentionName(midPrefix, layer - 1), before, hidden, text)
        : hidden;
      return resnetBlock(weights, resnetName(midPrefix, layer), resnet, attended, time);
    }, x),
  );
}

/**
 * Consumes x and the last skip connections. A stage that is followed by another ends at the size of the next skip connection,
 * so that sizes which cannot be halved evenly come out as they went in.
 */
export function runUpStage(
  stage: ConditionStage,
  x: tf.Tensor4D,
  skips: tf.Tensor4D[],
  context: StageContext,
): tf.Tensor4D {
  let hidden = x;
  stage.resnets.forEach((_, layer) => {
    const skip = skips.pop();
    if (!skip) throw new Error(`"${stage.prefix}": the way down has fewer layers than the way up needs.`);
    const previous = hidden;
    hidden = tf.tidy(() => runLayer(stage, layer, tf.concat([previous, skip], 3), context));
    tf.dispose([previous, skip]);
  });
  if (stage.samplerChannels === null) return hidden;
  const next = skips.at(-1);
  const size = next ? ([next.shape[1], next.shape[2]] as const) : undefined;
  const upsampled = tf.tidy(() => upsample(context.weights, `${stage.prefix}.upsamplers.0`, hidden, size));
  hidden.dispose();
  return upsampled;
}
