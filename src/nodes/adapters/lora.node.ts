import { applyLoras, loadLora, type LoraLayers } from "../../diffusion/adapters/lora.ts";
import type { ClipTextConfig } from "../../diffusion/models/clip-text-config.ts";
import { clipTextParameters } from "../../diffusion/models/clip-text.ts";
import type { Unet2dConditionConfig } from "../../diffusion/models/unet-2d-condition-config.ts";
import { unet2dConditionParameters } from "../../diffusion/models/unet-2d-condition.ts";
import { defineNode, port } from "../../engine/node/define-node.ts";
import type { Weights } from "../../diffusion/weights/parameters.ts";
import { float, source, text } from "../../engine/node/params.ts";
import { textEncoderType, unetType } from "../socket-types.ts";
import { downloadOptions, openRequired, servicesOf } from "../sources/sources.ts";

export default defineNode({
  type: "adapters/lora",
  version: 1,
  title: "LoRA",
  doc: "Adds a low-rank change of the weights (Hu et al. 2021) to the U-Net and the text encoder. Several can follow one another; taking the node out brings the original back.",
  keywords: ["adapter", "style", "kohya", "peft", "fine-tune"],
  inputs: {
    unet: port(unetType, "The U-Net to change."),
    textEncoder: port(textEncoderType, "The text encoder to change."),
  },
  params: {
    source: source({ default: "", holds: "model", doc: "The LoRA's .safetensors file, or its folder." }),
    file: text({ default: "", doc: "File in the folder; pytorch_lora_weights.safetensors if empty." }),
    weight: float({
      default: 1,
      min: -4,
      max: 4,
      step: 0.05,
      doc: "How strongly it counts: 1 as trained, 0 not at all.",
    }),
    textWeight: float({ default: 1, min: -4, max: 4, step: 0.05, doc: "The same for the text encoder." }),
  },
  outputs: {
    unet: port(unetType, "The changed U-Net."),
    textEncoder: port(textEncoderType, "The changed text encoder."),
  },
  cacheKey: ({ params, context }) => servicesOf(context).sources.folder(params.source).identity(),
  runAsync: async ({ inputs: { unet, textEncoder }, params, context }) => {
    const folder = servicesOf(context).sources.folder(params.source);
    const isFile = /\.safetensors$/.test(params.source);
    const name = isFile ? "" : params.file || "pytorch_lora_weights.safetensors";
    const file = await openRequired(folder, name, downloadOptions(context));
    await file.prepare?.();
    const lora = await loadLora(file, {
      unet: unet2dConditionParameters(unet.config as Unet2dConditionConfig),
      textEncoder: clipTextParameters(textEncoder.config as ClipTextConfig),
    });
    const change = (weights: Weights, layers: LoraLayers, weight: number): Weights =>
      applyLoras(weights, [{ layers, weight }]);
    return {
      unet: { ...unet, weights: change(unet.weights, lora.unet, params.weight) },
      textEncoder: {
        ...textEncoder,
        weights: change(textEncoder.weights, lora.textEncoder, params.textWeight),
      },
    };
  },
});
