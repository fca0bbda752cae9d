import * as tf from "@tensorflow/tfjs";
import { upsampleNearest2d } from "../../tensor/ops.ts";
import type { Model, ParameterSpec, Weights } from "../weights/parameters.ts";
import { activate, ACTIVATIONS, type Activation } from "./layers/activation.ts";
import { applyConv } from "./layers/apply.ts";
import { convParameters } from "./layers/parameters.ts";
import { openConfig } from "./open-config.ts";

/** A distilled autoencoder (TAESD) for quick previews, diffusers' `AutoencoderTiny`. */
export type AutoencoderTiny = Model<AutoencoderTinyConfig>;

export interface AutoencoderTinyConfig {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly encoderBlockOutChannels: readonly number[];
  readonly decoderBlockOutChannels: readonly number[];
  readonly numEncoderBlocks: readonly number[];
  readonly numDecoderBlocks: readonly number[];
  readonly actFn: Activation;
  readonly latentChannels: number;
  readonly upsamplingScalingFactor: number;
  /** The U-Net's latents are these times it; 1 for TAESD, which reads the U-Net's latents as they are. */
  readonly scalingFactor: number;
}

export const AUTOENCODER_TINY_CLASS_NAME = "AutoencoderTiny";

/**
 * Reads `config.json` of an AutoencoderTiny.
 * @throws naming the option that is not supported.
 */
export function parseAutoencoderTinyConfig(json: unknown): AutoencoderTinyConfig {
  const read = openConfig(AUTOENCODER_TINY_CLASS_NAME, json);
  const config: AutoencoderTinyConfig = {
    inChannels: read.integer("in_channels", 3),
    outChannels: read.integer("out_channels", 3),
    encoderBlockOutChannels: read.integers("encoder_block_out_channels", [64, 64, 64, 64]),
    decoderBlockOutChannels: read.integers("decoder_block_out_channels", [64, 64, 64, 64]),
    numEncoderBlocks: read.integers("num_encoder_blocks", [1, 3, 3, 3]),
    numDecoderBlocks: read.integers("num_decoder_blocks", [3, 3, 3, 1]),
    actFn: read.choice("act_fn", ACTIVATIONS, "relu"),
    latentChannels: read.integer("latent_channels", 4),
    upsamplingScalingFactor: read.integer("upsampling_scaling_factor", 2),
    scalingFactor: read.number("scaling_factor", 1),
  };
  for (const [channels, blocks] of [
    ["encoder_block_out_channels", "num_encoder_blocks"],
    ["decoder_block_out_channels", "num_decoder_blocks"],
  ] as const) {
    const widths = read.integers(channels, [64, 64, 64, 64]);
    // A convolution between stages keeps the number of channels, so diffusers itself cannot run stages of different widths.
    if (new Set(widths).size > 1) read.fail(channels, "one width for all stages is");
    if (widths.length !== read.integers(blocks, [1, 1, 1, 1]).length)
      read.fail(blocks, `as many as ${channels} are`);
  }
  read.only("upsample_fn", "nearest");
  read.only("shift_factor", 0, null);
  // The first repeats decoder_block_out_channels; the others only matter for storing latents as bytes and for half precision.
  read.ignore("block_out_channels", "latent_magnitude", "latent_shift", "force_upcast");
  read.finish();
  return config;
}

/** One entry of the chain of layers that diffusers numbers through. */
type Layer =
  | {
      readonly kind: "conv";
      readonly inChannels: number;
      readonly outChannels: number;
      readonly stride: number;
      readonly bias: boolean;
    }
  | { readonly kind: "block"; readonly channels: number }
  | { readonly kind: "activation" }
  | { readonly kind: "upsample" };

const conv = (inChannels: number, outChannels: number, stride = 1, bias = true): Layer => ({
  kind: "conv",
  inChannels,
  outChannels,
  stride,
  bias,
});
const blocks = (count: number, channels: number): Layer[] =>
  Array.from({ length: count }, () => ({ kind: "block", channels }));

function encoderLayers(config: AutoencoderTinyConfig): Layer[] {
  const widths = config.encoderBlockOutChannels;
  const stages = config.numEncoderBlocks.flatMap((count, stage) => {
    const width = widths[stage] ?? 0;
    return [
      stage === 0 ? conv(config.inChannels, width) : conv(width, width, 2, false),
      ...blocks(count, width),
    ];
  });
  return [...stages, conv(widths.at(-1) ?? 0, config.latentChannels)];
}

