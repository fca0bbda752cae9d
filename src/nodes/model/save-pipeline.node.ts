import { singleFileStream } from "../../diffusion/single-file/write-single-file.ts";
import { defineNode, port } from "../../engine/node/define-node.ts";
import { choice, text } from "../../engine/node/params.ts";
import { noiseSchedulerType, textEncoderType, tokenizerType, unetType, vaeType } from "../socket-types.ts";
import { servicesOf, writeStream } from "../sources/sources.ts";
import { savePipeline } from "./pipeline-files.ts";
import { loadModel } from "./resident-model.ts";

const DTYPES = { "as loaded": "as kept", float16: "F16", float32: "F32" } as const;

export default defineNode({
  type: "model/save-pipeline",
  version: 1,
  title: "Save Stable Diffusion",
  doc: "Writes a whole pipeline: a folder in the diffusers layout, which from_pretrained opens in Python, or one .safetensors file with the names of the original code, as most programs share checkpoints. What a LoRA changed is saved changed.",
  keywords: ["model", "checkpoint", "save_pretrained", "merge", "export", "single file", "safetensors"],
  inputs: {
    unet: port(unetType, "The U-Net."),
    textEncoder: port(textEncoderType, "The text encoder."),
    tokenizer: port(tokenizerType, "The tokenizer; one file has no place for it."),
    vae: port(vaeType, "The VAE."),
    noiseScheduler: port(
      noiseSchedulerType,
      "The noise scheduler; of it one file says only what is predicted.",
    ),
  },
  params: {
    path: text({ default: "my-pipeline", doc: "Folder to write to, or the name of the file." }),
    layout: choice(["diffusers folder", "single file"], {
      default: "diffusers folder",
      doc: "One file holds Stable Diffusion 1 and 2 only.",
    }),
    precision: choice(["as loaded", "float16", "float32"], {
      default: "as loaded",
      doc: "float16 halves what is float32, and rounds it.",
    }),
  },
  outputs: {},
  cacheable: false,
  runAsync: async ({ inputs, params, context }) => {
    const { files } = servicesOf(context);
    const dtype = DTYPES[params.precision as keyof typeof DTYPES];
    if (params.layout === "diffusers folder") {
      await savePipeline(files, params.path, inputs, dtype, context);
      return {};
    }
    const { unet, vae, textEncoder, noiseScheduler } = inputs;
    for (const model of [unet, vae, textEncoder]) await loadModel(model, context);
    const path = /\.safetensors$/i.test(params.path) ? params.path : `${params.path}.safetensors`;
    const { predictionType } = noiseScheduler;
    await writeStream(files, path, singleFileStream({ unet, vae, textEncoder }, { dtype, predictionType }));
    return {};
  },
});
