import type { Scheduler } from "../../diffusion/schedulers/index.ts";
import type { ClipTokenizer, ClipTokenizerFiles } from "../../diffusion/tokenizer/clip-tokenizer.ts";
import type { Model } from "../../diffusion/weights/parameters.ts";
import type { SavedDtype } from "../../diffusion/weights/save-weights.ts";
import type { RunContext } from "../../engine/node/define-node.ts";
import type { FileSink } from "../sources/sources.ts";
import { encodeJson, saveComponent } from "./model-files.ts";
import { loadModel } from "./resident-model.ts";

export interface PipelineParts {
  readonly unet: Model<unknown>;
  readonly vae: Model<unknown>;
  readonly textEncoder: Model<unknown>;
  readonly tokenizer: ClipTokenizer;
  readonly noiseScheduler: Scheduler;
}

/** The files that each vocabulary was read from: a tokenizer is saved as it came. */
const openedTokenizers = new WeakMap<object, ClipTokenizerFiles>();

export const rememberTokenizer = (tokenizer: ClipTokenizer, files: ClipTokenizerFiles): void =>
  void openedTokenizers.set(tokenizer.bpe, files);

const TOKENIZER_FILES = {
  vocab: "vocab.json",
  merges: "merges.txt",
  tokenizerJson: "tokenizer.json",
  tokenizerConfig: "tokenizer_config.json",
  specialTokensMap: "special_tokens_map.json",
} as const;

/**
 * Writes a pipeline in the diffusers layout. `model_index.json` comes last: a folder that has one is whole.
 * @throws Error that names the component that cannot be saved.
 */
export async function savePipeline(
  files: FileSink,
  folder: string,
  { unet, vae, textEncoder, tokenizer, noiseScheduler }: PipelineParts,
  dtype: SavedDtype,
  context: RunContext,
): Promise<void> {
  const path = folder.replace(/\/+$/, "");
  const vocabulary = openedTokenizers.get(tokenizer.bpe);
  if (!vocabulary) throw new Error("the tokenizer was not loaded from files, so it cannot be saved.");
  const models = { text_encoder: textEncoder, unet, vae };
  for (const [name, model] of Object.entries(models)) {
    context.signal.throwIfAborted();
    await saveComponent(files, `${path}/${name}`, await loadModel(model, context), dtype);
  }
  for (const [key, name] of Object.entries(TOKENIZER_FILES)) {
    const text = vocabulary[key as keyof ClipTokenizerFiles];
    if (text !== undefined) await files.write(`${path}/tokenizer/${name}`, new TextEncoder().encode(text));
  }
  const scheduler = { _class_name: noiseScheduler.className, ...noiseScheduler.givenConfig };
  await files.write(`${path}/scheduler/scheduler_config.json`, encodeJson(scheduler));
  const index = {
    _class_name: "StableDiffusionPipeline",
    feature_extractor: [null, null],
    requires_safety_checker: false,
    safety_checker: [null, null],
    scheduler: ["diffusers", noiseScheduler.className],
    text_encoder: ["transformers", textEncoder.className],
    tokenizer: ["transformers", "CLIPTokenizer"],
    unet: ["diffusers", unet.className],
    vae: ["diffusers", vae.className],
  };
  await files.write(`${path}/model_index.json`, encodeJson(index));
}
