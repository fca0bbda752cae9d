import { AUTOENCODER_KL_CLASS_NAME } from "../../diffusion/models/autoencoder-kl-config.ts";
import type { ClipTextConfig } from "../../diffusion/models/clip-text-config.ts";
import { UNET_2D_CONDITION_CLASS_NAME } from "../../diffusion/models/unet-2d-condition-config.ts";
import { createScheduler, exchangeScheduler, type Scheduler } from "../../diffusion/schedulers/index.ts";
import { openSingleFile, type SingleFileOptions } from "../../diffusion/single-file/single-file.ts";
import { defineNode, port } from "../../engine/node/define-node.ts";
import { choice, source, text } from "../../engine/node/params.ts";
import { SCHEDULER_CLASSES } from "../sampling/scheduler-classes.ts";
import { noiseSchedulerType, textEncoderType, tokenizerType, unetType, vaeType } from "../socket-types.ts";
import { downloadOptions, openRequired, servicesOf, type SourceFolder } from "../sources/sources.ts";
import { findTokenizer } from "./load-tokenizer.ts";
import { openComponent } from "./model-files.ts";
import type { ResidentModel } from "./resident-model.ts";

/** The id of "!", which OpenCLIP pads with. */
const OPEN_CLIP_PAD_TOKEN = 0;

export default defineNode({
  type: "model/load-checkpoint",
  version: 1,
  title: "Load checkpoint file",
  doc: "Takes a Stable Diffusion 1 or 2 checkpoint apart that is one .safetensors file, as most programs share them. The tokenizer is not in it and comes from elsewhere.",
  keywords: ["single file", "from_single_file", "ldm", "safetensors", "model", "civitai"],
  inputs: {},
  params: {
    source: source({
      default: "file:model.safetensors",
      holds: "model",
      doc: "The file: file:<path>, or https://… of one on the Hub.",
    }),
    tokenizer: source({
      default: "hf:openai/clip-vit-large-patch14",
      holds: "model",
      doc: "A folder with CLIP's vocabulary, at its top or in tokenizer/.",
    }),
    scheduler: choice(SCHEDULER_CLASSES, {
      default: "PNDMScheduler",
      doc: "The stepping rule, on Stable Diffusion's noise schedule.",
    }),
    predictionType: choice(["as stated", "epsilon", "v_prediction"], {
      default: "as stated",
      doc: "What the U-Net predicts. Few files state it; then it is epsilon. Stable Diffusion 2 for 768 pixels has v_prediction.",
    }),
    configs: text({
      default: "",
      multiline: true,
      advanced: true,
      doc: 'JSON with options that the tensors\' shapes do not tell, for unusual models: {"unet": {"attention_head_dim": 4}}; also vae and textEncoder.',
    }),
  },
  outputs: {
    unet: port(unetType, "Predicts the noise."),
    textEncoder: port(textEncoderType, "Turns tokens into text states."),
    tokenizer: port(tokenizerType, "Turns text into tokens."),
    vae: port(vaeType, "Turns pictures into latents and back."),
    noiseScheduler: port(noiseSchedulerType, "Stable Diffusion's noise schedule."),
  },
  cacheKey: async ({ params, context }) => {
    const { sources } = servicesOf(context);
    const identities = [params.source, params.tokenizer].map((one) => sources.folder(one).identity());
    return (await Promise.all(identities)).join("\n");
  },
  runAsync: async ({ params, context }) => {
    const { sources } = servicesOf(context);
    const file = await openRequired(sources.folder(params.source), "", downloadOptions(context));
    const { files, predictionType } = await openSingleFile(file, parseConfigs(params.configs));
    const parts: SourceFolder = {
      label: params.source,
      open: (path) => Promise.resolve(files.get(path)),
      list: () => Promise.resolve([...files.keys()]),
      identity: () => sources.folder(params.source).identity(),
    };
    const tokenizer = await findTokenizer(sources.folder(params.tokenizer), context.signal);
    const noiseScheduler = stableDiffusionScheduler(
      params.scheduler,
      params.predictionType === "as stated" ? (predictionType ?? "epsilon") : params.predictionType,
    );
    const load = (name: string, className: string): Promise<ResidentModel> =>
      openComponent(parts, name, context, [className]);
    const textEncoder = await load("text_encoder", "CLIPTextModel");
    const unet = await load("unet", UNET_2D_CONDITION_CLASS_NAME);
    const vae = await load("vae", AUTOENCODER_KL_CLASS_NAME);
    const isOpenClip = (textEncoder.config as ClipTextConfig).hiddenAct === "gelu";
    const padTokenId = isOpenClip ? OPEN_CLIP_PAD_TOKEN : tokenizer.padTokenId;
    return { unet, textEncoder, tokenizer: { ...tokenizer, padTokenId }, vae, noiseScheduler };
  },
});

/** The schedule that all of Stable Diffusion 1 and 2 was trained with (Rombach et al. 2022), as its repositories state it. */
function stableDiffusionScheduler(className: string, predictionType: string): Scheduler {
  const saved = createScheduler({
    _class_name: "PNDMScheduler",
    num_train_timesteps: 1000,
    beta_schedule: "scaled_linear",
    beta_start: 0.00085,
    beta_end: 0.012,
    prediction_type: predictionType,
    set_alpha_to_one: false,
    skip_prk_steps: true,
    steps_offset: 1,
    // PNDM knows no such option; those that do would clip latents, which are no pictures.
    clip_sample: false,
  });
  return exchangeScheduler(saved, className);
}

/** @throws Error that names the parameter and what it may hold. */
function parseConfigs(json: string): SingleFileOptions {
  if (json.trim() === "") return {};
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new Error(`configs is not JSON: ${(cause as Error).message}`, { cause });
  }
  const isObject = (part: unknown): boolean =>
    typeof part === "object" && part !== null && !Array.isArray(part);
  const known = ["unet", "vae", "textEncoder"];
  const fits =
    isObject(value) &&
    Object.entries(value as object).every(([name, part]) => known.includes(name) && isObject(part));
  if (!fits) throw new Error(`configs must be an object of objects, for ${known.join(", ")}.`);
  return value as SingleFileOptions;
}