function decoderLayers(config: AutoencoderTinyConfig): Layer[] {
  const widths = config.decoderBlockOutChannels;
  const last = config.numDecoderBlocks.length - 1;
  const stages = config.numDecoderBlocks.flatMap((count, stage): Layer[] => {
    const width = widths[stage] ?? 0;
    return stage === last
      ? [...blocks(count, width), conv(width, config.outChannels)]
      : [...blocks(count, width), { kind: "upsample" }, conv(width, width, 1, false)];
  });
  return [conv(config.latentChannels, widths[0] ?? 0), { kind: "activation" }, ...stages];
}

/** Places of the three convolutions among a block's layers; activations lie between them. */
const blockConvs = [0, 2, 4];

function layerParameters(prefix: string, layers: readonly Layer[]): ParameterSpec[] {
  return layers.flatMap((layer, i) => {
    const name = `${prefix}.layers.${String(i)}`;
    if (layer.kind === "conv") return convParameters(name, layer);
    if (layer.kind !== "block") return [];
    const { channels } = layer;
    return blockConvs.flatMap((place) =>
      convParameters(`${name}.conv.${String(place)}`, { inChannels: channels, outChannels: channels }),
    );
  });
}

function runLayers(
  config: AutoencoderTinyConfig,
  weights: Weights,
  prefix: string,
  layers: readonly Layer[],
  x: tf.Tensor4D,
): tf.Tensor4D {
  return layers.reduce((hidden, layer, i) => {
    const name = `${prefix}.layers.${String(i)}`;
    const result = tf.tidy(() => {
      switch (layer.kind) {
        case "conv":
          return applyConv(weights, name, hidden, { padding: 1, stride: layer.stride });
        case "block":
          return runBlock(config, weights, name, hidden);
        case "activation":
          return activate(config.actFn, hidden);
        case "upsample":
          return upsampleNearest2d(hidden, config.upsamplingScalingFactor);
      }
    });
    if (hidden !== x) hidden.dispose();
    return result;
  }, x);
}

function runBlock(
  config: AutoencoderTinyConfig,
  weights: Weights,
  name: string,
  x: tf.Tensor4D,
): tf.Tensor4D {
  const convolved = blockConvs.reduce((hidden, place, i) => {
    const input = i === 0 ? hidden : activate(config.actFn, hidden);
    return applyConv(weights, `${name}.conv.${String(place)}`, input, { padding: 1 });
  }, x);
  return tf.relu(tf.add(convolved, x));
}

export const autoencoderTinyParameters = (config: AutoencoderTinyConfig): ParameterSpec[] => [
  ...layerParameters("encoder", encoderLayers(config)),
  ...layerParameters("decoder", decoderLayers(config)),
];

/** Picture `[batch, height, width, inChannels]` in [-1, 1] → latents `[batch, height/2ⁿ, width/2ⁿ, latentChannels]`. */
export function autoencoderTinyEncode(
  config: AutoencoderTinyConfig,
  weights: Weights,
  sample: tf.Tensor4D,
): tf.Tensor4D {
  checkChannels("encode", sample, config.inChannels);
  return tf.tidy(() =>
    runLayers(config, weights, "encoder", encoderLayers(config), tf.div(tf.add(sample, 1), 2)),
  );
}

/** The U-Net's latents `[batch, h, w, latentChannels]` → picture `[batch, h·2ⁿ, w·2ⁿ, outChannels]` in about [-1, 1]. */
export function autoencoderTinyDecode(
  config: AutoencoderTinyConfig,
  weights: Weights,
  latents: tf.Tensor4D,
): tf.Tensor4D {
  checkChannels("decode", latents, config.latentChannels);
  return tf.tidy(() => {
    const bounded: tf.Tensor4D = tf.mul(tf.tanh(tf.div(latents, 3)), 3);
    return tf.sub(tf.mul(runLayers(config, weights, "decoder", decoderLayers(config), bounded), 2), 1);
  });
}

function checkChannels(task: string, x: tf.Tensor4D, channels: number): void {
  if (x.shape.length !== 4 || x.shape[3] !== channels) {
    throw new Error(
      `The autoencoder cannot ${task} [${x.shape.join(", ")}]; it takes [batch, height, width, ${String(channels)}].`,
    );
  }
}
