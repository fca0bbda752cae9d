import * as tf from "@tensorflow/tfjs";
import { depthPixelValues } from "../../diffusion/models/depth-map.ts";
import { dptForward } from "../../diffusion/models/depth-dpt.ts";
import { defineNode, port } from "../../engine/node/define-node.ts";
import { depthWorkingBytes } from "../memory/depth-estimate.ts";
import type { DepthEstimatorConfig } from "../model/load-depth-estimator.node.ts";
import { depthEstimatorType, imageType } from "../socket-types.ts";
import { previewImages } from "./pixels.ts";

export default defineNode({
  type: "image/estimate-depth",
  version: 1,
  title: "Estimate depth",
  doc: "How far away each place of a picture is, as a picture: nearer is brighter (Ranftl et al. 2021).",
  keywords: ["dpt", "midas", "depth map"],
  inputs: {
    depthEstimator: port(depthEstimatorType, "The network."),
    image: port(imageType, "Pictures from 0 to 1, in colour."),
  },
  params: {},
  outputs: {
    depth: port(imageType, "[batch, side, side, 1] at the network's own size: 0 farthest, 1 nearest."),
  },
  workingBytes: ({ inputs: { depthEstimator, image } }) =>
    depthWorkingBytes((depthEstimator.config as DepthEstimatorConfig).dpt, image.shape),
  run: ({ inputs: { depthEstimator, image } }) => {
    if (image.shape[3] !== 3)
      throw new Error(
        `image has ${String(image.shape[3])} channels; a depth estimator reads 3: red, green, blue.`,
      );
    const { dpt, preprocessing } = depthEstimator.config as DepthEstimatorConfig;
    const depth = tf.expandDims(
      dptForward(dpt, depthEstimator.weights, depthPixelValues(image, preprocessing)),
      3,
    );
    const [low, high] = [tf.min(depth, [1, 2, 3], true), tf.max(depth, [1, 2, 3], true)];
    const range = tf.maximum(tf.sub(high, low), 1e-30);
    return { depth: tf.div(tf.sub(depth, low), range) as tf.Tensor4D };
  },
  preview: ({ outputs }) => previewImages(outputs.depth),
});
