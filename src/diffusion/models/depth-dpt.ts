import * as tf from "@tensorflow/tfjs";
import { attention, gelu } from "../../tensor/ops.ts";
import type { Model, ParameterSpec, Weights } from "../weights/parameters.ts";
import { bitForward, bitParameters } from "./depth-bit-backbone.ts";
import type { DptConfig } from "./depth-dpt-config.ts";
import { doubleSize, neckForward, neckParameters } from "./depth-dpt-neck.ts";
import { mergeHeads, splitHeads } from "./layers/attention-heads.ts";
import { applyConv, applyLayerNorm, applyLinear, takeWeight } from "./layers/apply.ts";
import { convParameters, linearParameters, normParameters } from "./layers/parameters.ts";

/** The depth estimator of Stable Diffusion 2 depth (Ranftl et al. 2021), transformers' `DPTForDepthEstimation`. */
export type Dpt = Model<DptConfig>;

const embeddings = "dpt.embeddings";
const backboneRoot = `${embeddings}.backbone.bit`;
const headWidth = 32;
const layerName = (layer: number): string => `dpt.encoder.layer.${String(layer)}`;

export function dptParameters(config: DptConfig): ParameterSpec[] {
  const { hiddenSize, intermediateSize, fusionHiddenSize, backbone, qkvBias } = config;
  const tokens = Math.floor(config.imageSize / config.patchSize) ** 2;
  const token = (name: string, count: number): ParameterSpec => ({
    name: `${embeddings}.${name}`,
    kind: "vector",
    shape: [1, count, hiddenSize],
    init: { kind: "zeros" },
  });
  const half = Math.floor(fusionHiddenSize / 2);
  return [
    token("cls_token", 1),
    token("position_embeddings", tokens + 1),
    ...(backbone
      ? [
          ...bitParameters(backbone, backboneRoot),
          ...convParameters(`${embeddings}.projection`, {
            inChannels: backbone.hiddenSizes[2] ?? 0,
            outChannels: hiddenSize,
            kernel: 1,
          }),
        ]
      : convParameters(`${embeddings}.patch_embeddings.projection`, {
          inChannels: config.numChannels,
          outChannels: hiddenSize,
          kernel: config.patchSize,
        })),
    ...Array.from({ length: config.numHiddenLayers }, (_, layer) => [
      ...["query", "key", "value"].flatMap((name) =>
        linearParameters(`${layerName(layer)}.attention.attention.${name}`, hiddenSize, hiddenSize, {
          bias: qkvBias,
        }),
      ),
      ...linearParameters(`${layerName(layer)}.attention.output.dense`, hiddenSize, hiddenSize),
      ...linearParameters(`${layerName(layer)}.intermediate.dense`, hiddenSize, intermediateSize),
      ...linearParameters(`${layerName(layer)}.output.dense`, intermediateSize, hiddenSize),
      ...normParameters(`${layerName(layer)}.layernorm_before`, hiddenSize),
      ...normParameters(`${layerName(layer)}.layernorm_after`, hiddenSize),
    ]).flat(),
    ...normParameters("dpt.layernorm", hiddenSize),
    ...neckParameters(config),
    ...convParameters("head.head.0", { inChannels: fusionHiddenSize, outChannels: half }),
    ...convParameters("head.head.2", { inChannels: half, outChannels: headWidth }),
    ...convParameters("head.head.4", { inChannels: headWidth, outChannels: 1, kernel: 1 }),
  ];
}

/** Names in these files are current: `query`, `key` and `value` are no old names here. Give it to the loader as `rename`. */
export const dptWeightName = (name: string): string => name;

/**
 * Relative inverse depth: large is near.
 * @param pixelValues `[batch, size, size, 3]`, normalized as {@link depthPixelValues} does, size being the config's `imageSize`.
 * @returns `[batch, height, width]`, about as large as the picture.
 * @throws when the picture has another size.
 */
export function dptForward(config: DptConfig, weights: Weights, pixelValues: tf.Tensor4D): tf.Tensor3D {
  const { imageSize, numChannels } = config;
  if (pixelValues.shape.slice(1).join() !== [imageSize, imageSize, numChannels].join()) {
    throw new Error(
      `The depth estimator got [${pixelValues.shape.join(", ")}]; it takes [batch, ${String(imageSize)}, ${String(imageSize)}, ${String(numChannels)}].`,
    );
  }
  return tf.tidy(() => {
    const { tokens, featureMaps } = embed(config, weights, pixelValues);
    const states: tf.Tensor[] = [...featureMaps];
    let hidden = tokens;
    for (let layer = 0; layer < config.numHiddenLayers; layer++) {
      const input = hidden;
      hidden = tf.tidy(() => vitLayer(config, weights, layerName(layer), input));
      if (config.backboneOutIndices.slice(featureMaps.length).includes(layer)) states.push(hidden);
    }
    return head(weights, neckForward(config, weights, states));
  });
}

function embed(
  config: DptConfig,
  weights: Weights,
  pixelValues: tf.Tensor4D,
): { tokens: tf.Tensor3D; featureMaps: tf.Tensor4D[] } {
  const maps = config.backbone ? bitForward(config.backbone, weights, backboneRoot, pixelValues) : [];
  const deepest = maps[2];
  const patches = deepest
    ? applyConv(weights, `${embeddings}.projection`, deepest)
    : applyConv(weights, `${embeddings}.patch_embeddings.projection`, pixelValues, {
        stride: config.patchSize,
      });
  const [batch, height, width, channels] = patches.shape;
  const classToken = tf.tile(takeWeight<tf.Tensor3D>(weights, `${embeddings}.cls_token`), [batch, 1, 1]);
  const sequence = tf.concat([classToken, tf.reshape(patches, [batch, height * width, channels])], 1);
  const positions = takeWeight(weights, `${embeddings}.position_embeddings`);
  return { tokens: tf.add<tf.Tensor3D>(sequence, positions), featureMaps: maps.slice(0, 2) };
}

/** A layer of the vision transformer (Dosovitskiy et al. 2021, eq. 2 and 3). */
function vitLayer(config: DptConfig, weights: Weights, prefix: string, x: tf.Tensor3D): tf.Tensor3D {
  const norm = (name: string, input: tf.Tensor3D): tf.Tensor3D =>
    applyLayerNorm(weights, `${prefix}.${name}`, input, config.layerNormEps);
  const normal = norm("layernorm_before", x);
  const project = (name: string): tf.Tensor4D =>
    splitHeads(
      applyLinear(weights, `${prefix}.attention.attention.${name}`, normal),
      config.numAttentionHeads,
    );
  const attended = mergeHeads(attention(project("query"), project("key"), project("value")));
  const afterAttention = tf.add<tf.Tensor3D>(
    applyLinear(weights, `${prefix}.attention.output.dense`, attended),
    x,
  );
  const wide = gelu(
    applyLinear(weights, `${prefix}.intermediate.dense`, norm("layernorm_after", afterAttention)),
  );
  return tf.add(applyLinear(weights, `${prefix}.output.dense`, wide), afterAttention);
}

function head(weights: Weights, x: tf.Tensor4D): tf.Tensor3D {
  const large = doubleSize(applyConv(weights, "head.head.0", x, { padding: 1 }));
  const narrow = tf.relu(applyConv(weights, "head.head.2", large, { padding: 1 }));
  return tf.squeeze(tf.relu(applyConv(weights, "head.head.4", narrow)), [3]);
}
