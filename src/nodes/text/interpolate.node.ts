import * as tf from "@tensorflow/tfjs";
import { defineNode, port } from "../../engine/node/define-node.ts";
import { int } from "../../engine/node/params.ts";
import { requireSameShape } from "../checks.ts";
import { conditioningType } from "../socket-types.ts";

export default defineNode({
  type: "text/interpolate",
  version: 1,
  title: "Interpolate prompts",
  doc: "Prompts at even distances between two, one for each picture of a batch: text states are mixed, not words.",
  keywords: ["morph", "lerp", "walk", "blend"],
  inputs: {
    from: port(conditioningType, "The prompt of the first picture."),
    to: port(conditioningType, "The prompt of the last picture."),
  },
  params: { count: int({ default: 4, min: 2, max: 64, doc: "Pictures in the batch." }) },
  outputs: { conditioning: port(conditioningType, "One row of text states for each picture.") },
  run: ({ inputs: { from, to }, params: { count } }) => {
    requireSameShape({ from: from.states, to: to.states });
    const mixes = Array.from({ length: count }, (_, i) => {
      const part = i / (count - 1);
      return tf.add(tf.mul(from.states, 1 - part), tf.mul(to.states, part));
    });
    return { conditioning: { states: tf.concat(mixes) as tf.Tensor3D, words: from.words } };
  },
});
