import * as tf from "@tensorflow/tfjs";
import { gelu } from "../../tensor/ops.ts";
import type { ParameterSpec, Weights } from "../weights/parameters.ts";
import type { DptConfig } from "./depth-dpt-config.ts";
import { applyConv, applyLinear, takeWeight } from "./layers/apply.ts";
import { convParameters, linearParameters } from "./layers/parameters.ts";

const stage = "neck.reassemble_stage";
const residualLayers = ["residual_layer1", "residual_layer2"];

/** With a backbone the first two stages are its feature maps, as they are. */
const isFeatureMap = (config: DptConfig, index: number): boolean => config.backbone !== null && index < 2;

export function neckParameters(config: DptConfig): ParameterSpec[] {
  const { hiddenSize, neckHiddenSizes, fusionHiddenSize: fusion } = config;
  const indices = neckHiddenSizes.map((_, index) => index);
  const ours = indices.filter((index) => !isFeatureMap(config, index));
  return [
    ...ours.flatMap((index) => reassembleParameters(config, index)),
    ...(config.readoutType === "project"
      ? ours.flatMap((index) =>
          linearParameters(`${stage}.readout_projects.${String(index)}.0`, 2 * hiddenSize, hiddenSize),
        )
      : []),
    ...indices.flatMap((index) =>
      convParameters(`neck.convs.${String(index)}`, {
        inChannels: neckHiddenSizes[index] ?? 0,
        outChannels: fusion,
        bias: false,
      }),
    ),
    ...indices.flatMap((index) => {
      const prefix = `neck.fusion_stage.layers.${String(index)}`;
      return [
        ...convParameters(`${prefix}.projection`, { inChannels: fusion, outChannels: fusion, kernel: 1 }),
        ...residualLayers.flatMap((layer) =>
          ["convolution1", "convolution2"].flatMap((convolution) =>
            convParameters(`${prefix}.${layer}.${convolution}`, {
              inChannels: fusion,
              outChannels: fusion,
              bias: config.fusionBias,
            }),
          ),
        ),
      ];
    }),
  ];
}

function reassembleParameters(config: DptConfig, index: number): ParameterSpec[] {
  const channels = config.neckHiddenSizes[index] ?? 0;
  const factor = config.reassembleFactors[index] ?? 1;
  const prefix = `${stage}.layers.${String(index)}`;
  // A transposed convolution's file has [in, out, k, k]; with as many channels in as out that is the same shape.
  const resize =
    factor === 1
      ? []
      : convParameters(`${prefix}.resize`, {
          inChannels: channels,
          outChannels: channels,
          kernel: factor > 1 ? factor : 3,
        });
  return [
    ...convParameters(`${prefix}.projection`, {
      inChannels: config.hiddenSize,
      outChannels: channels,
      kernel: 1,
    }),
    ...resize,
  ];
}

/**
 * Dense prediction from tokens (Ranftl et al. 2021, section 3): each stage's tokens become a feature map, and the maps are
 * merged from the coarsest to the finest.
 * @param states tokens `[batch, 1 + n², hiddenSize]`, or the backbone's feature maps where the config has one.
 * @returns `[batch, h, w, fusionHiddenSize]`.
 */
export function neckForward(config: DptConfig, weights: Weights, states: readonly tf.Tensor[]): tf.Tensor4D {
  const maps = states.map((state, index) =>
    tf.tidy(() => {
      const map = isFeatureMap(config, index)
        ? (state as tf.Tensor4D)
        : reassemble(config, weights, index, state as tf.Tensor3D);
      return applyConv(weights, `neck.convs.${String(index)}`, map, { padding: 1 });
    }),
  );
  let fused: tf.Tensor4D | undefined;
  maps.toReversed().forEach((map, index) => {
    const coarser = fused;
    fused = tf.tidy(() => fuse(weights, `neck.fusion_stage.layers.${String(index)}`, map, coarser));
  });
  if (!fused) throw new Error("DPT: the neck got no feature maps.");
  return fused;
}

function reassemble(config: DptConfig, weights: Weights, index: number, state: tf.Tensor3D): tf.Tensor4D {
  const [batch, length, width] = state.shape;
  const side = Math.sqrt(length - 1);
  const classToken = tf.slice(state, [0, 0, 0], [batch, 1, width]);
  const tokens = tf.slice(state, [0, 1, 0], [batch, length - 1, width]);
  const read = readout(config, weights, index, tokens, classToken);
  const prefix = `${stage}.layers.${String(index)}`;
  const projected = applyConv(weights, `${prefix}.projection`, tf.reshape(read, [batch, side, side, width]));
  const factor = config.reassembleFactors[index] ?? 1;
  if (factor === 1) return projected;
  if (factor < 1)
    return applyConv(weights, `${prefix}.resize`, projected, { stride: Math.round(1 / factor), padding: 1 });
  const filter = takeWeight<tf.Tensor4D>(weights, `${prefix}.resize.weight`);
  const outShape: [number, number, number, number] = [batch, side * factor, side * factor, filter.shape[2]];
  return tf.add(
    tf.conv2dTranspose(projected, filter, outShape, factor, "valid"),
    takeWeight(weights, `${prefix}.resize.bias`),
  );
}

function readout(
  config: DptConfig,
  weights: Weights,
  index: number,
  tokens: tf.Tensor3D,
  classToken: tf.Tensor3D,
): tf.Tensor {
  switch (config.readoutType) {
    case "ignore":
      return tokens;
    case "add":
      return tf.add(tokens, classToken);
    case "project":
      return gelu(
        applyLinear(
          weights,
          `${stage}.readout_projects.${String(index)}.0`,
          tf.concat([tokens, tf.broadcastTo(classToken, tokens.shape)], 2),
        ),
      );
  }
}

function fuse(
  weights: Weights,
  prefix: string,
  map: tf.Tensor4D,
  coarser: tf.Tensor4D | undefined,
): tf.Tensor4D {
  let hidden = map;
  if (coarser) {
    const [, height, width] = coarser.shape;
    const isSameSize = height === map.shape[1] && width === map.shape[2];
    const resized = isSameSize ? map : tf.image.resizeBilinear(map, [height, width], false, true);
    hidden = tf.add(coarser, residualUnit(weights, `${prefix}.residual_layer1`, resized));
  }
  return applyConv(
    weights,
    `${prefix}.projection`,
    doubleSize(residualUnit(weights, `${prefix}.residual_layer2`, hidden)),
  );
}

function residualUnit(weights: Weights, prefix: string, x: tf.Tensor4D): tf.Tensor4D {
  const first = applyConv(weights, `${prefix}.convolution1`, tf.relu(x), { padding: 1 });
  return tf.add(applyConv(weights, `${prefix}.convolution2`, tf.relu(first), { padding: 1 }), x);
}

/** Bilinear, corners on corners. */
export const doubleSize = (x: tf.Tensor4D): tf.Tensor4D =>
  tf.image.resizeBilinear(x, [2 * x.shape[1], 2 * x.shape[2]], true, false);
