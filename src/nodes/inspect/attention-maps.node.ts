import * as tf from "@tensorflow/tfjs";
import { defineNode, port } from "../../engine/node/define-node.ts";
import { int } from "../../engine/node/params.ts";
import { textType } from "../../engine/node/socket-type.ts";
import { previewImages } from "../image/pixels.ts";
import { runNetwork } from "../model/run-network.ts";
import { conditioningType, imageType, latentType, timestepType, unetType } from "../socket-types.ts";

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
  },
  params: { size: int({ default: 64, min: 8, max: 1024, unit: "px", doc: "Side of each map." }) },
  outputs: {
    maps: port(
      imageType,
      "[words, size, size, 1]: each from 0 (least) to 1 (most), the two markers left out.",
    ),
    words: port(textType, "The words, in the same order, separated by line breaks."),
  },
  run: ({ inputs: { unet, sample, timestep, conditioning }, params: { size } }) => {
    const end = conditioning.tokens.findIndex((token, i) => i > 0 && token.startsWith("<|end"));
    const words = conditioning.tokens.slice(1, end < 0 ? undefined : end);
    if (words.length === 0)
      throw new Error(
        "conditioning holds no word: write a prompt, and wire tokenizer into the text encoder.",
      );
    const layers: tf.Tensor4D[] = [];
    runNetwork(unet, {
      sample: tf.slice(sample, [0, 0, 0, 0], [1, -1, -1, -1]),
      timestep: timestep.slice(0, 1),
      encoderHiddenStates: conditioning.states.slice([0, 0, 0], [1, -1, -1]),
      onCrossAttention: (_layer, probabilities) => {
        layers.push(tf.keep(mapsOf(probabilities, sample, words.length, size)));
      },
    });
    const mean = tf.div(tf.addN(layers), layers.length);
    tf.dispose(layers);
    const [low, high] = [tf.min(mean, [1, 2, 3], true), tf.max(mean, [1, 2, 3], true)];
    const maps = tf.div(tf.sub(mean, low), tf.maximum(tf.sub(high, low), 1e-12)) as tf.Tensor4D;
    return { maps, words: words.join("\n") };
  },
  preview: ({ outputs }) => previewImages(outputs.maps),
});

/** `[1, heads, places, tokens]` of one layer → `[words, size, size, 1]`. */
function mapsOf(probabilities: tf.Tensor4D, sample: tf.Tensor4D, words: number, size: number): tf.Tensor4D {
  return tf.tidy(() => {
    const places = probabilities.shape[2];
    // Every layer has the latent's proportions, at its size or a power of two below it.
    const factor = Math.sqrt((sample.shape[1] * sample.shape[2]) / places);
    const [height, width] = [Math.round(sample.shape[1] / factor), Math.round(sample.shape[2] / factor)];
    const perToken = tf.transpose(tf.reshape(tf.mean(probabilities, 1), [places, -1]));
    const maps = tf.reshape(tf.slice(perToken, [1, 0], [words, places]), [
      words,
      height,
      width,
      1,
    ]) as tf.Tensor4D;
    return tf.image.resizeBilinear(maps, [size, size], false, true);
  });
}
