import { defineNode, port } from "../../engine/node/define-node.ts";
import { boolean, int } from "../../engine/node/params.ts";
import { imageType, latentType, vaeType } from "../socket-types.ts";
import { previewImages } from "./pixels.ts";
import { decodeLatents, decodeWorkingBytes } from "./vae.ts";

export default defineNode({
  type: "image/vae-decode",
  version: 1,
  title: "VAE decode",
  doc: "Turns latents into pictures (Rombach et al. 2022). With an AutoencoderTiny as the VAE it is quick enough for previews.",
  keywords: ["autoencoder", "latent to image", "taesd", "preview"],
  inputs: {
    vae: port(vaeType, "The autoencoder."),
    latent: port(latentType, "Latents as the U-Net knows them."),
  },
  params: {
    tiling: boolean({
      default: false,
      advanced: true,
      doc: "Decode large pictures in overlapping tiles: less memory, slightly different.",
    }),
    tileSize: int({ default: 512, min: 64, max: 4096, unit: "px", advanced: true, doc: "Side of a tile." }),
    slicing: boolean({
      default: false,
      advanced: true,
      doc: "One picture of the batch at a time: less memory.",
    }),
  },
  outputs: { image: port(imageType, "Pictures from 0 to 1.") },
  workingBytes: ({ inputs: { vae, latent }, params }) => decodeWorkingBytes(vae, latent.shape, params),
  run: ({ inputs: { vae, latent }, params }) => ({ image: decodeLatents(vae, latent, params) }),
  preview: ({ outputs }) => previewImages(outputs.image),
});
