import * as tf from "@tensorflow/tfjs";
import { maxPool2d, silu, upsampleNearest2d } from "../../tensor/ops.ts";
import type { Model, ParameterSpec, Weights } from "../weights/parameters.ts";
import { applyConv } from "./layers/apply.ts";
import { convParameters } from "./layers/parameters.ts";
import { openConfig } from "./open-config.ts";

/**
 * The `BasicUNet` of unit 1 of the Hugging Face diffusion course: six 5×5 convolutions, max-pooling on the way down, nearest
 * upsampling on the way up, skip connections that are added. It knows no timestep.
 */
export interface BasicUnetConfig {
  readonly inChannels: number;
  readonly outChannels: number;
}

export type BasicUnet = Model<BasicUnetConfig>;

export const BASIC_UNET_CLASS_NAME = "BasicUNet";

/** The course's defaults: one gray channel in and out. */
export const defaultBasicUnetConfig: BasicUnetConfig = { inChannels: 1, outChannels: 1 };

const KERNEL = 5;
const PADDING = 2;

/** Reads `{ in_channels, out_channels }`. @throws naming every option that is wrong or unknown. */
export function parseBasicUnetConfig(json: unknown): BasicUnetConfig {
  const read = openConfig(BASIC_UNET_CLASS_NAME, json);
  const config = {
    inChannels: read.integer("in_channels", 1),
    outChannels: read.integer("out_channels", 1),
  };
  read.finish();
  return config;
}

export function basicUnetConfigToJson(config: BasicUnetConfig): Record<string, unknown> {
  return {
    _class_name: BASIC_UNET_CLASS_NAME,
    in_channels: config.inChannels,
    out_channels: config.outChannels,
  };
}

/** Parameters by the names of the course's notebook (`down_layers.0.weight` …), in the order of its constructor. */
export function basicUnetParameters({ inChannels, outChannels }: BasicUnetConfig): ParameterSpec[] {
  const conv = (prefix: string, from: number, to: number): ParameterSpec[] =>
    convParameters(prefix, { inChannels: from, outChannels: to, kernel: KERNEL });
  return [
    ...conv("down_layers.0", inChannels, 32),
    ...conv("down_layers.1", 32, 64),
    ...conv("down_layers.2", 64, 64),
    ...conv("up_layers.0", 64, 64),
    ...conv("up_layers.1", 64, 32),
    ...conv("up_layers.2", 32, outChannels),
  ];
}

/**
 * A guess of the clean pictures. Differentiable. The last layer is followed by SiLU too, as in the course.
 * @param sample `[batch, height, width, inChannels]`; height and width multiples of 4.
 * @returns `[batch, height, width, outChannels]`.
 */
export function basicUnetForward(
  config: BasicUnetConfig,
  weights: Weights,
  inputs: { readonly sample: tf.Tensor4D },
): tf.Tensor4D {
  const { sample } = inputs;
  const [, height, width, channels] = sample.shape;
  if (sample.shape.length !== 4 || channels !== config.inChannels || height % 4 !== 0 || width % 4 !== 0) {
    throw new Error(
      `sample is [${sample.shape.join(", ")}]; a BasicUNet takes [batch, height, width, ${String(config.inChannels)}] ` +
        "with height and width multiples of 4.",
    );
  }
  return tf.tidy(() => {
    const layer = (name: string, x: tf.Tensor4D): tf.Tensor4D =>
      silu(applyConv(weights, name, x, { padding: PADDING }));
    const full = layer("down_layers.0", sample);
    const half = layer("down_layers.1", maxPool2d(full, 2));
    const quarter = layer("down_layers.2", maxPool2d(half, 2));
    const up0 = layer("up_layers.0", quarter);
    const up1 = layer("up_layers.1", tf.add(upsampleNearest2d(up0, 2), half));
    return layer("up_layers.2", tf.add(upsampleNearest2d(up1, 2), full));
  });
}
