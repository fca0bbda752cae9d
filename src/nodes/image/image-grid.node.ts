import * as tf from "@tensorflow/tfjs";
import { defineNode, port } from "../../engine/node/define-node.ts";
import { float, int } from "../../engine/node/params.ts";
import { imageType } from "../socket-types.ts";
import { previewImages } from "./pixels.ts";

export default defineNode({
  type: "image/grid",
  version: 1,
  title: "Image grid",
  doc: "Lays a batch of pictures out as one picture, row by row.",
  keywords: ["contact sheet", "make_grid", "montage"],
  inputs: { images: port(imageType, "The batch.") },
  params: {
    columns: int({
      default: 0,
      min: 0,
      max: 256,
      doc: "Pictures in a row; 0 makes the grid as square as it goes.",
    }),
    gap: int({ default: 2, min: 0, max: 64, unit: "px", doc: "Space between two pictures." }),
    background: float({
      default: 0.5,
      min: 0,
      max: 1,
      step: 0.1,
      doc: "Gray of the gaps and of empty places, 0 to 1.",
    }),
  },
  outputs: {
    image: port(imageType, "One picture: [1, height, width, channels].", "like images [1, height, width, *]"),
  },
  run: ({ inputs: { images }, params: { columns: wanted, gap, background } }) => {
    const [batch, height, width, channels] = images.shape;
    const columns = wanted === 0 ? Math.ceil(Math.sqrt(batch)) : Math.min(wanted, batch);
    const rows = Math.ceil(batch / columns);
    const empty = tf.fill([rows * columns - batch, height, width, channels], background);
    const cells = tf.concat([images, empty]) as tf.Tensor4D;
    // A gap to the right of and below each cell; the outermost ones are cut off at the end.
    const framed = tf.pad(
      cells,
      [
        [0, 0],
        [0, gap],
        [0, gap],
        [0, 0],
      ],
      background,
    );
    const strips = tf.split(framed, rows).map((row) => tf.concat(tf.split(row, columns), 2));
    const sheet = tf.concat(strips, 1) as tf.Tensor4D;
    return {
      image: tf.slice(sheet, [0, 0, 0, 0], [1, sheet.shape[1] - gap, sheet.shape[2] - gap, channels]),
    };
  },
  preview: ({ outputs }) => previewImages(outputs.image),
});
