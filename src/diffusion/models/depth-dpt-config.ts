import { ConfigReader, isPositiveInteger, type JsonObject } from "./config-reader.ts";

/** The convolutional part of a hybrid model, transformers' `BitConfig`. */
export interface BitConfig {
  readonly embeddingSize: number;
  /** One entry a stage. */
  readonly hiddenSizes: readonly number[];
  readonly depths: readonly number[];
  readonly numGroups: number;
}

/** Options of transformers' `DPTForDepthEstimation`. */
export interface DptConfig {
  readonly hiddenSize: number;
  readonly numHiddenLayers: number;
  readonly numAttentionHeads: number;
  readonly intermediateSize: number;
  readonly layerNormEps: number;
  readonly qkvBias: boolean;
  readonly imageSize: number;
  readonly patchSize: number;
  readonly numChannels: number;
  /** Null: patches of the picture itself are the tokens. */
  readonly backbone: BitConfig | null;
  /** Layers whose outputs are used; with a backbone only the last two count. */
  readonly backboneOutIndices: readonly number[];
  /** What becomes of the class token. */
  readonly readoutType: "ignore" | "add" | "project";
  /** Change of size at each stage, above or below 1. */
  readonly reassembleFactors: readonly number[];
  readonly neckHiddenSizes: readonly number[];
  readonly fusionHiddenSize: number;
  readonly fusionBias: boolean;
}

const stages = 4;

/**
 * Reads `config.json` of a depth estimator.
 * @throws naming the option that is not supported.
 */
export function parseDptConfig(json: JsonObject): DptConfig {
  const read = new ConfigReader("DPTForDepthEstimation", json);
  read.only("model_type", "dpt");
  read.only("hidden_act", "gelu");
  read.only("use_batch_norm_in_fusion_residual", false, null);
  read.only("add_projection", false);
  read.only("head_in_index", -1);
  const isHybrid = read.boolean("is_hybrid", false);
  if (!isHybrid) {
    read.only("backbone_config", null);
    read.only("backbone", null);
  }
  const config: DptConfig = {
    hiddenSize: read.integer("hidden_size", 768),
    numHiddenLayers: read.integer("num_hidden_layers", 12),
    numAttentionHeads: read.integer("num_attention_heads", 12),
    intermediateSize: read.integer("intermediate_size", 3072),
    layerNormEps: read.number("layer_norm_eps", 1e-12),
    qkvBias: read.boolean("qkv_bias", true),
    imageSize: read.integer("image_size", 384),
    patchSize: read.integer("patch_size", 16),
    numChannels: read.integer("num_channels", 3),
    backbone: isHybrid
      ? parseBackbone((read.raw("backbone_config") as JsonObject | null | undefined) ?? {})
      : null,
    backboneOutIndices: readNumbers(read, "backbone_out_indices", [2, 5, 8, 11], (index) =>
      Number.isInteger(index),
    ),
    readoutType: read.choice("readout_type", ["ignore", "add", "project"], "project"),
    reassembleFactors: readNumbers(read, "reassemble_factors", [4, 2, 1, 0.5], (factor) =>
      isWholeOrOneOver(factor),
    ),
    neckHiddenSizes: readNumbers(read, "neck_hidden_sizes", [96, 192, 384, 768], isPositiveInteger),
    fusionHiddenSize: read.integer("fusion_hidden_size", 256),
    fusionBias: read.boolean("use_bias_in_fusion_residual", true),
  };
  if (config.hiddenSize % config.numAttentionHeads !== 0) {
    read.fail("num_attention_heads", `a divisor of hidden_size (${String(config.hiddenSize)}) is`);
  }
  if (isHybrid && config.readoutType !== "project") read.fail("readout_type", '"project" is, with is_hybrid');
  if (isHybrid) {
    const ignored = read.raw("neck_ignore_stages") ?? [0, 1];
    if (JSON.stringify(ignored) !== "[0,1]") read.fail("neck_ignore_stages", "[0, 1] is");
  }
  return config;
}

const isWholeOrOneOver = (factor: unknown): boolean =>
  typeof factor === "number" && factor > 0 && Number.isInteger(factor >= 1 ? factor : 1 / factor);

function readNumbers(
  read: ConfigReader,
  name: string,
  fallback: readonly number[],
  isValue: (value: unknown) => boolean,
): readonly number[] {
  const value = read.raw(name) ?? fallback;
  const fits = Array.isArray(value) && value.length === stages && value.every(isValue);
  return fits
    ? (value as readonly number[])
    : read.fail(name, `a list of ${String(stages)} suitable numbers is`);
}

function parseBackbone(json: JsonObject): BitConfig {
  const read = new ConfigReader("DPT's backbone", json);
  read.only("model_type", "bit");
  read.only("layer_type", "bottleneck");
  read.only("embedding_dynamic_padding", true);
  read.only("global_padding", "SAME", "same");
  read.only("hidden_act", "relu");
  read.only("output_stride", 32);
  read.only("width_factor", 1);
  read.only("num_channels", 3);
  const features = read.raw("out_features") ?? ["stage1", "stage2", "stage3"];
  if (JSON.stringify(features) !== '["stage1","stage2","stage3"]')
    read.fail("out_features", "stage1, stage2 and stage3 are");
  const depths = read.integers("depths", [3, 4, 9]);
  const hiddenSizes = read.integers("hidden_sizes", [256, 512, 1024, 2048]);
  if (depths.length < 3 || hiddenSizes.length < depths.length)
    read.fail("depths", "three stages, with a hidden size each, are");
  return {
    embeddingSize: read.integer("embedding_size", 64),
    depths,
    hiddenSizes: hiddenSizes.slice(0, depths.length),
    numGroups: read.integer("num_groups", 32),
  };
}
