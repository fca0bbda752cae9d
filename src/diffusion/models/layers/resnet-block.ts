import * as tf from "@tensorflow/tfjs";
import { avgPool2d, upsampleNearest2d } from "../../../tensor/ops.ts";
import type { ParameterSpec, Weights } from "../../weights/parameters.ts";
import { activate, type Activation } from "./activation.ts";
import { applyConv, applyGroupNorm, applyLinear, applyNormActivation, takeStored } from "./apply.ts";
import { addLean } from "./lean-gradients.ts";
import { convParameters, linearParameters, normParameters } from "./parameters.ts";

/** How the time embedding enters: added before the second norm, or as scale and shift after it. */
export type TimeEmbeddingNorm = "default" | "scale_shift";

/** diffusers' `ResnetBlock2D`. */
export interface ResnetBlockConfig {
  readonly inChannels: number;
  readonly outChannels: number;
  /** Width of the time embedding; null for a block without one (autoencoders). */
  readonly timeChannels: number | null;
  readonly groups: number;
  readonly epsilon: number;
  readonly activation: Activation;
  /** Default `default`. */
  readonly timeEmbeddingNorm?: TimeEmbeddingNorm;
  /** The sum of block and shortcut is divided by it. Default 1. */
  readonly outputScaleFactor?: number;
  /** Leaves out the activation on the time embedding. Default false. */
  readonly skipTimeAct?: boolean;
  /** Halves (average pooling) or doubles (nearest) the picture between the first norm and the first convolution. */
  readonly resample?: "down" | "up";
}

const hasShortcut = ({ inChannels, outChannels }: ResnetBlockConfig): boolean => inChannels !== outChannels;

export function resnetBlockParameters(prefix: string, config: ResnetBlockConfig): ParameterSpec[] {
  const { inChannels, outChannels, timeChannels, timeEmbeddingNorm = "default" } = config;
  const timeOut = timeEmbeddingNorm === "scale_shift" ? 2 * outChannels : outChannels;
  return [
    ...normParameters(`${prefix}.norm1`, inChannels),
    ...convParameters(`${prefix}.conv1`, { inChannels, outChannels }),
    ...(timeChannels === null ? [] : linearParameters(`${prefix}.time_emb_proj`, timeChannels, timeOut)),
    ...normParameters(`${prefix}.norm2`, outChannels),
    ...convParameters(`${prefix}.conv2`, { inChannels: outChannels, outChannels }),
    ...(hasShortcut(config)
      ? convParameters(`${prefix}.conv_shortcut`, { inChannels, outChannels, kernel: 1 })
      : []),
  ];
}

/** x `[n, h, w, in]`, timeEmbedding `[n or 1, timeChannels]` → `[n, h', w', out]`. */
export function resnetBlock(
  weights: Weights,
  prefix: string,
  config: ResnetBlockConfig,
  x: tf.Tensor4D,
  timeEmbedding?: tf.Tensor2D,
): tf.Tensor4D {
  return tf.tidy(() => runResnetBlock(weights, prefix, config, x, timeEmbedding));
}

function runResnetBlock(
  weights: Weights,
  prefix: string,
  config: ResnetBlockConfig,
  x: tf.Tensor4D,
  timeEmbedding: tf.Tensor2D | undefined,
): tf.Tensor4D {
  const { activation, groups, epsilon, timeEmbeddingNorm = "default", outputScaleFactor = 1 } = config;
  const time = projectTime(weights, prefix, config, timeEmbedding);

  let hidden = applyNormActivation(weights, `${prefix}.norm1`, activation, x, groups, epsilon);
  hidden = applyConv(weights, `${prefix}.conv1`, resample(hidden, config.resample), { padding: 1 });
  if (time && timeEmbeddingNorm === "scale_shift") {
    const [scale, shift] = tf.split(time, 2, -1) as [tf.Tensor4D, tf.Tensor4D];
    const normal = applyGroupNorm(weights, `${prefix}.norm2`, hidden, groups, epsilon);
    hidden = activate(activation, tf.add(tf.mul(normal, tf.add(scale, 1)), shift));
  } else {
    if (time) hidden = addLean(hidden, time);
    hidden = applyNormActivation(weights, `${prefix}.norm2`, activation, hidden, groups, epsilon);
  }
  hidden = applyConv(weights, `${prefix}.conv2`, hidden, { padding: 1 });

  let shortcut = resample(x, config.resample);
  if (hasShortcut(config)) shortcut = applyConv(weights, `${prefix}.conv_shortcut`, shortcut);
  const sum = addLean(shortcut, hidden);
  return outputScaleFactor === 1 ? sum : tf.div(sum, outputScaleFactor);
}

/** `[n, 1, 1, out]`, or twice as many channels for scale and shift. */
function projectTime(
  weights: Weights,
  prefix: string,
  { timeChannels, activation, skipTimeAct = false }: ResnetBlockConfig,
  timeEmbedding: tf.Tensor2D | undefined,
): tf.Tensor4D | undefined {
  if (timeChannels === null) return undefined;
  if (!timeEmbedding)
    throw new Error(
      `"${prefix}" was built for a time embedding of ${String(timeChannels)} channels; none was given.`,
    );
  const active = skipTimeAct ? timeEmbedding : activate(activation, timeEmbedding);
  const projected = applyLinear(weights, `${prefix}.time_emb_proj`, active);
  const channels = takeStored(weights, `${prefix}.time_emb_proj.weight`).shape[1] ?? 0;
  return tf.reshape(projected, [-1, 1, 1, channels]);
}

function resample(x: tf.Tensor4D, direction: "down" | "up" | undefined): tf.Tensor4D {
  if (direction === "down") return avgPool2d(x, 2);
  return direction === "up" ? upsampleNearest2d(x, 2) : x;
}
