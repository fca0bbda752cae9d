import type * as tf from "@tensorflow/tfjs";
import {
  BASIC_UNET_CLASS_NAME,
  basicUnetConfigToJson,
  basicUnetForward,
  basicUnetParameters,
  parseBasicUnetConfig,
  type BasicUnetConfig,
} from "../../diffusion/models/basic-unet.ts";
import { unet2dForward, unet2dParameters } from "../../diffusion/models/unet-2d.ts";
import {
  parseUnet2dConfig,
  UNET_2D_CLASS_NAME,
  unet2dConfigToJson,
  type Unet2dConfig,
} from "../../diffusion/models/unet-2d-config.ts";
import type { Model, ParameterSpec, Weights } from "../../diffusion/weights/parameters.ts";

/** What a network is given. */
export interface NetworkInputs {
  readonly sample: tf.Tensor4D;
  /** t: one for all pictures, or one for each; undefined where nothing is wired. */
  readonly timestep: readonly number[] | undefined;
}

/** A class of networks that the U-Net nodes can load, create, run and save. */
export interface NetworkKind {
  /** diffusers' `_class_name`. */
  readonly className: string;
  parseConfig(json: unknown): unknown;
  configToJson(config: unknown): Record<string, unknown>;
  parameters(config: unknown): readonly ParameterSpec[];
  /** Differentiable with respect to the weights. */
  forward(config: unknown, weights: Weights, inputs: NetworkInputs): tf.Tensor4D;
}

/** Lets each kind keep the static type of its config. */
const kind = <C>(spec: {
  className: string;
  parseConfig: (json: unknown) => C;
  configToJson: (config: C) => Record<string, unknown>;
  parameters: (config: C) => readonly ParameterSpec[];
  forward: (config: C, weights: Weights, inputs: NetworkInputs) => tf.Tensor4D;
}): NetworkKind => spec as NetworkKind;

const kinds: readonly NetworkKind[] = [
  kind<Unet2dConfig>({
    className: UNET_2D_CLASS_NAME,
    parseConfig: parseUnet2dConfig,
    configToJson: unet2dConfigToJson,
    parameters: unet2dParameters,
    forward: (config, weights, { sample, timestep }) => {
      if (!timestep) throw new Error(`timestep is not wired; a ${UNET_2D_CLASS_NAME} needs it.`);
      return unet2dForward(config, weights, { sample, timestep });
    },
  }),
  kind<BasicUnetConfig>({
    className: BASIC_UNET_CLASS_NAME,
    parseConfig: parseBasicUnetConfig,
    configToJson: basicUnetConfigToJson,
    parameters: basicUnetParameters,
    forward: (config, weights, { sample }) => basicUnetForward(config, weights, { sample }),
  }),
];

/** @throws Error that names the class and lists those that are supported. */
export function networkKind(className: string): NetworkKind {
  const found = kinds.find((one) => one.className === className);
  if (found) return found;
  throw new Error(
    `a network of class "${className}" is not supported; these are: ${kinds.map((one) => one.className).join(", ")}.`,
  );
}

/** Runs whichever network it is. */
export function runNetwork(model: Model<unknown>, inputs: NetworkInputs): tf.Tensor4D {
  return networkKind(model.className).forward(model.config, model.weights, inputs);
}
