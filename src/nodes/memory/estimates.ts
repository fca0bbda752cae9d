import type { AutoencoderKlConfig } from "../../diffusion/models/autoencoder-kl-config.ts";
import type { ClipTextConfig } from "../../diffusion/models/clip-text-config.ts";
import type { Unet2dConditionConfig } from "../../diffusion/models/unet-2d-condition-config.ts";
import { UNET_2D_CONDITION_CLASS_NAME } from "../../diffusion/models/unet-2d-condition-config.ts";
import { AUTOENCODER_KL_CLASS_NAME } from "../../diffusion/models/autoencoder-kl-config.ts";
import type { Model } from "../../diffusion/weights/parameters.ts";
import { hasFusedAttention } from "../../tensor/kernels/fused-attention.ts";

/**
 * How many bytes a network needs for its intermediate results, beside its weights: estimates, from the config and the size of
 * the picture. They count what lives at the most crowded place; they have not been compared with a measurement yet.
 */

const FLOAT = 4;

/** Scores of attention, and their softmax, where no kernel does without. */
const scoreBytes = (batch: number, heads: number, dim: number, queries: number, keys: number): number =>
  hasFusedAttention(dim) ? 0 : 2 * batch * heads * queries * keys * FLOAT;

/**
 * One step of a text-conditioned U-Net on latents `[batch, height, width, channels]`: all that the way down leaves for the way up,
 * and the work of the largest layer.
 */
export function unetWorkingBytes(
  { className, config }: Pick<Model<unknown>, "className" | "config">,
  [batch = 1, height = 1, width = 1]: readonly number[],
): number {
  if (className !== UNET_2D_CONDITION_CLASS_NAME) return 0;
  const { blockOutChannels, layersPerBlock, downBlockTypes, numAttentionHeads } =
    config as Unet2dConditionConfig;
  let skips = 0;
  let work = 0;
  blockOutChannels.forEach((channels, level) => {
    const tokens = Math.ceil(height / 2 ** level) * Math.ceil(width / 2 ** level);
    const map = batch * tokens * channels * FLOAT;
    skips += map * ((layersPerBlock[level] ?? 2) + 1);
    // A block of the way up: what comes from below beside a skip connection, its norm, and the two convolutions.
    const above = Math.max(channels, blockOutChannels[level + 1] ?? channels);
    work = Math.max(work, batch * tokens * FLOAT * (2 * (channels + above) + 2 * channels));
    if (!downBlockTypes[level]?.startsWith("CrossAttn")) return;
    const heads = numAttentionHeads[level] ?? 1;
    const attention = 6 * map + scoreBytes(batch, heads, channels / heads, tokens, tokens);
    // GEGLU widens eightfold and halves.
    work = Math.max(work, attention, 15 * map);
  });
  return skips + work;
}

/** A VAE on a picture of `[batch, height, width]` pixels: four maps at full size, of which two are as wide as the level below. */
export function vaeWorkingBytes(
  { className, config }: Pick<Model<unknown>, "className" | "config">,
  [batch = 1, height = 1, width = 1]: readonly number[],
): number {
  if (className !== AUTOENCODER_KL_CLASS_NAME) return batch * height * width * 64 * 4 * FLOAT;
  const { blockOutChannels } = config as AutoencoderKlConfig;
  const [outer = 128, next = 128] = blockOutChannels;
  const innermost = blockOutChannels.at(-1) ?? 512;
  const tokens = (height * width) / vaeScale(config as AutoencoderKlConfig) ** 2;
  const attention = 6 * batch * tokens * innermost * FLOAT + scoreBytes(batch, 1, innermost, tokens, tokens);
  return Math.max(batch * height * width * FLOAT * (3 * Math.max(outer, next) + outer), attention);
}

/** How many times smaller a latent is than its picture. */
export const vaeScale = ({ blockOutChannels }: Pick<AutoencoderKlConfig, "blockOutChannels">): number =>
  2 ** (blockOutChannels.length - 1);

/** CLIP's text transformer on rows of tokens. */
export function textWorkingBytes({ config }: Pick<Model<unknown>, "config">, rows: number): number {
  const { hiddenSize, intermediateSize, numAttentionHeads, maxPositionEmbeddings } = config as ClipTextConfig;
  const tokens = rows * maxPositionEmbeddings;
  const scores = 2 * rows * numAttentionHeads * maxPositionEmbeddings ** 2;
  return FLOAT * (tokens * (4 * hiddenSize + 3 * intermediateSize) + scores);
}
