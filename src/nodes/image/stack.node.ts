import * as tf from "@tensorflow/tfjs";
import { defineNode, optionalPort, port } from "../../engine/node/define-node.ts";
import { imageType } from "../socket-types.ts";
import { previewImages } from "./pixels.ts";

const places = ["first", "second", "third", "fourth", "fifth", "sixth"] as const;

export default defineNode({
  type: "image/stack",
  version: 1,
  title: "Stack images",
  doc: "Puts pictures of one size together as a batch, in order: to compare them in a grid.",
  keywords: ["batch", "compare", "concat", "join"],
  inputs: {
    first: port(imageType, "Pictures."),
    second: optionalPort(imageType, "More pictures."),
    third: optionalPort(imageType, "More pictures."),
    fourth: optionalPort(imageType, "More pictures."),
    fifth: optionalPort(imageType, "More pictures."),
    sixth: optionalPort(imageType, "More pictures."),
  },
  params: {},
  outputs: { images: port(imageType, "All of them.", "like first [batch, *, *, *]") },
  run: ({ inputs }) => {
    const wired = places.flatMap((name) => (inputs[name] ? [[name, inputs[name]] as const] : []));
    const sizeOf = (image: tf.Tensor4D): string => image.shape.slice(1).join("×");
    for (const [name, image] of wired) {
      if (sizeOf(image) !== sizeOf(inputs.first)) {
        throw new Error(
          `${name} is ${sizeOf(image)}, first is ${sizeOf(inputs.first)}: pictures of a batch must be of one size.`,
        );
      }
    }
    return { images: tf.concat(wired.map(([, image]) => image)) };
  },
  preview: ({ outputs }) => previewImages(outputs.images),
});
