import * as tf from "@tensorflow/tfjs";
import { attention, embedding, gelu, quickGelu } from "../../tensor/ops.ts";
import { isStored } from "../../tensor/stored/stored-tensor.ts";
import type { ParameterSpec, Weights } from "../weights/parameters.ts";
import type { ClipTextConfig } from "./clip-text-config.ts";
import { mergeHeads, splitHeads } from "./layers/attention-heads.ts";
import { applyLayerNorm, applyLinear, takeStored, takeWeight } from "./layers/apply.ts";
import { embeddingParameters, linearParameters, normParameters } from "./layers/parameters.ts";

const root = "text_model";
const tokenTable = `${root}.embeddings.token_embedding.weight`;
const positionTable = `${root}.embeddings.position_embedding.weight`;

/** Parameters of CLIPTextModel, and of CLIPTextModelWithProjection when `projectionDim` is set. */
export function clipTextParameters(config: ClipTextConfig): ParameterSpec[] {
  const { hiddenSize, intermediateSize } = config;
  const layers = Array.from({ length: config.numHiddenLayers }, (_, layer) => {
    const prefix = `${root}.encoder.layers.${String(layer)}`;
    return [
      ...["k_proj", "v_proj", "q_proj", "out_proj"].flatMap((name) =>
        linearParameters(`${prefix}.self_attn.${name}`, hiddenSize, hiddenSize),
      ),
      ...normParameters(`${prefix}.layer_norm1`, hiddenSize),
      ...linearParameters(`${prefix}.mlp.fc1`, hiddenSize, intermediateSize),
      ...linearParameters(`${prefix}.mlp.fc2`, intermediateSize, hiddenSize),
      ...normParameters(`${prefix}.layer_norm2`, hiddenSize),
    ];
  });
  return [
    ...embeddingParameters(`${root}.embeddings.token_embedding`, config.vocabSize, hiddenSize),
    ...embeddingParameters(`${root}.embeddings.position_embedding`, config.maxPositionEmbeddings, hiddenSize),
    ...layers.flat(),
    ...normParameters(`${root}.final_layer_norm`, hiddenSize),
    ...(config.projectionDim === null
      ? []
      : linearParameters("text_projection", hiddenSize, config.projectionDim, { bias: false })),
  ];
}

/**
 * The name that {@link clipTextParameters} uses for a tensor of a file: transformers 5 saves CLIPTextModel without the
 * `text_model.` in front. Give it to the loader, and have it ignore unknown tensors: old files hold `position_ids`, files of
 * a whole CLIP model its picture half.
 */
export function clipTextWeightName(name: string): string {
  return /^(embeddings|encoder|final_layer_norm)\./.test(name) ? `${root}.${name}` : name;
}

export interface ClipTextInputs {
  /** `[batch][tokens]`, all rows of one length up to `maxPositionEmbeddings`. */
  readonly inputIds: readonly (readonly number[])[];
  /** 1 for tokens that may be attended to, 0 for the others. Default all; Stable Diffusion uses none. */
  readonly attentionMask?: readonly (readonly number[])[];
  /** The rows of the token table for `inputIds` where they were gathered already, see {@link gatherTokenEmbeddings}. */
  readonly tokenEmbeddings?: tf.Tensor3D;
  /** How many of the last layers `lastHiddenState` leaves out: 0 (default) none, 1 gives the layer before the last. */
  readonly clipSkip?: number;
  /** Whether `hiddenStates` is wanted. */
  readonly outputHiddenStates?: boolean;
}

export interface ClipTextOutputs {
  /** `[batch, tokens, hidden]`, after the final norm: what the U-Net attends to. */
  readonly lastHiddenState: tf.Tensor3D;
  /** `[batch, hidden]`: the last layer's state, after the final norm, at the end marker. */
  readonly poolerOutput: tf.Tensor2D;
  /** `[batch, projectionDim]`, of models with a projection. */
  readonly textEmbeds?: tf.Tensor2D;
  /** The embeddings and the output of every layer, each `[batch, tokens, hidden]`, before the final norm. */
  readonly hiddenStates?: readonly tf.Tensor3D[];
}

