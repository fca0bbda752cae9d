import * as tf from "@tensorflow/tfjs";
import type { AutoencoderKlConfig } from "../../diffusion/models/autoencoder-kl-config.ts";
import {
  autoencoderKlDecode,
  autoencoderKlDownscale,
  autoencoderKlEncode,
  drawLatents,
  latentMode,
  scaleLatents,
  unscaleLatents,
  type AutoencoderOptions,
} from "../../diffusion/models/autoencoder-kl.ts";
import {
  AUTOENCODER_TINY_CLASS_NAME,
  autoencoderTinyDecode,
  autoencoderTinyEncode,
  type AutoencoderTinyConfig,
} from "../../diffusion/models/autoencoder-tiny.ts";
import type { Model } from "../../diffusion/weights/parameters.ts";
import { vaeWorkingBytes } from "../memory/estimates.ts";
import { precisionOf } from "../memory/precision.ts";
import type { TorchGenerator } from "../../tensor/torch-generator.ts";

const isTiny = ({ className }: Model<unknown>): boolean => className === AUTOENCODER_TINY_CLASS_NAME;

/** How many channels an autoencoder's latents have, and how many times smaller than the picture they are. */
export function latentGeometry(vae: Model<unknown>): {
  readonly channels: number;
  readonly downscale: number;
} {
  if (isTiny(vae)) {
    const { latentChannels, encoderBlockOutChannels } = vae.config as AutoencoderTinyConfig;
    return { channels: latentChannels, downscale: 2 ** (encoderBlockOutChannels.length - 1) };
  }
  const config = vae.config as AutoencoderKlConfig;
  return { channels: config.latentChannels, downscale: autoencoderKlDownscale(config) };
}

/** Latents as the U-Net knows them → pictures `[batch, height, width, 3]` from 0 to 1, clipped. */
export function decodeLatents(
  vae: Model<unknown>,
  latent: tf.Tensor4D,
  options: AutoencoderOptions,
): tf.Tensor4D {
  const decoded = isTiny(vae)
    ? autoencoderTinyDecode(vae.config as AutoencoderTinyConfig, vae.weights, latent)
    : autoencoderKlDecode(
        vae.config as AutoencoderKlConfig,
        vae.weights,
        unscaleLatents(vae.config as AutoencoderKlConfig, latent),
        options,
      );
  return tf.clipByValue(tf.add(tf.mul(decoded, 0.5), 0.5), 0, 1);
}

/** An estimate, for the memory budget: tiles and single pictures need less. */
export function decodeWorkingBytes(
  vae: Model<unknown>,
  [batch = 1, height = 1, width = 1]: readonly number[],
  { tiling, tileSize, slicing }: AutoencoderOptions,
): number {
  const { downscale: scale } = latentGeometry(vae);
  const side = (latent: number): number =>
    tiling === true ? Math.min(scale * latent, tileSize ?? scale * latent) : scale * latent;
  return vaeWorkingBytes(vae, [slicing === true ? 1 : batch, side(height), side(width)], precisionOf(vae));
}

/** {@link decodeWorkingBytes} of encoding, for which the decoder's need is the upper bound. */
export function encodeWorkingBytes(
  vae: Model<unknown>,
  [batch = 1, height = 1, width = 1]: readonly number[],
  { tiling, tileSize, slicing }: AutoencoderOptions,
): number {
  const side = (pixels: number): number => (tiling === true ? Math.min(pixels, tileSize ?? pixels) : pixels);
  return vaeWorkingBytes(vae, [slicing === true ? 1 : batch, side(height), side(width)], precisionOf(vae));
}

/**
 * Pictures from 0 to 1 → latents as the U-Net knows them.
 *
 * @param generator Draws from the encoder's distribution, and is advanced; without one the distribution's mode is taken.
 */
export function encodePictures(
  vae: Model<unknown>,
  image: tf.Tensor4D,
  options: AutoencoderOptions,
  generator?: TorchGenerator,
): tf.Tensor4D {
  const sample: tf.Tensor4D = tf.sub(tf.mul(image, 2), 1);
  if (isTiny(vae)) return autoencoderTinyEncode(vae.config as AutoencoderTinyConfig, vae.weights, sample);
  const config = vae.config as AutoencoderKlConfig;
  const distribution = autoencoderKlEncode(config, vae.weights, sample, options);
  return scaleLatents(config, generator ? drawLatents(distribution, generator) : latentMode(distribution));
}
