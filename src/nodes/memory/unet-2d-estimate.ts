import * as tf from "@tensorflow/tfjs";
import type { BasicUnetConfig } from "../../diffusion/models/basic-unet.ts";
import type { Unet2dConfig } from "../../diffusion/models/unet-2d-config.ts";
import { unet2dLayout, type StageLayout } from "../../diffusion/models/unet-2d-layout.ts";
import { unet2dParameters } from "../../diffusion/models/unet-2d.ts";
import { FLOAT, onBackend, scoreBytes } from "./on-backend.ts";

/**
 * One step of a `UNet2DModel` on `[batch, height, width]`. Its forward pass can be differentiated, so that it keeps the result of
 * every block to its end; within a block more is needed for as long as the block runs.
 */
export function unet2dWorkingBytes(
  config: Unet2dConfig,
  [batch = 1, height = 1, width = 1]: readonly number[],
): number {
  const layout = unet2dLayout(config);
  let held = 0;
  let most = 0;
  let largestBlock = 0;
  const block = (bytes: number): void => {
    largestBlock = Math.max(largestBlock, bytes);
    most = Math.max(most, held + bytes);
  };
  const tokensAt = (level: number): number => Math.ceil(height / 2 ** level) * Math.ceil(width / 2 ** level);
  const map = (level: number, channels: number): number => batch * tokensAt(level) * channels * FLOAT;
  const resnet = (level: number, inChannels: number, outChannels: number): void => {
    block(map(level, inChannels + 5 * outChannels));
    held += map(level, outChannels);
  };
  const attend = (level: number, channels: number, attention: StageLayout["attention"]): void => {
    if (!attention) return;
    const heads = Math.floor(channels / attention.headDim);
    const tokens = tokensAt(level);
    block(map(level, 12 * channels) + scoreBytes(batch, heads, attention.headDim, tokens, tokens));
    held += map(level, channels);
  };

  held += map(0, config.blockOutChannels[0] ?? 0);
  layout.down.forEach(({ resnets, attention, sampler, outChannels }, level) => {
    for (const { inChannels } of resnets) {
      resnet(level, inChannels, outChannels);
      attend(level, outChannels, attention);
    }
    if (sampler !== null) held += map(level + 1, outChannels);
  });
  const innermost = layout.down.length - 1;
  if (layout.mid) {
    const { resnet: middle, attention } = layout.mid;
    resnet(innermost, middle.inChannels, middle.outChannels);
    attend(innermost, middle.outChannels, attention);
    resnet(innermost, middle.inChannels, middle.outChannels);
  }
  layout.up.forEach(({ resnets, attention, sampler, outChannels }, index) => {
    const level = innermost - index;
    for (const { inChannels } of resnets) {
      // What comes from below and the skip connection, side by side.
      held += map(level, inChannels);
      resnet(level, inChannels, outChannels);
      attend(level, outChannels, attention);
    }
    if (sampler === null) return;
    block(map(level - 1, 2 * outChannels));
    held += map(level - 1, outChannels);
  });

  // Between weights in half precision and in full, where a convolution's result lies beside its sum with the bias.
  if (tf.getBackend() !== "webgpu") return onBackend(1.25 * most, unet2dParameters(config));
  return onBackend(1.5 * most, [], { waiting: 2.5 * largestBlock, pooled: 4.5 * largestBlock });
}

/** Values for one pixel that the layers of a BasicUNet leave, all of which it keeps: its widths are fixed. */
const BASIC_UNET_VALUES = 236;

/** One step of the course's BasicUNet on `[batch, height, width]`. */
export function basicUnetWorkingBytes(
  { outChannels }: BasicUnetConfig,
  [batch = 1, height = 1, width = 1]: readonly number[],
): number {
  // Between weights in half precision and in full, as above.
  return 1.2 * batch * height * width * (BASIC_UNET_VALUES + 2 * outChannels) * FLOAT;
}
