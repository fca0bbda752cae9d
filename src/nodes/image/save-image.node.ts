import * as tf from "@tensorflow/tfjs";
import { defineNode, port } from "../../engine/node/define-node.ts";
import { choice, text } from "../../engine/node/params.ts";
import { servicesOf } from "../sources/sources.ts";
import { imageType } from "../socket-types.ts";
import { encodePng } from "./encode.ts";
import { previewImages, readPixels } from "./pixels.ts";

export default defineNode({
  type: "image/save",
  version: 1,
  title: "Save image",
  doc: "Writes pictures as PNG. On the page the file is offered as a download.",
  keywords: ["export", "png", "write", "download"],
  inputs: { images: port(imageType, "What to save.") },
  params: {
    path: text({
      default: "loom.png",
      doc: "File name; a batch saved one by one gets a number before the extension.",
    }),
    batch: choice(["grid", "separate"], { default: "grid", doc: "One picture of all, or a file for each." }),
  },
  outputs: {},
  cacheable: false,
  runAsync: async ({ inputs: { images }, params, context }) => {
    const { files } = servicesOf(context);
    if (!/\.png$/i.test(params.path))
      throw new Error(`path is "${params.path}"; its extension must be .png.`);
    if (params.batch === "grid" || images.shape[0] === 1) {
      await files.write(params.path, encodePng(await readPixels(images)));
      return {};
    }
    for (const [i, single] of tf.split<tf.Tensor4D>(images, images.shape[0]).entries()) {
      const name = params.path.replace(/\.png$/i, `-${String(i).padStart(4, "0")}.png`);
      await files.write(name, encodePng(await readPixels(single)));
      single.dispose();
      context.progress(i + 1, images.shape[0], name);
    }
    return {};
  },
  preview: ({ inputs }) => previewImages(inputs.images),
});
