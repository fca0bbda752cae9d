import { defineNode, optionalPort, port } from "../../engine/node/define-node.ts";
import { boolean, choice, int } from "../../engine/node/params.ts";
import { TorchGenerator } from "../../tensor/torch-generator.ts";
import { generatorType, imageType, latentType, vaeType } from "../socket-types.ts";
import { encodePictures, encodeWorkingBytes } from "./vae.ts";

export default defineNode({
  type: "image/vae-encode",
  version: 1,
  title: "VAE encode",
  doc: "Turns pictures into latents, usually eight times smaller each way (Rombach et al. 2022): the start of image-to-image.",
  keywords: ["autoencoder", "image to latent", "img2img"],
  inputs: {
    vae: port(vaeType, "The autoencoder."),
    image: port(imageType, "Pictures from 0 to 1."),
    generator: optionalPort(generatorType, "Random state, needed to draw a sample."),
  },
  params: {
    mode: choice(["sample", "mode"], {
      default: "sample",
      doc: "Draw from the encoder's distribution, as diffusers' image-to-image does, or take its middle.",
    }),
    tiling: boolean({
      default: false,
      advanced: true,
      doc: "Encode large pictures in overlapping tiles: less memory, slightly different.",
    }),
    tileSize: int({ default: 512, min: 64, max: 4096, unit: "px", advanced: true, doc: "Side of a tile." }),
    slicing: boolean({
      default: false,
      advanced: true,
      doc: "One picture of the batch at a time: less memory.",
    }),
  },
  outputs: {
    latent: port(latentType, "Latents as the U-Net knows them."),
    generator: port(generatorType, "The random state after the draw."),
  },
  workingBytes: ({ inputs: { vae, image }, params }) => encodeWorkingBytes(vae, image.shape, params),
  run: ({ inputs: { vae, image, generator }, params: { mode, ...options } }) => {
    if (mode === "sample" && !generator)
      throw new Error("generator is not wired, and mode is sample: wire a Seed into it, or choose mode.");
    const next = generator?.clone() ?? TorchGenerator.fromSeed(0);
    return {
      latent: encodePictures(vae, image, options, mode === "sample" ? next : undefined),
      generator: next,
    };
  },
});