/**
 * CLIP's text transformer (Radford et al. 2021, section 2.4).
 *
 * The pooled state is taken at the first `eosTokenId`. Configs of before July 2023 say 2, which is not the marker's id: there
 * the largest id of the row counts, and with a row without the marker the first token does.
 * @throws when rows differ in length, are too long, or name a token that the vocabulary does not have.
 */
export function clipTextForward(
  config: ClipTextConfig,
  weights: Weights,
  inputs: ClipTextInputs,
): ClipTextOutputs {
  checkInputs(config, inputs);
  const { inputIds, clipSkip = 0 } = inputs;
  const tokens = inputIds[0]?.length ?? 0;
  const keep = <T extends tf.Tensor>(compute: () => T): T => tf.tidy(compute);

  const mask = keep(() => attentionMask(tokens, inputs.attentionMask));
  const states: tf.Tensor3D[] = [keep(() => embed(config, weights, inputs))];
  for (let layer = 0; layer < config.numHiddenLayers; layer++) {
    const previous = states[layer] as tf.Tensor3D;
    states.push(keep(() => encoderLayer(config, weights, layer, previous, mask)));
    const isNeeded = inputs.outputHiddenStates === true || layer === config.numHiddenLayers - clipSkip;
    if (!isNeeded) previous.dispose();
  }
  mask.dispose();

  const finalNorm = (x: tf.Tensor3D): tf.Tensor3D =>
    applyLayerNorm(weights, `${root}.final_layer_norm`, x, config.layerNormEps);
  const last = states[config.numHiddenLayers] as tf.Tensor3D;
  const chosen = states[config.numHiddenLayers - clipSkip] as tf.Tensor3D;
  const lastHiddenState = keep(() => finalNorm(chosen));
  const poolerOutput = keep(() => pool(config, inputIds, clipSkip === 0 ? lastHiddenState : finalNorm(last)));
  const textEmbeds =
    config.projectionDim === null
      ? undefined
      : keep(() => applyLinear(weights, "text_projection", poolerOutput) as tf.Tensor2D);
  if (!inputs.outputHiddenStates) tf.dispose([last, chosen]);
  return {
    lastHiddenState,
    poolerOutput,
    ...(textEmbeds && { textEmbeds }),
    ...(inputs.outputHiddenStates && { hiddenStates: states }),
  };
}

/**
 * The rows of the token table for `inputIds`, `[batch, tokens, hidden]`, gathered on the host. CLIP's table (152 MB) exceeds
 * what some GPUs bind at once; as long as it has not been used on the device, this never uploads it.
 */
export async function gatherTokenEmbeddings(
  config: ClipTextConfig,
  weights: Weights,
  inputIds: readonly (readonly number[])[],
): Promise<tf.Tensor3D> {
  checkInputs(config, { inputIds });
  const width = config.hiddenSize;
  const tokens = inputIds[0]?.length ?? 0;
  const stored = takeStored<tf.Tensor2D>(weights, tokenTable);
  // A table that is stored is gathered where it is: packed on the device, or on the host.
  if (isStored(stored))
    return tf.tidy(() => tf.reshape(embedding(stored, inputIds.flat()), [inputIds.length, tokens, width]));
  const table = await stored.data();
  const rows = new Float32Array(inputIds.length * tokens * width);
  inputIds.flat().forEach((id, row) => rows.set(table.subarray(id * width, (id + 1) * width), row * width));
  return tf.tensor3d(rows, [inputIds.length, tokens, width]);
}

