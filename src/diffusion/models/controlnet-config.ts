import { openConfig } from "./open-config.ts";
import { readEncoderConfig, type ConditionEncoderConfig } from "./unet-2d-condition-config.ts";

/** Options of diffusers' `ControlNetModel`. */
export interface ControlnetConfig extends ConditionEncoderConfig {
  /** Channels of the picture that guides. */
  readonly conditioningChannels: number;
  /** Widths of the convolutions that bring that picture to the latents' size. */
  readonly conditioningEmbeddingOutChannels: readonly number[];
  readonly conditioningChannelOrder: "rgb" | "bgr";
  /** The residuals are averaged over all places, as the "shuffle" models want it. */
  readonly globalPoolConditions: boolean;
}

export const CONTROLNET_CLASS_NAME = "ControlNetModel";

/**
 * Reads `config.json` of a ControlNetModel.
 * @throws naming the option that is not supported.
 */
export function parseControlnetConfig(json: unknown): ControlnetConfig {
  const read = openConfig(CONTROLNET_CLASS_NAME, json);
  const config: ControlnetConfig = {
    ...readEncoderConfig(read),
    conditioningChannels: read.integer("conditioning_channels", 3),
    conditioningEmbeddingOutChannels: read.integers("conditioning_embedding_out_channels", [16, 32, 96, 256]),
    conditioningChannelOrder: read.choice("controlnet_conditioning_channel_order", ["rgb", "bgr"], "rgb"),
    globalPoolConditions: read.boolean("global_pool_conditions", false),
  };
  read.only("class_embed_type", null);
  read.only("num_class_embeds", null);
  read.only("encoder_hid_dim", null);
  read.finish();
  return config;
}
