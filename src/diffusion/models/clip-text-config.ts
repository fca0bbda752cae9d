import { ConfigReader, type JsonObject } from "./config-reader.ts";

export const CLIP_ACTIVATIONS = ["quick_gelu", "gelu"] as const;

export interface ClipTextConfig {
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly numHiddenLayers: number;
  readonly numAttentionHeads: number;
  /** Longest row of tokens; 77 for CLIP. */
  readonly maxPositionEmbeddings: number;
  readonly hiddenAct: (typeof CLIP_ACTIVATIONS)[number];
  readonly layerNormEps: number;
  /** Whose hidden state is the pooled output; 2 stands for "the largest id of the row", see {@link clipTextForward}. */
  readonly eosTokenId: number;
  /** Width of the text embedding of CLIPTextModelWithProjection; null for a model without projection. */
  readonly projectionDim: number | null;
}

const architectures = ["CLIPTextModel", "CLIPTextModelWithProjection", "CLIPModel"] as const;

/**
 * Reads `config.json` of a text encoder, or the `text_config` of a whole CLIP model.
 * @throws naming the option that is not supported.
 */
export function parseClipTextConfig(json: JsonObject): ClipTextConfig {
  const architecture = architectureOf(json);
  const textJson = (json["text_config"] as JsonObject | undefined) ?? json;
  const read = new ConfigReader("CLIPTextModel", textJson);
  read.only("model_type", "clip_text_model", "clip");
  const hiddenSize = read.integer("hidden_size", 512);
  const numAttentionHeads = read.integer("num_attention_heads", 8);
  if (hiddenSize % numAttentionHeads !== 0) {
    read.fail("num_attention_heads", `a divisor of hidden_size (${String(hiddenSize)}) is`);
  }
  return {
    vocabSize: read.integer("vocab_size", 49408),
    hiddenSize,
    intermediateSize: read.integer("intermediate_size", 2048),
    numHiddenLayers: read.integer("num_hidden_layers", 12),
    numAttentionHeads,
    maxPositionEmbeddings: read.integer("max_position_embeddings", 77),
    hiddenAct: read.choice("hidden_act", CLIP_ACTIVATIONS, "quick_gelu"),
    layerNormEps: read.number("layer_norm_eps", 1e-5),
    eosTokenId: read.number("eos_token_id", 49407),
    projectionDim:
      architecture === "CLIPTextModelWithProjection" ? read.integer("projection_dim", 512) : null,
  };
}

/** `config.json` of a text encoder without a projection, as transformers reads it. */
export const clipTextConfigToJson = (config: ClipTextConfig): Record<string, unknown> => ({
  architectures: ["CLIPTextModel"],
  model_type: "clip_text_model",
  vocab_size: config.vocabSize,
  hidden_size: config.hiddenSize,
  intermediate_size: config.intermediateSize,
  num_hidden_layers: config.numHiddenLayers,
  num_attention_heads: config.numAttentionHeads,
  max_position_embeddings: config.maxPositionEmbeddings,
  hidden_act: config.hiddenAct,
  layer_norm_eps: config.layerNormEps,
  eos_token_id: config.eosTokenId,
});

function architectureOf(json: JsonObject): (typeof architectures)[number] {
  const listed = json["architectures"];
  const name: unknown = Array.isArray(listed) && listed.length > 0 ? listed[0] : "CLIPTextModel";
  const known = architectures.find((architecture) => architecture === name);
  if (known) return known;
  throw new Error(
    `Text encoder config: architectures names ${JSON.stringify(name)}; ${architectures.join(", ")} are supported.`,
  );
}