function checkInputs(config: ClipTextConfig, { inputIds, clipSkip = 0 }: ClipTextInputs): void {
  const tokens = inputIds[0]?.length ?? 0;
  if (tokens === 0 || inputIds.some((row) => row.length !== tokens)) {
    throw new Error(
      `CLIPTextModel: the rows of inputIds have ${inputIds.map((row) => row.length).join(", ")} tokens; all need the same number, at least 1.`,
    );
  }
  if (tokens > config.maxPositionEmbeddings) {
    throw new Error(
      `CLIPTextModel: a row has ${String(tokens)} tokens, the model reads ${String(config.maxPositionEmbeddings)}. Cut or chunk the prompt.`,
    );
  }
  const foreign = inputIds.flat().find((id) => !Number.isInteger(id) || id < 0 || id >= config.vocabSize);
  if (foreign !== undefined) {
    throw new Error(
      `CLIPTextModel: token id ${String(foreign)} is not in the vocabulary of ${String(config.vocabSize)}. Tokenizer and text encoder belong to different models.`,
    );
  }
  if (!Number.isInteger(clipSkip) || clipSkip < 0 || clipSkip > config.numHiddenLayers) {
    throw new Error(
      `CLIPTextModel: clipSkip is ${String(clipSkip)}; 0 to ${String(config.numHiddenLayers)} are possible.`,
    );
  }
}

function embed(
  config: ClipTextConfig,
  weights: Weights,
  { inputIds, tokenEmbeddings }: ClipTextInputs,
): tf.Tensor3D {
  const tokens = inputIds[0]?.length ?? 0;
  const words =
    tokenEmbeddings ??
    tf.reshape(embedding(takeStored<tf.Tensor2D>(weights, tokenTable), inputIds.flat()), [
      inputIds.length,
      tokens,
      config.hiddenSize,
    ]);
  const positions = tf.slice(
    takeWeight<tf.Tensor2D>(weights, positionTable),
    [0, 0],
    [tokens, config.hiddenSize],
  );
  return tf.add(words, positions);
}

/** Score of a place that must not be attended to: its softmax is 0 in float32, and a sum of two does not overflow. */
const hidden = -1e9;

/** `[1 or batch, 1, tokens, tokens]`: nobody looks ahead, nor at padding where a mask was given. */
function attentionMask(tokens: number, mask: ClipTextInputs["attentionMask"]): tf.Tensor4D {
  const rows = mask ?? [new Array<number>(tokens).fill(1)];
  const scores = new Float32Array(rows.length * tokens * tokens);
  rows.forEach((row, batch) => {
    for (let query = 0; query < tokens; query++) {
      for (let key = 0; key < tokens; key++) {
        scores[(batch * tokens + query) * tokens + key] = key > query || row[key] === 0 ? hidden : 0;
      }
    }
  });
  return tf.tensor4d(scores, [rows.length, 1, tokens, tokens]);
}

function encoderLayer(
  config: ClipTextConfig,
  weights: Weights,
  layer: number,
  x: tf.Tensor3D,
  mask: tf.Tensor4D,
): tf.Tensor3D {
  const prefix = `${root}.encoder.layers.${String(layer)}`;
  const heads = config.numAttentionHeads;
  const normal = applyLayerNorm(weights, `${prefix}.layer_norm1`, x, config.layerNormEps);
  const project = (name: string): tf.Tensor4D =>
    splitHeads(applyLinear(weights, `${prefix}.self_attn.${name}`, normal), heads);
  const attended = attention(project("q_proj"), project("k_proj"), project("v_proj"), { mask });
  const afterAttention = tf.add(
    x,
    applyLinear(weights, `${prefix}.self_attn.out_proj`, mergeHeads(attended)),
  );

  const wide = applyLinear(
    weights,
    `${prefix}.mlp.fc1`,
    applyLayerNorm(weights, `${prefix}.layer_norm2`, afterAttention, config.layerNormEps),
  );
  const active = config.hiddenAct === "gelu" ? gelu(wide) : quickGelu(wide);
  return tf.add(afterAttention, applyLinear(weights, `${prefix}.mlp.fc2`, active));
}

const legacyEosTokenId = 2;

function pool(
  config: ClipTextConfig,
  inputIds: ClipTextInputs["inputIds"],
  states: tf.Tensor3D,
): tf.Tensor2D {
  const width = config.hiddenSize;
  const rows = inputIds.map((row, batch) => {
    const marker = config.eosTokenId === legacyEosTokenId ? Math.max(...row) : config.eosTokenId;
    return tf.slice(states, [batch, Math.max(0, row.indexOf(marker)), 0], [1, 1, width]);
  });
  return tf.reshape(tf.concat(rows, 0), [inputIds.length, width]);
}
