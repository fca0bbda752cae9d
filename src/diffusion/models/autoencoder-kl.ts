import * as tf from "@tensorflow/tfjs";
import { fromTorchOrder } from "../../tensor/draw-pictures.ts";
import { TorchGenerator } from "../../tensor/torch-generator.ts";
import type { Model, ParameterSpec, Weights } from "../weights/parameters.ts";
import type { AutoencoderKlConfig } from "./autoencoder-kl-config.ts";
import {
  decoderForward,
  decoderParameters,
  encoderForward,
  encoderParameters,
} from "./autoencoder-kl-stages.ts";
import { applyConv } from "./layers/apply.ts";
import { convParameters } from "./layers/parameters.ts";
import { runSliced, runTiled, type TileGrid } from "./tiling.ts";

/** The autoencoder of Stable Diffusion (Rombach et al. 2022, appendix G), diffusers' `AutoencoderKL`. */
export type AutoencoderKl = Model<AutoencoderKlConfig>;

export interface AutoencoderOptions {
  /** Cut pictures larger than `tileSize` into overlapping tiles: less memory, a slightly different picture. Default false. */
  readonly tiling?: boolean;
  /** Side of a tile in pixels. Default: the config's `sampleSize`. */
  readonly tileSize?: number;
  /** One picture of the batch at a time. Default false. */
  readonly slicing?: boolean;
}

/** What the encoder finds: a normal distribution over latents, `[batch, h, w, latentChannels]` each. */
export interface LatentDistribution {
  readonly mean: tf.Tensor4D;
  /** Natural logarithm of the variance, within [-30, 20]. */
  readonly logvar: tf.Tensor4D;
}

/** How much tiles overlap; diffusers' value. */
const overlap = 0.25;

export function autoencoderKlParameters(config: AutoencoderKlConfig): ParameterSpec[] {
  const { latentChannels: latent, useQuantConv, usePostQuantConv } = config;
  const pointwise = (prefix: string, channels: number): ParameterSpec[] =>
    convParameters(prefix, { inChannels: channels, outChannels: channels, kernel: 1 });
  return [
    ...encoderParameters(config),
    ...decoderParameters(config),
    ...(useQuantConv ? pointwise("quant_conv", 2 * latent) : []),
    ...(usePostQuantConv ? pointwise("post_quant_conv", latent) : []),
  ];
}

/** Pixels for one latent place. */
export const autoencoderKlDownscale = (config: AutoencoderKlConfig): number =>
  2 ** (config.blockOutChannels.length - 1);

/**
 * Picture `[batch, height, width, inChannels]` in [-1, 1] → distribution of its latents, not scaled.
 * @throws when the picture does not fit the config.
 */
export function autoencoderKlEncode(
  config: AutoencoderKlConfig,
  weights: Weights,
  sample: tf.Tensor4D,
  options: AutoencoderOptions = {},
): LatentDistribution {
  checkPicture("encode", sample, config.inChannels, autoencoderKlDownscale(config));
  const encode = (x: tf.Tensor4D): tf.Tensor4D =>
    tf.tidy(() => {
      const moments = encoderForward(config, weights, x);
      return config.useQuantConv ? applyConv(weights, "quant_conv", moments) : moments;
    });
  const { pixels, latents } = tileSizes(config, options);
  const moments = run(sample, options, encode, { input: pixels, output: latents, overlap });
  const [mean, logvar] = tf.tidy(() => {
    const [first, second] = tf.split(moments, 2, 3) as [tf.Tensor4D, tf.Tensor4D];
    return [first, tf.clipByValue(second, -30, 20)];
  }) as [tf.Tensor4D, tf.Tensor4D];
  moments.dispose();
  return { mean, logvar };
}

