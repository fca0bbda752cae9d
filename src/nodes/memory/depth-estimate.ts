import * as tf from "@tensorflow/tfjs";
import type { BitConfig, DptConfig } from "../../diffusion/models/depth-dpt-config.ts";
import { hasFusedAttention } from "../../tensor/kernels/fused-attention.ts";
import { FLOAT, onBackend } from "./on-backend.ts";

/** The depth estimator on pictures `[batch, height, width, 3]`, which it brings to a size of its own. */
export function depthWorkingBytes(
  config: DptConfig,
  [batch = 1, height = 1, width = 1]: readonly number[],
): number {
  const { imageSize, fusionHiddenSize, backbone } = config;
  // Copies of the picture with its axes in another order; measured.
  const resizing = 2.5 * height * width * 3;
  const input = imageSize ** 2 * 3;
  const { kept, work } = transformer(config);
  const states = input + kept + (backbone ? featureMaps(backbone, imageSize) : 0);
  const { maps, fused, fusing } = neck(config);
  const half = Math.floor(fusionHiddenSize / 2);
  // At the estimator's full size: half the width, then 32 channels and their activation, then one.
  const head = maps + fused + half * (imageSize / 2) ** 2 + (half + 67) * imageSize ** 2;
  const stem = backbone ? input + backboneWork(backbone, imageSize) : 0;
  const values = Math.max(resizing, stem, states + work, states + fusing, states + head);
  // Between weights in half precision and in full, where a convolution's result lies beside its sum with the bias.
  const bytes = batch * values * FLOAT;
  if (tf.getBackend() !== "webgpu") return 1.3 * bytes;
  // The backbone standardizes its filters whenever it uses one.
  return onBackend(bytes, [], { waiting: 1.2 * bytes, pooled: (backbone ? 1.6 : 1.2) * bytes });
}

/** Values of the layers' results, all of which live to the end, and of the work of one layer. */
function transformer({
  imageSize,
  patchSize,
  hiddenSize,
  intermediateSize,
  numHiddenLayers,
  numAttentionHeads,
}: DptConfig): { kept: number; work: number } {
  const tokens = Math.floor(imageSize / patchSize) ** 2 + 1;
  const scores = hasFusedAttention(hiddenSize / numAttentionHeads) ? 0 : 2 * numAttentionHeads * tokens ** 2;
  return {
    kept: (numHiddenLayers + 3) * tokens * hiddenSize,
    work: tokens * (13 * hiddenSize + 2 * intermediateSize) + scores,
  };
}

/** The outputs of the backbone's stages, at 1/4, 1/8, 1/16 of the size. */
const featureMaps = ({ hiddenSizes }: BitConfig, size: number): number =>
  hiddenSizes.reduce((sum, channels, stage) => sum + channels * (size / 2 ** (stage + 2)) ** 2, 0);

/** The stem's convolution, norm, activation and padding; then a bottleneck of the first stage, a quarter as wide inside. */
function backboneWork({ embeddingSize, hiddenSizes: [channels = 0] }: BitConfig, size: number): number {
  const places = (size / 4) ** 2;
  return Math.max(4 * embeddingSize * (size / 2) ** 2, places * (embeddingSize + 6.5 * channels));
}

/** Values of the maps of all stages, of what is fused from them, and of all that there is when the last one is fused. */
function neck({ imageSize, patchSize, reassembleFactors, fusionHiddenSize, backbone }: DptConfig): {
  maps: number;
  fused: number;
  fusing: number;
} {
  const grid = Math.floor(imageSize / patchSize);
  const sides = reassembleFactors.map((factor, stage) =>
    backbone !== null && stage < 2 ? imageSize / 2 ** (stage + 2) : grid * factor,
  );
  const each = sides.map((side) => fusionHiddenSize * side ** 2);
  const maps = each.reduce((sum, map) => sum + map, 0);
  let fused = 0;
  let fusing = 0;
  each.toReversed().forEach((map, index) => {
    // Two residual units, the doubled map and its projection; the coarsest has one unit.
    fusing = Math.max(fusing, maps + fused + map * (index === 0 ? 13 : 19));
    fused += 4 * map;
  });
  return { maps, fused, fusing };
}
