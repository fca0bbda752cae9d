import * as tf from "@tensorflow/tfjs";
import { defineNode, optionalPort, port } from "../../engine/node/define-node.ts";
import { boolean, int } from "../../engine/node/params.ts";
import { latentGeometry } from "../image/vae.ts";
import { generatorType, latentType, vaeType } from "../socket-types.ts";
import { drawNoise } from "../../diffusion/schedulers/index.ts";

export default defineNode({
  type: "sampling/latent-noise",
  version: 2,
  title: "Latent noise",
  doc: "Noise in the shape of a VAE's latents, from the size of the picture: what text-to-image starts from.",
  keywords: ["empty latent", "randn", "size", "start"],
  // Of the VAE it reads the config.
  readsResidents: false,
  inputs: {
    generator: port(generatorType, "The random state to draw from."),
    vae: optionalPort(
      vaeType,
      "Says how many channels a latent has and how much smaller it is; channels and downscale then do not matter.",
    ),
  },
  params: {
    batch: int({ default: 1, min: 1, max: 64, doc: "Pictures at once." }),
    same: boolean({
      default: false,
      doc: "The same noise for every picture, so that they differ by their prompts alone.",
    }),
    height: int({ default: 512, min: 8, max: 4096, step: 8, unit: "px", doc: "Height of the picture." }),
    width: int({ default: 512, min: 8, max: 4096, step: 8, unit: "px", doc: "Width of the picture." }),
    channels: int({ default: 4, min: 1, max: 64, advanced: true, doc: "Channels of a latent." }),
    downscale: int({
      default: 8,
      min: 1,
      max: 64,
      advanced: true,
      doc: "How many times smaller a latent is than its picture.",
    }),
  },
  outputs: {
    noise: port(
      latentType,
      "The noise.",
      "with vae [batch, height/factor, width/factor, latentChannels] or [batch, height/downscale, width/downscale, channels]",
    ),
    generator: port(generatorType, "The random state after the draw."),
  },
  run: ({ inputs, params: { batch, same, height, width, ...byHand } }) => {
    const { channels, downscale } = inputs.vae ? latentGeometry(inputs.vae) : byHand;
    const sides = { height, width };
    for (const [name, side] of Object.entries(sides)) {
      if (side % downscale !== 0)
        throw new Error(`${name} is ${String(side)}; it must be a multiple of ${String(downscale)}.`);
    }
    const shape = [same ? 1 : batch, height / downscale, width / downscale, channels] as const;
    const { noise, generator } = drawNoise(inputs.generator, shape);
    return { noise: same ? tf.tile(noise, [batch, 1, 1, 1]) : noise, generator };
  },
});
