import * as tf from "@tensorflow/tfjs";
import { defineNode, optionalPort, port } from "../../engine/node/define-node.ts";
import { int } from "../../engine/node/params.ts";
import { textType } from "../../engine/node/socket-type.ts";
import { previewImages } from "../image/pixels.ts";
import { runNetwork } from "../model/run-network.ts";
import {
  conditioningType,
  imageType,
  latentType,
  tensorType,
  timestepType,
  unetType,
  type PromptWord,
} from "../socket-types.ts";

export default defineNode({
  type: "inspect/attention-maps",
  version: 1,
  title: "Attention maps",
  doc: "Where the U-Net looks for each word of the prompt: cross-attention, averaged over heads and layers (as DAAM, Tang et al. 2023).",
  keywords: ["cross attention", "heat map", "daam", "words"],
  inputs: {
    unet: port(unetType, "The U-Net."),
    sample: port(latentType, "x_t."),
    timestep: port(timestepType, "t."),
    conditioning: port(conditioningType, "The prompt."),
    timestepCond: optionalPort(tensorType, "The guidance scale's embedding, for consistency models (LCM)."),
  },
  params: { size: int({ default: 64, min: 8, max: 1024, unit: "px", doc: "Longer side of each map." }) },
  outputs: {
    maps: port(imageType, "[words, height, width, 1]: each from 0 (least) to 1 (most)."),
    words: port(textType, "The words, in the same order, separated by line breaks."),
  },
  run: ({ inputs: { unet, sample, timestep, conditioning, timestepCond }, params: { size } }) => {
    const { states, words } = conditioning;
    if (words.length === 0)
      throw new Error(
        "conditioning holds no word: write a prompt, and wire tokenizer into the text encoder.",
      );
    const layers: tf.Tensor4D[] = [];
    runNetwork(unet, {
      sample: tf.slice(sample, [0, 0, 0, 0], [1, -1, -1, -1]),
      timestep: timestep.slice(0, 1),
      encoderHiddenStates: tf.slice(states, [0, 0, 0], [1, -1, -1]),
      timestepCond: timestepCond as tf.Tensor2D | undefined,
      onCrossAttention: (_layer, probabilities) => {
        layers.push(tf.keep(mapsOf(probabilities, sample, words, size)));
      },
    });
    const mean = tf.div(tf.addN(layers), layers.length);
    tf.dispose(layers);
    const [low, high] = [tf.min(mean, [1, 2, 3], true), tf.max(mean, [1, 2, 3], true)];
    const maps = tf.div(tf.sub(mean, low), tf.maximum(tf.sub(high, low), 1e-12)) as tf.Tensor4D;
    return { maps, words: words.map(({ text }) => text).join("\n") };
  },
  preview: ({ outputs }) => previewImages(outputs.maps),
});

/** `[1, heads, places, tokens]` of one layer → `[words, height, width, 1]`: a word's map is the mean over its tokens. */
function mapsOf(
  probabilities: tf.Tensor4D,
  sample: tf.Tensor4D,
  words: readonly PromptWord[],
  size: number,
): tf.Tensor4D {
  return tf.tidy(() => {
    const [, rows, columns] = sample.shape;
    const places = probabilities.shape[2];
    // Every layer has the latent's proportions; a level of odd size rounds up when it is halved.
    let [height, width] = [rows, columns];
    while (height * width > places) [height, width] = [Math.ceil(height / 2), Math.ceil(width / 2)];
    if (height * width !== places)
      throw new Error(
        `a layer attends from ${String(places)} places, which is no halving of the sample's ${String(rows)}×${String(columns)}.`,
      );
    const perToken = tf.reshape(tf.mean(probabilities, 1), [places, -1]);
    const maps = words.map(({ first, count }) =>
      tf.reshape(tf.mean(tf.slice(perToken, [0, first], [places, count]), 1), [1, height, width, 1]),
    );
    const scale = size / Math.max(rows, columns);
    return tf.image.resizeBilinear(
      tf.concat(maps) as tf.Tensor4D,
      [Math.round(rows * scale), Math.round(columns * scale)],
      false,
      true,
    );
  });
}