/** Latents `[batch, h, w, latentChannels]`, not scaled → picture `[batch, h·2ⁿ, w·2ⁿ, outChannels]` in about [-1, 1]. */
export function autoencoderKlDecode(
  config: AutoencoderKlConfig,
  weights: Weights,
  latents: tf.Tensor4D,
  options: AutoencoderOptions = {},
): tf.Tensor4D {
  checkPicture("decode", latents, config.latentChannels, 1);
  const decode = (z: tf.Tensor4D): tf.Tensor4D =>
    tf.tidy(() =>
      decoderForward(config, weights, config.usePostQuantConv ? applyConv(weights, "post_quant_conv", z) : z),
    );
  const sizes = tileSizes(config, options);
  return run(latents, options, decode, { input: sizes.latents, output: sizes.pixels, overlap });
}

/** The most likely latents. A new tensor. */
export const latentMode = ({ mean }: LatentDistribution): tf.Tensor4D => tf.clone(mean);

/** A random draw; `noise` is standard normal and of the shape of the mean. */
export const latentSample = ({ mean, logvar }: LatentDistribution, noise: tf.Tensor4D): tf.Tensor4D =>
  tf.tidy(() => tf.add(mean, tf.mul(tf.exp(tf.mul(logvar, 0.5)), noise)));

/**
 * A random draw with torch's numbers, as diffusers makes it: one generator for the whole batch, or one for each picture.
 * The generators move on.
 */
export function drawLatents(
  distribution: LatentDistribution,
  generators: TorchGenerator | readonly TorchGenerator[],
): tf.Tensor4D {
  const [batch, height, width, channels] = distribution.mean.shape;
  const list = generators instanceof TorchGenerator ? [generators] : generators;
  if (list.length !== 1 && list.length !== batch) {
    throw new Error(
      `${String(list.length)} generators for a batch of ${String(batch)}; give one, or one a picture.`,
    );
  }
  const pictures = batch / list.length;
  return tf.tidy(() => {
    const count = pictures * height * width * channels;
    const noise = list.map((generator) =>
      fromTorchOrder(generator.randn(count), [pictures, height, width, channels]),
    );
    return latentSample(distribution, tf.concat(noise, 0));
  });
}

/** From the autoencoder's latents to the U-Net's, which have a variance of about 1. */
export const scaleLatents = (config: AutoencoderKlConfig, latents: tf.Tensor4D): tf.Tensor4D =>
  tf.tidy(() => tf.mul(tf.sub(latents, config.shiftFactor), config.scalingFactor));

/** The inverse of {@link scaleLatents}. */
export const unscaleLatents = (config: AutoencoderKlConfig, latents: tf.Tensor4D): tf.Tensor4D =>
  tf.tidy(() => tf.add(tf.div(latents, config.scalingFactor), config.shiftFactor));

function tileSizes(
  config: AutoencoderKlConfig,
  { tileSize }: AutoencoderOptions,
): { pixels: number; latents: number } {
  const pixels = tileSize ?? config.sampleSize;
  return { pixels, latents: Math.floor(pixels / autoencoderKlDownscale(config)) };
}

function run(
  x: tf.Tensor4D,
  options: AutoencoderOptions,
  forward: (x: tf.Tensor4D) => tf.Tensor4D,
  grid: TileGrid,
): tf.Tensor4D {
  const tiled = (picture: tf.Tensor4D): tf.Tensor4D =>
    options.tiling ? runTiled(picture, forward, grid) : forward(picture);
  return options.slicing ? runSliced(x, tiled) : tiled(x);
}

function checkPicture(task: string, x: tf.Tensor4D, channels: number, multiple: number): void {
  const [, height = 0, width = 0] = x.shape;
  if (x.shape.length !== 4 || x.shape[3] !== channels) {
    throw new Error(
      `The autoencoder cannot ${task} [${x.shape.join(", ")}]; it takes [batch, height, width, ${String(channels)}].`,
    );
  }
  if (height % multiple !== 0 || width % multiple !== 0) {
    throw new Error(
      `The autoencoder cannot ${task} ${String(height)}×${String(width)}; height and width must be multiples of ${String(multiple)}.`,
    );
  }
}
