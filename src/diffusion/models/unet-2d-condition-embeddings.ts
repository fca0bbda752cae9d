import * as tf from "@tensorflow/tfjs";
import { embedding } from "../../tensor/ops.ts";
import type { ParameterSpec, Weights } from "../weights/parameters.ts";
import { activate } from "./layers/activation.ts";
import { applyLinear, takeStored } from "./layers/apply.ts";
import { embeddingParameters, linearParameters } from "./layers/parameters.ts";
import {
  sinusoidalEmbedding,
  timestepMlp,
  timestepMlpParameters,
  type Timesteps,
} from "./layers/timestep-embedding.ts";
import type { ConditionEncoderConfig, Unet2dConditionConfig } from "./unet-2d-condition-config.ts";

/** A number for the whole batch, one a picture, or for projections and `identity` the vectors, `[batch, width]`. */
export type ConditionClassLabels = Timesteps | tf.Tensor2D;

export interface TimeConditions {
  readonly timestep: Timesteps;
  /** `[batch, timeCondProjDim]`: {@link guidanceScaleEmbedding}, for consistency models. */
  readonly timestepCond?: tf.Tensor2D;
  readonly classLabels?: ConditionClassLabels;
}

export function timeConditionParameters(config: ConditionEncoderConfig): ParameterSpec[] {
  const first = config.blockOutChannels[0] ?? 0;
  const width = config.timeEmbeddingDim;
  return [
    ...timestepMlpParameters("time_embedding", first, width),
    ...(config.timeCondProjDim === null
      ? []
      : linearParameters("time_embedding.cond_proj", config.timeCondProjDim, first, { bias: false })),
    ...(config.encoderHidDim === null
      ? []
      : linearParameters("encoder_hid_proj", config.encoderHidDim, config.crossAttentionDim[0] ?? 0)),
    ...classParameters(config, first, width),
  ];
}

function classParameters(config: ConditionEncoderConfig, first: number, width: number): ParameterSpec[] {
  const projected = config.projectionClassEmbeddingsInputDim ?? 0;
  switch (config.classEmbedType) {
    case "timestep":
      return timestepMlpParameters("class_embedding", first, width);
    case "projection":
      return timestepMlpParameters("class_embedding", projected, width);
    case "simple_projection":
      return linearParameters("class_embedding", projected, width);
    case "identity":
      return [];
    case null:
      return config.numClassEmbeds === null
        ? []
        : embeddingParameters("class_embedding", config.numClassEmbeds, width);
  }
}

/** The sum (or, with `classEmbeddingsConcat`, the row) of time and class embedding: `[batch or 1, width]`. */
export function embedTimeConditions(
  config: ConditionEncoderConfig & Partial<Unet2dConditionConfig>,
  weights: Weights,
  inputs: TimeConditions,
): tf.Tensor2D {
  const first = config.blockOutChannels[0] ?? 0;
  const project = (values: Timesteps): tf.Tensor2D => sinusoidalEmbedding(values, first, config);
  let time = timestepMlp(
    weights,
    "time_embedding",
    addGuidance(config, weights, project(inputs.timestep), inputs.timestepCond),
    config.actFn,
  );
  if (config.timestepPostAct) time = activate(config.timestepPostAct, time);
  const classes = embedClasses(config, weights, inputs.classLabels, project);
  if (classes) {
    time = config.classEmbeddingsConcat
      ? (tf.concat(
          [tf.broadcastTo(time, [Math.max(time.shape[0], classes.shape[0]), time.shape[1]]), classes],
          1,
        ) as tf.Tensor2D)
      : tf.add(time, classes);
  }
  return config.timeEmbeddingActFn ? activate(config.timeEmbeddingActFn, time) : time;
}

function addGuidance(
  config: ConditionEncoderConfig,
  weights: Weights,
  time: tf.Tensor2D,
  guidance: tf.Tensor2D | undefined,
): tf.Tensor2D {
  if (!guidance) return time;
  if (config.timeCondProjDim === null) {
    throw new Error(
      "timestepCond was given, but this U-Net has no time_cond_proj_dim: it was not trained to know the guidance scale.",
    );
  }
  if (guidance.shape[1] !== config.timeCondProjDim) {
    throw new Error(
      `timestepCond is [${guidance.shape.join(", ")}]; this U-Net takes [batch, ${String(config.timeCondProjDim)}].`,
    );
  }
  return tf.add(time, applyLinear(weights, "time_embedding.cond_proj", guidance));
}

function embedClasses(
  config: ConditionEncoderConfig,
  weights: Weights,
  labels: ConditionClassLabels | undefined,
  project: (values: Timesteps) => tf.Tensor2D,
): tf.Tensor2D | undefined {
  const { classEmbedType } = config;
  if (classEmbedType === null && config.numClassEmbeds === null) {
    if (labels !== undefined)
      throw new Error("classLabels were given, but this U-Net has no class embedding.");
    return undefined;
  }
  if (labels === undefined) throw new Error("classLabels are missing: this U-Net has a class embedding.");
  switch (classEmbedType) {
    case "timestep":
      return timestepMlp(weights, "class_embedding", project(labels as Timesteps), config.actFn);
    case "projection":
      return timestepMlp(weights, "class_embedding", labels as tf.Tensor2D);
    case "simple_projection":
      return applyLinear(weights, "class_embedding", labels as tf.Tensor2D) as tf.Tensor2D;
    case "identity":
      return labels as tf.Tensor2D;
    case null:
      return lookUpClasses(weights, labels);
  }
}

function lookUpClasses(weights: Weights, labels: ConditionClassLabels): tf.Tensor2D {
  const table = takeStored<tf.Tensor2D>(weights, "class_embedding.weight");
  if (labels instanceof tf.Tensor) return embedding(table, tf.reshape(tf.cast(labels, "int32"), [-1]));
  const rows = typeof labels === "number" ? [labels] : Array.from(labels as ArrayLike<number>);
  const wrong = rows.find((row) => !Number.isInteger(row) || row < 0 || row >= (table.shape[0] ?? 0));
  if (wrong !== undefined)
    throw new Error(
      `classLabels: ${String(wrong)} is no class; there are 0 to ${String((table.shape[0] ?? 0) - 1)}.`,
    );
  return embedding(table, rows);
}

/**
 * What consistency models take as `timestepCond`: the sinusoidal embedding of 1000·(guidanceScale − 1), `[1, width]`
 * (Luo et al. 2023, section 3.3, in the arrangement of diffusers' latent consistency pipeline).
 */
export function guidanceScaleEmbedding(guidanceScale: number, width: number): tf.Tensor2D {
  return sinusoidalEmbedding([1000 * (guidanceScale - 1)], width, { flipSinToCos: false, freqShift: 1 });
}
