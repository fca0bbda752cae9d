import * as tf from "@tensorflow/tfjs";
import type { ControlnetConfig } from "../../diffusion/models/controlnet-config.ts";
import { controlnetParameters } from "../../diffusion/models/controlnet.ts";
import type { Model } from "../../diffusion/weights/parameters.ts";
import { FLOAT, onBackend, scoreBytes } from "./on-backend.ts";

/**
 * One step of a ControlNet on latents `[batch, height, width, channels]`: the convolutions over the picture at its full size, then
 * the way down of a U-Net, whose results are all kept.
 */
export function controlnetWorkingBytes(
  { config: given }: Pick<Model<unknown>, "config">,
  [batch = 1, height = 1, width = 1]: readonly number[],
): number {
  const config = given as ControlnetConfig;
  const pictureBytes = embeddingBytes(config, batch * height * width);
  const { blockOutChannels, layersPerBlock, downBlockTypes, numAttentionHeads } = config;
  // The first convolution, the picture, and their sum.
  let held = 2 * batch * height * width * (blockOutChannels[0] ?? 0) * FLOAT;
  let most = 0;
  blockOutChannels.forEach((channels, level) => {
    const tokens = Math.ceil(height / 2 ** level) * Math.ceil(width / 2 ** level);
    const map = batch * tokens * channels * FLOAT;
    held += map * ((layersPerBlock[level] ?? 2) + 1);
    let work = 8 * map;
    if (downBlockTypes[level]?.startsWith("CrossAttn")) {
      const heads = numAttentionHeads[level] ?? 1;
      // GEGLU widens eightfold and halves.
      work = Math.max(19 * map + scoreBytes(batch, heads, channels / heads, tokens, tokens), 25 * map);
    }
    most = Math.max(most, held + work);
  });
  if (tf.getBackend() !== "webgpu")
    return onBackend(Math.max(1.4 * pictureBytes, most), controlnetParameters(config));
  // What the picture took is free by then, and fits nothing that follows.
  return onBackend(most, [], { waiting: 1.2 * most, pooled: 2.2 * most + 1.6 * pictureBytes });
}

/** Each convolution and its activation, on the way from the picture's size to that of the latents. */
function embeddingBytes(
  { conditioningEmbeddingOutChannels: widths }: ControlnetConfig,
  places: number,
): number {
  return widths.reduce((sum, channels, index) => {
    const fromEnd = widths.length - 1 - index;
    // One convolution brings the size, another one follows before the next.
    const results = fromEnd === 0 ? 2 : 4;
    return sum + results * channels * places * 4 ** fromEnd * FLOAT;
  }, 0);
}
