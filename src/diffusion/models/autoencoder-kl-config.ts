import { ACTIVATIONS, type Activation } from "./layers/activation.ts";
import { openConfig } from "./open-config.ts";

/** Options of diffusers' `AutoencoderKL`. */
export interface AutoencoderKlConfig {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly blockOutChannels: readonly number[];
  readonly layersPerBlock: number;
  readonly actFn: Activation;
  readonly latentChannels: number;
  readonly normNumGroups: number;
  /** Side of the pictures that it was trained for, and of the tiles that large pictures are cut into. */
  readonly sampleSize: number;
  /** The U-Net's latents are (z − shiftFactor) · scalingFactor. */
  readonly scalingFactor: number;
  readonly shiftFactor: number;
  readonly useQuantConv: boolean;
  readonly usePostQuantConv: boolean;
  readonly midBlockAddAttention: boolean;
}

export const AUTOENCODER_KL_CLASS_NAME = "AutoencoderKL";

/**
 * Reads `config.json` of an AutoencoderKL.
 * @throws naming the option that is not supported.
 */
export function parseAutoencoderKlConfig(json: unknown): AutoencoderKlConfig {
  const read = openConfig(AUTOENCODER_KL_CLASS_NAME, json);
  const blockOutChannels = read.integers("block_out_channels", [64]);
  const down = read.choices("down_block_types", ["DownEncoderBlock2D"], ["DownEncoderBlock2D"]);
  const up = read.choices("up_block_types", ["UpDecoderBlock2D"], ["UpDecoderBlock2D"]);
  for (const [name, types] of [
    ["down_block_types", down],
    ["up_block_types", up],
  ] as const) {
    if (types.length !== blockOutChannels.length) {
      read.fail(name, `as many as block_out_channels (${String(blockOutChannels.length)}) are`);
    }
  }
  const normNumGroups = read.integer("norm_num_groups", 32);
  const uneven = blockOutChannels.find((channels) => channels % normNumGroups !== 0);
  if (uneven !== undefined) read.fail("norm_num_groups", `a divisor of ${String(uneven)} channels is`);
  const size = read.raw("sample_size");
  const config: AutoencoderKlConfig = {
    inChannels: read.integer("in_channels", 3),
    outChannels: read.integer("out_channels", 3),
    blockOutChannels,
    layersPerBlock: read.integer("layers_per_block", 1),
    actFn: read.choice("act_fn", ACTIVATIONS, "silu"),
    latentChannels: read.integer("latent_channels", 4),
    normNumGroups,
    sampleSize: Array.isArray(size)
      ? (read.integers("sample_size", [32])[0] ?? 32)
      : read.integer("sample_size", 32),
    scalingFactor: read.number("scaling_factor", 0.18215),
    shiftFactor: read.number("shift_factor", 0),
    useQuantConv: read.boolean("use_quant_conv", true),
    usePostQuantConv: read.boolean("use_post_quant_conv", true),
    midBlockAddAttention: read.boolean("mid_block_add_attention", true),
  };
  read.only("latents_mean", null);
  read.only("latents_std", null);
  // About half precision, which is not used here.
  read.ignore("force_upcast");
  read.finish();
  return config;
}
