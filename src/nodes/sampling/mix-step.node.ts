import * as tf from "@tensorflow/tfjs";
import { defineNode, port } from "../../engine/node/define-node.ts";
import { intType } from "../../engine/node/socket-type.ts";
import { requireSameShape } from "../checks.ts";
import { latentType } from "../socket-types.ts";

export default defineNode({
  type: "sampling/mix-step",
  version: 1,
  title: "Mix step",
  doc: "The first sampler of the Hugging Face course: moves x a part of the way to the prediction, 1/(count − index) of what is left.",
  keywords: ["course", "sampler", "lerp"],
  inputs: {
    sample: port(latentType, "x, the current pictures."),
    prediction: port(latentType, "What the network takes the clean pictures to be."),
    index: port(intType, "The loop's counter, from 0."),
    count: port(intType, "How many steps there are."),
  },
  params: {},
  outputs: {
    prevSample: port(latentType, "x(1−m) + prediction·m with m = 1/(count − index).", "like sample"),
  },
  run: ({ inputs: { sample, prediction, index, count } }) => {
    requireSameShape({ prediction, sample });
    const mix = 1 / (count - index);
    return { prevSample: tf.add(tf.mul(sample, 1 - mix), tf.mul(prediction, mix)) };
  },
});
