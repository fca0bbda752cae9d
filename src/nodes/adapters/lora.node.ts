import { applyLoras, loadLora, type Lora, type LoraLayers } from "../../diffusion/adapters/lora.ts";
import type { ClipTextConfig } from "../../diffusion/models/clip-text-config.ts";
import { clipTextParameters } from "../../diffusion/models/clip-text.ts";
import type { Unet2dConditionConfig } from "../../diffusion/models/unet-2d-condition-config.ts";
import { unet2dConditionParameters } from "../../diffusion/models/unet-2d-condition.ts";
import { defineNode, port } from "../../engine/node/define-node.ts";
import type { Model } from "../../diffusion/weights/parameters.ts";
import { float, source, text } from "../../engine/node/params.ts";
import { textEncoderType, unetType } from "../socket-types.ts";
import { deriveModel, modelBytes, ResidentModel } from "../model/resident-model.ts";
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
  readsResidents: false,
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
    const change = (model: Model<unknown>, layers: LoraLayers, weight: number): Model<unknown> =>
      deriveModel(model, labelled(model, lora, layers), (weights) =>
        applyLoras(weights, [{ layers, weight }]),
      );
    return {
      unet: change(unet, lora.unet, params.weight),
      textEncoder: change(textEncoder, lora.textEncoder, params.textWeight),
    };
  },
});

/** What is changed becomes float32. */
function labelled(
  model: Model<unknown>,
  { name }: Lora,
  layers: LoraLayers,
): { readonly label: string; readonly bytes: number } {
  const changed = [...layers.values()].reduce(
    (sum, { down, up, rank }) => sum + (down.length / rank) * (up.length / rank),
    0,
  );
  const label = model instanceof ResidentModel ? model.label : model.className;
  return { label: `${label} with the LoRA "${name}"`, bytes: modelBytes(model) + 4 * changed };
}
