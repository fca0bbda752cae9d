import * as tf from "@tensorflow/tfjs";
import { embedding } from "../../tensor/ops.ts";
import type { ParameterSpec, Weights } from "../weights/parameters.ts";
import { takeStored, takeWeight } from "./layers/apply.ts";
import { embeddingParameters } from "./layers/parameters.ts";
import {
  sinusoidalEmbedding,
  timestepList,
  timestepMlp,
  timestepMlpParameters,
  type Timesteps,
} from "./layers/timestep-embedding.ts";
import type { Unet2dConfig } from "./unet-2d-config.ts";
import type { Unet2dLayout } from "./unet-2d-layout.ts";

/** Labels (numbers, or a tensor of them); for class_embed_type `identity` the embeddings themselves, `[batch, timeEmbedDim]`. */
export type ClassLabels = Timesteps | tf.Tensor2D;

/** Spread of the random frequencies of a Fourier embedding (Song et al. 2021, appendix C). */
const FOURIER_SCALE = 16;

export function embeddingsParameters(
  config: Unet2dConfig,
  { timeInputDim, timeEmbedDim }: Unet2dLayout,
): ParameterSpec[] {
  const first = config.blockOutChannels[0] ?? 0;
  return [
    ...(config.timeEmbeddingType === "fourier"
      ? [
          {
            name: "time_proj.weight",
            kind: "vector",
            shape: [first],
            init: { kind: "normal", std: FOURIER_SCALE },
          } satisfies ParameterSpec,
        ]
      : []),
    ...(config.timeEmbeddingType === "learned"
      ? embeddingParameters("time_proj", config.numTrainTimesteps ?? 0, first)
      : []),
    ...timestepMlpParameters("time_embedding", timeInputDim, timeEmbedDim),
    ...(config.classEmbedType === null && config.numClassEmbeds !== null
      ? embeddingParameters("class_embedding", config.numClassEmbeds, timeEmbedDim)
      : []),
    ...(config.classEmbedType === "timestep"
      ? timestepMlpParameters("class_embedding", timeInputDim, timeEmbedDim)
      : []),
  ];
}

/** The sum of time and class embedding that every resnet block receives, `[batch or 1, timeEmbedDim]`. */
export function embedConditions(
  config: Unet2dConfig,
  weights: Weights,
  layout: Unet2dLayout,
  inputs: { readonly sample: tf.Tensor4D; readonly timestep: Timesteps; readonly classLabels?: ClassLabels },
): tf.Tensor2D {
  const batch = inputs.sample.shape[0];
  const time = timestepMlp(weights, "time_embedding", projectTimes(config, weights, inputs.timestep));
  checkRows("timestep", time, batch);
  const hasClasses = config.classEmbedType !== null || config.numClassEmbeds !== null;
  if (inputs.classLabels === undefined) {
    if (hasClasses)
      throw new Error("classLabels are missing: this U-Net was trained with a class embedding.");
    return time;
  }
  if (!hasClasses) throw new Error("classLabels were given, but this U-Net has no class embedding.");
  const classes = embedClasses(config, weights, layout, inputs.classLabels);
  checkRows("classLabels", classes, batch);
  return tf.add(time, classes);
}

function checkRows(what: string, embedding: tf.Tensor2D, batch: number): void {
  const rows = embedding.shape[0];
  if (rows !== 1 && rows !== batch) {
    throw new Error(
      `${what}: ${String(rows)} values for a batch of ${String(batch)}; give one, or one a picture.`,
    );
  }
}

/** `time_proj`: `[count, timeInputDim]`. */
function projectTimes(config: Unet2dConfig, weights: Weights, times: Timesteps): tf.Tensor2D {
  switch (config.timeEmbeddingType) {
    case "positional":
      return sinusoidalEmbedding(times, config.blockOutChannels[0] ?? 0, config);
    case "fourier": {
      const frequencies = tf.reshape(withoutGradient(takeWeight(weights, "time_proj.weight")), [1, -1]);
      const angles = tf.mul(tf.mul(tf.log(columnOf(times)), frequencies), 2 * Math.PI);
      return tf.concat([tf.sin(angles), tf.cos(angles)], 1) as tf.Tensor2D;
    }
    case "learned":
      return lookUp(weights, "time_proj.weight", times);
  }
}

/** The same values, as a constant to gradients: Fourier frequencies are drawn once and not trained. */
const withoutGradient = tf.customGrad((x) => ({
  value: tf.clone(x as tf.Tensor),
  gradFunc: (dy) => tf.zerosLike(dy as tf.Tensor),
}));

function embedClasses(
  config: Unet2dConfig,
  weights: Weights,
  { timeEmbedDim }: Unet2dLayout,
  labels: ClassLabels,
): tf.Tensor2D {
  if (config.classEmbedType === "identity") {
    if (!(labels instanceof tf.Tensor) || labels.rank !== 2 || labels.shape[1] !== timeEmbedDim) {
      throw new Error(
        `classLabels must be embeddings [batch, ${String(timeEmbedDim)}]: class_embed_type is identity.`,
      );
    }
    return labels as tf.Tensor2D;
  }
  if (labels instanceof tf.Tensor && labels.rank > 1)
    throw new Error("classLabels must be one number a picture.");
  const list = labels as Timesteps;
  return config.classEmbedType === "timestep"
    ? timestepMlp(weights, "class_embedding", projectTimes(config, weights, list))
    : lookUp(weights, "class_embedding.weight", list);
}

/** Rows of an embedding table. @throws when a number is no row of it; rows in a tensor cannot be checked without waiting. */
function lookUp(weights: Weights, name: string, rows: Timesteps): tf.Tensor2D {
  const table = takeStored<tf.Tensor2D>(weights, name);
  if (rows instanceof tf.Tensor) return embedding(table, tf.reshape(tf.cast(rows, "int32"), [-1]));
  const list = timestepList(rows);
  const wrong = list.find((row) => !Number.isInteger(row) || row < 0 || row >= (table.shape[0] ?? 0));
  if (wrong !== undefined)
    throw new Error(
      `"${name}" has rows 0 to ${String((table.shape[0] ?? 0) - 1)}; ${String(wrong)} is none of them.`,
    );
  return embedding(table, list);
}

function columnOf(times: Timesteps): tf.Tensor2D {
  const values = times instanceof tf.Tensor ? tf.cast(times, "float32") : tf.tensor1d(timestepList(times));
  return tf.reshape(values, [-1, 1]);
}

/** The last step of a U-Net with Fourier embedding, whose timesteps are noise levels. */
export function divideByTimesteps(x: tf.Tensor4D, times: Timesteps): tf.Tensor4D {
  return tf.div(x, tf.reshape(columnOf(times), [-1, 1, 1, 1]));
}
