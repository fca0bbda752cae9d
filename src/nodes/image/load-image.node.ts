import * as tf from "@tensorflow/tfjs";
import { defineNode, port } from "../../engine/node/define-node.ts";
import { choice, source } from "../../engine/node/params.ts";
import { openRequired, servicesOf } from "../sources/sources.ts";
import { imageType } from "../socket-types.ts";
import { decodePicture } from "../../diffusion/datasets/decode-picture.ts";
import { previewImages } from "./pixels.ts";

export default defineNode({
  type: "image/load",
  version: 1,
  title: "Load image",
  doc: "Reads a PNG or JPEG picture.",
  keywords: ["open", "file", "input", "png", "jpeg"],
  inputs: {},
  params: {
    source: source({ default: "", holds: "image", doc: "The picture, for example file:cat.png." }),
    mode: choice(["rgb", "gray"], { default: "rgb", doc: "Three channels, or one (ITU-R BT.601 luma)." }),
  },
  outputs: { image: port(imageType, "[1, height, width, 1 | 3], 0 to 1; transparent parts lie on white.") },
  cacheKey: ({ params, context }) => servicesOf(context).sources.folder(params.source).identity(),
  runAsync: async ({ params, context }) => {
    const folder = servicesOf(context).sources.folder(params.source);
    const file = await openRequired(folder, "", { signal: context.signal });
    const { width, height, rgba } = decodePicture(file.name, await file.read(0, file.size));
    const channels = params.mode === "rgb" ? 3 : 1;
    const values = new Float32Array(width * height * channels);
    for (let i = 0; i < width * height; i++) {
      const alpha = (rgba[i * 4 + 3] ?? 255) / 255;
      const [r = 0, g = 0, b = 0] = [0, 1, 2].map((c) => ((rgba[i * 4 + c] ?? 0) / 255) * alpha + 1 - alpha);
      if (channels === 3) values.set([r, g, b], i * 3);
      else values[i] = 0.299 * r + 0.587 * g + 0.114 * b;
    }
    return { image: tf.tensor4d(values, [1, height, width, channels]) };
  },
  preview: ({ outputs }) => previewImages(outputs.image),
});
