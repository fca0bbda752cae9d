import { parseUnet2dConfig, UNET_2D_CLASS_NAME } from "../../diffusion/models/unet-2d-config.ts";
import { unet2dParameters } from "../../diffusion/models/unet-2d.ts";
import { initWeights } from "../../diffusion/weights/init-weights.ts";
import { defineNode, port } from "../../engine/node/define-node.ts";
import { boolean, choice, int, seed, text } from "../../engine/node/params.ts";
import { unetType } from "../socket-types.ts";

const words = (list: string): string[] => list.split(/[\s,]+/).filter(Boolean);

export default defineNode({
  type: "model/create-unet",
  version: 1,
  title: "Create U-Net",
  doc: "A new, untrained UNet2DModel of diffusers. As it stands: the one of the Hugging Face diffusion course, unit 1, with 1,707,009 parameters.",
  keywords: ["UNet2DModel", "new model", "init", "ddpm"],
  inputs: {},
  params: {
    sampleSize: int({
      default: 28,
      min: 1,
      max: 4096,
      unit: "px",
      doc: "Size of the pictures that it will be trained on.",
    }),
    channels: int({
      default: 1,
      min: 1,
      max: 64,
      doc: "Channels in and out: 1 for gray pictures, 3 for colour.",
    }),
    blockOutChannels: text({
      default: "32, 64, 64",
      doc: "Channels at each level, from the full size down.",
    }),
    downBlockTypes: text({
      default: "DownBlock2D, AttnDownBlock2D, AttnDownBlock2D",
      doc: "The blocks on the way down, one for each level: DownBlock2D or AttnDownBlock2D (with self-attention).",
    }),
    upBlockTypes: text({
      default: "AttnUpBlock2D, AttnUpBlock2D, UpBlock2D",
      doc: "The blocks on the way up, from the smallest level: UpBlock2D or AttnUpBlock2D.",
    }),
    layersPerBlock: int({ default: 2, min: 1, max: 8, doc: "Residual layers in each block." }),
    attentionHeadDim: int({
      default: 8,
      min: 0,
      max: 1024,
      advanced: true,
      doc: "Channels of each attention head; 0 for one head.",
    }),
    normNumGroups: int({
      default: 32,
      min: 1,
      max: 1024,
      advanced: true,
      doc: "Groups of each normalization; must divide every channel count.",
    }),
    addAttention: boolean({ default: true, advanced: true, doc: "Self-attention in the middle block." }),
    activation: choice(["silu", "mish", "gelu"], {
      default: "silu",
      advanced: true,
      doc: "The non-linearity.",
    }),
    seed: seed({ default: 0, doc: "Of the first weights." }),
  },
  outputs: { unet: port(unetType, "The network.") },
  run: ({ params }) => {
    const config = parseUnet2dConfig({
      sample_size: params.sampleSize,
      in_channels: params.channels,
      out_channels: params.channels,
      block_out_channels: words(params.blockOutChannels).map(Number),
      down_block_types: words(params.downBlockTypes),
      up_block_types: words(params.upBlockTypes),
      layers_per_block: params.layersPerBlock,
      attention_head_dim: params.attentionHeadDim === 0 ? null : params.attentionHeadDim,
      norm_num_groups: params.normNumGroups,
      add_attention: params.addAttention,
      act_fn: params.activation,
    });
    const weights = initWeights(unet2dParameters(config), BigInt(params.seed));
    return { unet: { className: UNET_2D_CLASS_NAME, config, weights } };
  },
});
