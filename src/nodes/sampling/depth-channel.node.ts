import * as tf from "@tensorflow/tfjs";
import { defineNode, port } from "../../engine/node/define-node.ts";
import { repeatRows } from "../model/repeat-rows.ts";
import { imageType, latentType } from "../socket-types.ts";

export default defineNode({
  type: "sampling/depth-channel",
  version: 1,
  title: "Depth channel",
  doc: "The five channels that a depth-to-image model reads: the sample, and a depth picture stretched to -1…1 and made as small as the latent.",
  keywords: ["depth2img", "concat", "5 channels"],
  inputs: {
    sample: port(latentType, "x_t."),
    depth: port(imageType, "Brighter is nearer; its first channel counts."),
  },
  params: {},
  outputs: { sample: port(latentType, "[batch, height, width, 5].") },
  run: ({ inputs: { sample, depth } }) => {
    const [batch, height, width] = sample.shape;
    const [rows, fullHeight, fullWidth] = depth.shape;
    const first = tf.slice(depth, [0, 0, 0, 0], [rows, fullHeight, fullWidth, 1]);
    const small = resizeBicubic(first, height, width);
    const [low, high] = [tf.min(small, [1, 2, 3], true), tf.max(small, [1, 2, 3], true)];
    // A flat picture has no nearer and no farther: it becomes -1 everywhere instead of NaN.
    const range = tf.maximum(tf.sub(high, low), 1e-12);
    const stretched = tf.sub(tf.mul(tf.div(tf.sub(small, low), range), 2), 1) as tf.Tensor4D;
    return { sample: tf.concat([sample, repeatRows("depth", stretched, batch)], 3) };
  },
});

/** Bicubic interpolation with torch's kernel (a = -0.75) and half-pixel centres, edges repeated. One matrix product each way. */
function resizeBicubic(x: tf.Tensor4D, height: number, width: number): tf.Tensor4D {
  const [batch, fullHeight, fullWidth] = x.shape;
  const across = tf.matMul(
    tf.reshape(x, [batch * fullHeight, fullWidth]),
    cubicMatrix(fullWidth, width),
    false,
    true,
  );
  const upright = tf.transpose(tf.reshape(across, [batch, fullHeight, width]), [0, 2, 1]);
  const down = tf.matMul(
    tf.reshape(upright, [batch * width, fullHeight]),
    cubicMatrix(fullHeight, height),
    false,
    true,
  );
  return tf.expandDims(tf.transpose(tf.reshape(down, [batch, width, height]), [0, 2, 1]), 3) as tf.Tensor4D;
}

/** `[to, from]`: row i holds the weights of the old pixels in new pixel i (Keys 1981). */
function cubicMatrix(from: number, to: number): tf.Tensor2D {
  const a = -0.75;
  const near = (d: number): number => ((a + 2) * d - (a + 3)) * d * d + 1;
  const far = (d: number): number => ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  const values = new Float32Array(to * from);
  for (let i = 0; i < to; i++) {
    const centre = ((i + 0.5) * from) / to - 0.5;
    const first = Math.floor(centre);
    for (let tap = -1; tap <= 2; tap++) {
      const distance = Math.abs(centre - (first + tap));
      const column = Math.min(from - 1, Math.max(0, first + tap));
      values[i * from + column] =
        (values[i * from + column] ?? 0) + (distance <= 1 ? near(distance) : far(distance));
    }
  }
  return tf.tensor2d(values, [to, from]);
}
