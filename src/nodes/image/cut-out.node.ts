import * as tf from "@tensorflow/tfjs";
import { defineNode, port } from "../../engine/node/define-node.ts";
import { imageType } from "../socket-types.ts";
import { previewImages } from "./pixels.ts";

export default defineNode({
  type: "image/cut-out",
  version: 1,
  title: "Cut out",
  doc: "Makes the masked part of a picture middle gray, which an inpainting model takes for nothing.",
  keywords: ["mask", "masked image", "inpainting"],
  inputs: {
    image: port(imageType, "The picture."),
    mask: port(imageType, "1 where the picture is painted anew."),
  },
  params: {},
  outputs: { image: port(imageType, "The picture without that part.") },
  run: ({ inputs: { image, mask } }) => {
    const sizeOf = ({ shape: [, height, width] }: tf.Tensor4D): string =>
      `${String(height)}×${String(width)}`;
    if (sizeOf(mask) !== sizeOf(image))
      throw new Error(
        `mask is ${sizeOf(mask)}, image is ${sizeOf(image)}: make them of one size (Resize image).`,
      );
    return { image: tf.add(tf.mul(tf.sub(image, 0.5), tf.sub(1, mask)), 0.5) };
  },
  preview: ({ outputs }) => previewImages(outputs.image),
});
