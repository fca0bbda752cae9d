import type { AutoencoderKlConfig } from "../models/autoencoder-kl-config.ts";
import { autoencoderKlParameters } from "../models/autoencoder-kl.ts";
import type { ClipTextConfig } from "../models/clip-text-config.ts";
import { clipTextParameters } from "../models/clip-text.ts";
import type { Unet2dConditionConfig } from "../models/unet-2d-condition-config.ts";
import { unet2dConditionParameters } from "../models/unet-2d-condition.ts";
import type { Model, ParameterSpec, Weights } from "../weights/parameters.ts";
import { joinBytes } from "../weights/join-bytes.ts";
import { safetensorsStream, type FileStream, type TensorToWrite } from "../weights/safetensors-stream.ts";
import {
  parameterToWrite,
  writtenDtype,
  type SavedDtype,
  type WrittenDtype,
} from "../weights/save-weights.ts";
import { LDM_PREFIXES } from "./ldm-names.ts";
import { ldmOpenClipName, ldmUnetName, ldmVaeName, ldmVaeShape } from "./write-ldm-names.ts";

export interface SingleFileParts {
  readonly unet: Model<unknown>;
  readonly vae: Model<unknown>;
  readonly textEncoder: Model<unknown>;
}

export interface SingleFileWriteOptions {
  readonly dtype: SavedDtype;
  /** What the U-Net predicts: it is stated in the file, whose shapes cannot tell. */
  readonly predictionType?: string;
}

/**
 * A Stable Diffusion 1 or 2 checkpoint in one file, with the tensor names of the original code (Rombach et al. 2022), as a stream.
 * The text encoder is written as CLIP for Stable Diffusion 1, as OpenCLIP where its activation is the exact GELU. OpenCLIP's last
 * layer, which Stable Diffusion 2 does not use, is written as a copy of the one before, since programs count on it.
 *
 * @throws naming the component or the parameter that the format has no place for.
 */
export function singleFileStream(
  { unet, vae, textEncoder }: SingleFileParts,
  { dtype, predictionType }: SingleFileWriteOptions,
): FileStream {
  requireClass(unet, "UNet2DConditionModel");
  requireClass(vae, "AutoencoderKL");
  requireClass(textEncoder, "CLIPTextModel");
  const unetConfig = unet.config as Unet2dConditionConfig;
  const vaeConfig = vae.config as AutoencoderKlConfig;
  const unetSpecs = unet2dConditionParameters(unetConfig);
  const vaeSpecs = autoencoderKlParameters(vaeConfig);
  const unetDtype = writtenDtype(unet.weights, unetSpecs, dtype);
  const vaeDtype = writtenDtype(vae.weights, vaeSpecs, dtype);
  const tensors = [
    ...unetSpecs.map((spec) => ({
      ...parameterToWrite(unet.weights, spec, unetDtype),
      name: ldmUnetName(spec.name, unetConfig),
    })),
    ...vaeSpecs.map((spec) => ({
      ...parameterToWrite(vae.weights, spec, vaeDtype),
      name: ldmVaeName(spec.name, vaeConfig.blockOutChannels.length),
      shape: spec.name.includes(".attentions.") ? ldmVaeShape(spec) : spec.shape,
    })),
    ...textTensors(textEncoder, dtype),
  ];
  const stated = predictionType === "v_prediction" ? "v" : predictionType;
  return safetensorsStream(tensors, {
    format: "pt",
    ...(stated !== undefined && { "modelspec.prediction_type": stated }),
  });
}

function requireClass({ className }: Model<unknown>, wanted: string): void {
  if (className !== wanted)
    throw new Error(
      `a checkpoint in one file holds a ${wanted}; this is a ${className}. Save a folder in the diffusers layout.`,
    );
}

function textTensors({ config, weights }: Model<unknown>, wanted: SavedDtype): TensorToWrite[] {
  const clip = config as ClipTextConfig;
  const specs = clipTextParameters(clip);
  const dtype = writtenDtype(weights, specs, wanted);
  if (clip.hiddenAct !== "gelu")
    return specs.map((spec) => ({
      ...parameterToWrite(weights, spec, dtype),
      name: LDM_PREFIXES.clip + spec.name,
    }));
  const tensors = specs.flatMap((spec) => openClipTensor(weights, specs, spec, dtype));
  const last = `transformer.resblocks.${String(clip.numHiddenLayers - 1)}.`;
  const unused = tensors
    .filter(({ name }) => name.includes(last))
    .map((tensor) => ({
      ...tensor,
      name: tensor.name.replace(last, `transformer.resblocks.${String(clip.numHiddenLayers)}.`),
    }));
  return [...tensors, ...unused];
}

/** OpenCLIP keeps query, key and value as one matrix, one below the other. */
function openClipTensor(
  weights: Weights,
  specs: readonly ParameterSpec[],
  spec: ParameterSpec,
  dtype: WrittenDtype,
): TensorToWrite[] {
  const name = ldmOpenClipName(spec.name);
  if (name === undefined) return [];
  const first = parameterToWrite(weights, spec, dtype);
  if (!name.includes("in_proj_")) return [{ ...first, name }];
  const parts = ["q_proj", "k_proj", "v_proj"].map((projection) => {
    const wanted = spec.name.replace("q_proj", projection);
    const found = specs.find((one) => one.name === wanted);
    if (!found) throw new Error(`The text encoder has no "${wanted}".`);
    return parameterToWrite(weights, found, dtype);
  });
  const [rows = 1, ...others] = spec.shape;
  return [
    {
      name,
      dtype: first.dtype,
      shape: [3 * rows, ...others],
      bytes: async () => {
        const read: Uint8Array[] = [];
        for (const part of parts) read.push(await part.bytes());
        return joinBytes(read);
      },
    },
  ];
}
