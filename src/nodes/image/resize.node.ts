import * as tf from "@tensorflow/tfjs";
import { defineNode, port } from "../../engine/node/define-node.ts";
import { choice, int } from "../../engine/node/params.ts";
import { imageType } from "../socket-types.ts";
import { previewImages } from "./pixels.ts";

export default defineNode({
  type: "image/resize",
  version: 1,
  title: "Resize image",
  doc: "Fits pictures to a size.",
  keywords: ["scale", "width", "height"],
  inputs: { image: port(imageType, "Pictures of any size.") },
  params: {
    height: int({ default: 512, min: 1, max: 8192, unit: "px", doc: "New height." }),
    width: int({ default: 512, min: 1, max: 8192, unit: "px", doc: "New width." }),
    method: choice(["bilinear", "nearest"], {
      default: "bilinear",
      doc: "Smooth, or the nearest pixel (masks).",
    }),
  },
  outputs: { image: port(imageType, "The fitted pictures.", "like image [*, height, width, *]") },
  run: ({ inputs: { image }, params: { height, width, method } }) => ({
    // Half-pixel centres, as torch and Pillow have them.
    image:
      method === "bilinear"
        ? tf.image.resizeBilinear(image, [height, width], false, true)
        : tf.image.resizeNearestNeighbor(image, [height, width], false, true),
  }),
  preview: ({ outputs }) => previewImages(outputs.image),
});
