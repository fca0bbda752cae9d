import * as tf from "@tensorflow/tfjs";
import type { AutoencoderKlConfig } from "../../diffusion/models/autoencoder-kl-config.ts";
import { AUTOENCODER_KL_CLASS_NAME } from "../../diffusion/models/autoencoder-kl-config.ts";
import { autoencoderKlDownscale, autoencoderKlParameters } from "../../diffusion/models/autoencoder-kl.ts";
import { BASIC_UNET_CLASS_NAME, type BasicUnetConfig } from "../../diffusion/models/basic-unet.ts";
import type { ClipTextConfig } from "../../diffusion/models/clip-text-config.ts";
import { clipTextParameters } from "../../diffusion/models/clip-text.ts";
import type { Unet2dConditionConfig } from "../../diffusion/models/unet-2d-condition-config.ts";
import { UNET_2D_CONDITION_CLASS_NAME } from "../../diffusion/models/unet-2d-condition-config.ts";
import { unet2dConditionParameters } from "../../diffusion/models/unet-2d-condition.ts";
import { UNET_2D_CLASS_NAME, type Unet2dConfig } from "../../diffusion/models/unet-2d-config.ts";
import type { Model } from "../../diffusion/weights/parameters.ts";
import type { Precision } from "./precision.ts";
import { FLOAT, onBackend, scoreBytes } from "./on-backend.ts";
import { basicUnetWorkingBytes, unet2dWorkingBytes } from "./unet-2d-estimate.ts";

/**
 * How many bytes a network needs for its intermediate results, beside its weights: estimates, from the config and the size of
 * the picture. They count what lives at the most crowded place. The factors were measured: on WASM from the largest sum of
 * tensors, on WebGPU from the buffers that were allocated, up to Stable Diffusion's true size. With weights in full precision a
 * layer's result lies beside its sum with the bias for a while, where those in half precision have kernels that do both at once.
 */

/** The factor of weights in full precision, on either backend. */
const inFull = (precision: Precision, factor: { readonly wasm: number; readonly webgpu: number }): number => {
  if (precision === "half") return 1;
  return tf.getBackend() === "webgpu" ? factor.webgpu : factor.wasm;
};

/** One step of a U-Net of any class on latents or pictures `[batch, height, width, channels]`. */
export function unetWorkingBytes(
  { className, config }: Pick<Model<unknown>, "className" | "config">,
  shape: readonly number[],
  precision: Precision = "half",
): number {
  switch (className) {
    case UNET_2D_CONDITION_CLASS_NAME:
      return unet2dConditionWorkingBytes(config as Unet2dConditionConfig, shape, precision);
    // These two lie between the precisions.
    case UNET_2D_CLASS_NAME:
      return unet2dWorkingBytes(config as Unet2dConfig, shape);
    case BASIC_UNET_CLASS_NAME:
      return basicUnetWorkingBytes(config as BasicUnetConfig, shape);
    default:
      return 0;
  }
}

/** A text-conditioned U-Net: at each level what the way down has left for the way up, and the work of the largest layer. */
function unet2dConditionWorkingBytes(
  config: Unet2dConditionConfig,
  [batch = 1, height = 1, width = 1]: readonly number[],
  precision: Precision,
): number {
  const { blockOutChannels, layersPerBlock, downBlockTypes, numAttentionHeads } = config;
  let skips = 0;
  let most = 0;
  blockOutChannels.forEach((channels, level) => {
    const tokens = Math.ceil(height / 2 ** level) * Math.ceil(width / 2 ** level);
    const map = batch * tokens * channels * FLOAT;
    skips += map * ((layersPerBlock[level] ?? 2) + 1);
    // What comes from below is wider, and lies beside a skip connection.
    const below = (2 * map * (blockOutChannels[level + 1] ?? channels)) / channels;
    let work = 12 * map + below;
    if (downBlockTypes[level]?.startsWith("CrossAttn")) {
      const heads = numAttentionHeads[level] ?? 1;
      const attention = 19 * map + scoreBytes(batch, heads, channels / heads, tokens, tokens);
      // GEGLU widens eightfold and halves.
      work = Math.max(attention, 24 * map + below);
    }
    most = Math.max(most, skips + work);
  });
  return onBackend(most * inFull(precision, { wasm: 1, webgpu: 1.4 }), unet2dConditionParameters(config));
}

/** A VAE on a picture of `[batch, height, width]` pixels: its decoder, whose last block is given what is as wide as the one below. */
export function vaeWorkingBytes(
  { className, config: given }: Pick<Model<unknown>, "className" | "config">,
  [batch = 1, height = 1, width = 1]: readonly number[],
  precision: Precision = "half",
): number {
  if (className !== AUTOENCODER_KL_CLASS_NAME) {
    // AutoencoderTiny: 64 channels throughout; on a GPU its activations are fused.
    const maps = tf.getBackend() === "webgpu" ? 4 : 8;
    return (
      onBackend(batch * height * width * 64 * maps * FLOAT, []) *
      inFull(precision, { wasm: 1.5, webgpu: 1.4 })
    );
  }
  const config = given as AutoencoderKlConfig;
  const { blockOutChannels } = config;
  const [outer = 128, next = outer] = blockOutChannels;
  const innermost = blockOutChannels.at(-1) ?? 512;
  const tokens = (height * width) / autoencoderKlDownscale(config) ** 2;
  const attention = 15 * batch * tokens * innermost * FLOAT + scoreBytes(batch, 1, innermost, tokens, tokens);
  const lastBlock = batch * height * width * FLOAT * 3 * (outer + next);
  const most = Math.max(lastBlock, attention) * inFull(precision, { wasm: 1.3, webgpu: 1.5 });
  return onBackend(most, autoencoderKlParameters(config));
}

/** CLIP's text transformer on rows of tokens. */
export function textWorkingBytes(
  { config: given }: Pick<Model<unknown>, "config">,
  rows: number,
  precision: Precision = "half",
): number {
  const config = given as ClipTextConfig;
  const { hiddenSize, intermediateSize, numAttentionHeads, maxPositionEmbeddings } = config;
  const tokens = rows * maxPositionEmbeddings;
  const attention = 12 * tokens * hiddenSize + 2 * rows * numAttentionHeads * maxPositionEmbeddings ** 2;
  const feedForward = tokens * (12 * hiddenSize + 5 * intermediateSize);
  const most = FLOAT * Math.max(attention, feedForward) * inFull(precision, { wasm: 1.7, webgpu: 1 });
  return onBackend(most, clipTextParameters(config));
}
