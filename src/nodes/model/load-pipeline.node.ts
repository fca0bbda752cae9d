import { AUTOENCODER_TINY_CLASS_NAME } from "../../diffusion/models/autoencoder-tiny.ts";
import { AUTOENCODER_KL_CLASS_NAME } from "../../diffusion/models/autoencoder-kl-config.ts";
import {
  createScheduler,
  exchangeScheduler,
  parseSchedulerConfig,
} from "../../diffusion/schedulers/index.ts";
import { defineNode, port } from "../../engine/node/define-node.ts";
import { choice, source } from "../../engine/node/params.ts";
import { textType } from "../../engine/node/socket-type.ts";
import { SCHEDULER_CLASSES } from "../sampling/scheduler-classes.ts";
import { noiseSchedulerType, textEncoderType, tokenizerType, unetType, vaeType } from "../socket-types.ts";
import { servicesOf } from "../sources/sources.ts";
import { openComponent, readComponentConfig, readText } from "./model-files.ts";
import { loadTokenizer } from "./load-tokenizer.ts";
import type { ResidentModel } from "./resident-model.ts";
import { UNET_CLASSES } from "./unet-classes.ts";

/** The networks of a pipeline by their folders, and the classes that each may be of. */
const PARTS = {
  unet: UNET_CLASSES,
  vae: [AUTOENCODER_KL_CLASS_NAME, AUTOENCODER_TINY_CLASS_NAME],
  text_encoder: ["CLIPTextModel", "CLIPTextModelWithProjection"],
} as const;

export default defineNode({
  type: "model/load-pipeline",
  version: 1,
  title: "Load Stable Diffusion",
  doc: "Takes a Stable Diffusion pipeline in the diffusers layout apart: tokenizer, text encoder, U-Net, VAE and noise scheduler.",
  keywords: ["checkpoint", "model", "from_pretrained", "sd", "pipeline", "hub"],
  inputs: {},
  params: {
    source: source({
      default: "hf:stable-diffusion-v1-5/stable-diffusion-v1-5@main",
      holds: "model",
      doc: "The pipeline's folder, the one with model_index.json.",
    }),
    scheduler: choice(["as saved", ...SCHEDULER_CLASSES], {
      default: "as saved",
      doc: "The stepping rule; its noise schedule stays that of the model.",
    }),
  },
  outputs: {
    unet: port(unetType, "Predicts the noise."),
    textEncoder: port(textEncoderType, "Turns tokens into text states."),
    tokenizer: port(tokenizerType, "Turns text into tokens."),
    vae: port(vaeType, "Turns pictures into latents and back."),
    noiseScheduler: port(noiseSchedulerType, "The schedule that the U-Net was trained with."),
    source: port(textType, "The folder, for a node that loads another part of it (depth estimator)."),
  },
  cacheKey: ({ params, context }) => servicesOf(context).sources.folder(params.source).identity(),
  runAsync: async ({ params, context }) => {
    if (/\.(safetensors|ckpt)$/i.test(params.source))
      throw new Error(
        `source is one file, "${params.source}"; a folder with model_index.json is wanted here. The node Load checkpoint file opens one .safetensors file.`,
      );
    const folder = servicesOf(context).sources.folder(params.source);
    const text = await readText(folder, "scheduler/scheduler_config.json", context.signal);
    const saved = createScheduler(parseSchedulerConfig(text));
    const noiseScheduler =
      params.scheduler === "as saved" ? saved : exchangeScheduler(saved, params.scheduler);
    const tokenizer = await loadTokenizer(folder, "tokenizer", context.signal);
    for (const [name, classNames] of Object.entries(PARTS))
      await readComponentConfig(folder, name, context.signal, classNames);
    const load = (name: keyof typeof PARTS): Promise<ResidentModel> =>
      openComponent(folder, name, context, PARTS[name]);
    const textEncoder = await load("text_encoder");
    const unet = await load("unet");
    const vae = await load("vae");
    return { unet, textEncoder, tokenizer, vae, noiseScheduler, source: params.source };
  },
});
