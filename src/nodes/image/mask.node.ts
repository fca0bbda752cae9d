import * as tf from "@tensorflow/tfjs";
import { defineNode, optionalPort, port } from "../../engine/node/define-node.ts";
import { boolean, float, text } from "../../engine/node/params.ts";
import { imageType } from "../socket-types.ts";
import { readPaintedMask } from "./painted-mask.ts";
import { previewImages } from "./pixels.ts";

export default defineNode({
  type: "image/mask",
  version: 1,
  title: "Mask",
  doc: "Where inpainting may paint: white where the picture is made anew. A picture, else what is painted, else a rectangle of the size of another picture.",
  keywords: ["inpaint", "select", "rectangle", "paint", "brush", "draw"],
  inputs: {
    image: optionalPort(
      imageType,
      "A picture to make black and white; its first channel counts. It wins over what is painted.",
    ),
    like: optionalPort(imageType, "The mask gets this one's size, unless a picture is wired."),
  },
  params: {
    painted: text({
      default: "",
      editor: "mask",
      doc: "A painted mask, white on black: the data URL of a PNG of at most 4 MB. Empty: the rectangle.",
    }),
    threshold: float({
      default: 0.5,
      min: 0,
      max: 1,
      step: 0.05,
      doc: "From this brightness on it is white.",
    }),
    invert: boolean({ default: false, doc: "Swap black and white." }),
    left: float({
      default: 0.25,
      min: 0,
      max: 1,
      step: 0.05,
      doc: "Left side of the rectangle, as a part of the width.",
    }),
    top: float({
      default: 0.25,
      min: 0,
      max: 1,
      step: 0.05,
      doc: "Its upper side, as a part of the height.",
    }),
    right: float({ default: 0.75, min: 0, max: 1, step: 0.05, doc: "Its right side." }),
    bottom: float({ default: 0.75, min: 0, max: 1, step: 0.05, doc: "Its lower side." }),
  },
  outputs: { mask: port(imageType, "[1, height, width, 1]: 1 where it is painted anew, else 0.") },
  run: ({ inputs: { image, like }, params }) => {
    const mask = image
      ? binary(image, params.threshold)
      : params.painted === ""
        ? rectangle(like, params)
        : binary(readPaintedMask("painted", params.painted, like?.shape), params.threshold);
    return { mask: params.invert ? tf.sub(1, mask) : mask };
  },
  preview: ({ outputs }) => previewImages(outputs.mask),
});

function binary(image: tf.Tensor4D, threshold: number): tf.Tensor4D {
  const [batch, height, width] = image.shape;
  return tf.cast(
    tf.greaterEqual(tf.slice(image, [0, 0, 0, 0], [batch, height, width, 1]), threshold),
    "float32",
  );
}

interface Sides {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

function rectangle(like: tf.Tensor4D | undefined, { left, top, right, bottom }: Sides): tf.Tensor4D {
  if (!like)
    throw new Error(
      "neither image nor like is wired: give a picture of the mask, or a picture that it is for, or paint it.",
    );
  const [, height, width] = like.shape;
  const values = new Float32Array(height * width);
  for (let y = Math.round(top * height); y < Math.round(bottom * height); y++) {
    values.fill(1, y * width + Math.round(left * width), y * width + Math.round(right * width));
  }
  return tf.tensor4d(values, [1, height, width, 1]);
}
