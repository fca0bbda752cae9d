import {
  AUTOENCODER_TINY_CLASS_NAME,
  autoencoderTinyParameters,
  parseAutoencoderTinyConfig,
} from "../../diffusion/models/autoencoder-tiny.ts";
import {
  AUTOENCODER_KL_CLASS_NAME,
  parseAutoencoderKlConfig,
} from "../../diffusion/models/autoencoder-kl-config.ts";
import { autoencoderKlParameters } from "../../diffusion/models/autoencoder-kl.ts";
import {
  BASIC_UNET_CLASS_NAME,
  basicUnetConfigToJson,
  basicUnetParameters,
  parseBasicUnetConfig,
} from "../../diffusion/models/basic-unet.ts";
import {
  clipTextConfigToJson,
  parseClipTextConfig,
  type ClipTextConfig,
} from "../../diffusion/models/clip-text-config.ts";
import { clipTextParameters, clipTextWeightName } from "../../diffusion/models/clip-text.ts";
import { CONTROLNET_CLASS_NAME, parseControlnetConfig } from "../../diffusion/models/controlnet-config.ts";
import { controlnetParameters } from "../../diffusion/models/controlnet.ts";
import { parseDptConfig } from "../../diffusion/models/depth-dpt-config.ts";
import { dptParameters, dptWeightName } from "../../diffusion/models/depth-dpt.ts";
import {
  parseUnet2dConfig,
  UNET_2D_CLASS_NAME,
  unet2dConfigToJson,
} from "../../diffusion/models/unet-2d-config.ts";
import { unet2dParameters } from "../../diffusion/models/unet-2d.ts";
import {
  parseUnet2dConditionConfig,
  UNET_2D_CONDITION_CLASS_NAME,
} from "../../diffusion/models/unet-2d-condition-config.ts";
import { unet2dConditionParameters } from "../../diffusion/models/unet-2d-condition.ts";
import type { LoadWeightsOptions } from "../../diffusion/weights/load-weights.ts";
import type { ParameterSpec } from "../../diffusion/weights/parameters.ts";

/** A class of models that can be loaded from the diffusers layout. */
export interface ComponentKind {
  /** `_class_name` of diffusers' config, or the entry of transformers' `architectures`. */
  readonly className: string;
  /** What people call it. */
  readonly title: string;
  /** Name of the weights file, without `.safetensors`. */
  readonly fileStem: string;
  readonly loadOptions: Pick<LoadWeightsOptions, "rename" | "unknownTensors">;
  parseConfig(json: unknown): unknown;
  parameters(config: unknown): readonly ParameterSpec[];
  /** Absent for models that cannot be saved yet. */
  configToJson?(config: unknown): Record<string, unknown>;
  /** The class that is taken out of a model which holds more, and that it is from then on. */
  readonly takenAs?: string;
}

interface KindSpec<C> {
  readonly className: string;
  readonly title: string;
  readonly parse: (json: unknown) => C;
  readonly parameters: (config: C) => readonly ParameterSpec[];
  readonly toJson?: (config: C) => Record<string, unknown>;
  readonly fileStem?: string;
  readonly loadOptions?: ComponentKind["loadOptions"];
  readonly takenAs?: string;
}

/** Lets each kind keep the static type of its config. */
function kind<C>({
  className,
  title,
  parse,
  parameters,
  toJson,
  fileStem = "diffusion_pytorch_model",
  loadOptions = {},
  takenAs,
}: KindSpec<C>): ComponentKind {
  return {
    className,
    title,
    fileStem,
    loadOptions,
    parseConfig: parse,
    parameters: (config) => parameters(config as C),
    ...(toJson && { configToJson: (config: unknown) => toJson(config as C) }),
    ...(takenAs !== undefined && { takenAs }),
  };
}

/** The depth estimator of Stable Diffusion 2 (depth): a class of transformers. */
export const DPT_CLASS_NAME = "DPTForDepthEstimation";

const clipText = (
  className: string,
  more: Pick<KindSpec<ClipTextConfig>, "toJson" | "takenAs"> = {},
): ComponentKind =>
  kind({
    ...more,
    className,
    title: "text encoder",
    parse: (json) => parseClipTextConfig(json as Readonly<Record<string, unknown>>),
    parameters: clipTextParameters,
    fileStem: "model",
    loadOptions: { rename: clipTextWeightName, unknownTensors: "ignore" },
  });

const kinds: readonly ComponentKind[] = [
  kind({
    className: UNET_2D_CLASS_NAME,
    title: "U-Net",
    parse: parseUnet2dConfig,
    parameters: unet2dParameters,
    toJson: unet2dConfigToJson,
  }),
  kind({
    className: BASIC_UNET_CLASS_NAME,
    title: "U-Net",
    parse: parseBasicUnetConfig,
    parameters: basicUnetParameters,
    toJson: basicUnetConfigToJson,
  }),
  kind({
    className: UNET_2D_CONDITION_CLASS_NAME,
    title: "U-Net",
    parse: parseUnet2dConditionConfig,
    parameters: unet2dConditionParameters,
  }),
  kind({
    className: AUTOENCODER_KL_CLASS_NAME,
    title: "VAE",
    parse: parseAutoencoderKlConfig,
    parameters: autoencoderKlParameters,
  }),
  kind({
    className: AUTOENCODER_TINY_CLASS_NAME,
    title: "VAE",
    parse: parseAutoencoderTinyConfig,
    parameters: autoencoderTinyParameters,
  }),
  kind({
    className: CONTROLNET_CLASS_NAME,
    title: "ControlNet",
    parse: parseControlnetConfig,
    parameters: controlnetParameters,
  }),
  kind({
    className: DPT_CLASS_NAME,
    title: "depth estimator",
    parse: (json) => parseDptConfig(json as Readonly<Record<string, unknown>>),
    parameters: dptParameters,
    fileStem: "model",
    loadOptions: { rename: dptWeightName },
  }),
  clipText("CLIPTextModel"),
  clipText("CLIPTextModelWithProjection"),
  // Text and vision together; only the text half is read, and it is saved as what it then is.
  clipText("CLIPModel", { toJson: clipTextConfigToJson, takenAs: "CLIPTextModel" }),
];

/** @throws Error that names the class and lists those that are supported. */
export function componentKind(className: string): ComponentKind {
  const found = kinds.find((one) => one.className === className);
  if (found) return found;
  throw new Error(
    `a model of class "${className}" is not supported; these are: ${kinds.map((one) => one.className).join(", ")}.`,
  );
}
