import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs";
import { parseAutoencoderKlConfig } from "../../src/diffusion/models/autoencoder-kl-config.ts";
import { autoencoderKlDecode, autoencoderKlParameters } from "../../src/diffusion/models/autoencoder-kl.ts";
import { parseClipTextConfig } from "../../src/diffusion/models/clip-text-config.ts";
import {
  clipTextForward,
  clipTextParameters,
  clipTextWeightName,
} from "../../src/diffusion/models/clip-text.ts";
import { parseUnet2dConditionConfig } from "../../src/diffusion/models/unet-2d-condition-config.ts";
import {
  unet2dConditionForward,
  unet2dConditionParameters,
} from "../../src/diffusion/models/unet-2d-condition.ts";
import { bytesSource, type ByteSource } from "../../src/diffusion/weights/byte-source.ts";
import { disposeWeights } from "../../src/diffusion/weights/dispose.ts";
import { loadWeights } from "../../src/diffusion/weights/load-weights.ts";
import type { Weights } from "../../src/diffusion/weights/parameters.ts";
import { readSafetensorsHeader, readTensor } from "../../src/diffusion/weights/safetensors.ts";

export const MODULES = { unet: "U-Net step", text_encoder: "text encoder", vae: "VAE decode" } as const;
export type ModuleName = keyof typeof MODULES;

/** An array as PyTorch has it: pictures are NCHW. */
export interface TorchArray {
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array;
}

/** The inputs of a network by their names in its ONNX file, and what PyTorch makes of them. */
export interface Example {
  readonly inputs: Readonly<Record<string, TorchArray>>;
  readonly output: TorchArray;
}

/** A network on the current backend. */
export interface LoadedModule {
  /** One call, with its result on the host. */
  readonly call: () => Promise<Float32Array>;
  /** Brings a result of `call` into PyTorch's order. */
  readonly toTorch: (values: Float32Array) => Float32Array;
  readonly dispose: () => void;
}

const fileSource = (path: string): ByteSource => bytesSource(path, readFileSync(path));

export async function readExample(folder: string): Promise<Example> {
  const source = fileSource(`${folder}/arrays.safetensors`);
  const { tensors } = await readSafetensorsHeader(source);
  const arrays: Record<string, TorchArray> = {};
  for (const entry of tensors.values())
    arrays[entry.name] = { shape: entry.shape, values: await readTensor(source, entry) };
  const { output, ...inputs } = arrays;
  if (!output) throw new Error(`${source.name} has no "output"; delete the folder to have it made again.`);
  return { inputs, output };
}

/** Loads the network of a folder that export_sd.py has written, and its inputs, onto the current backend. */
export async function loadModule(name: ModuleName, folder: string, example: Example): Promise<LoadedModule> {
  const config = JSON.parse(readFileSync(`${folder}/config.json`, "utf8")) as Config;
  const { forward, weights, inputs } = await loaders[name](config, folder, example);
  const { shape } = example.output;
  return {
    call: async () => {
      const output = forward();
      const values = await output.data<"float32">();
      output.dispose();
      return values;
    },
    toTorch: (values) => (shape.length === 4 ? channelsFirst(values, shape) : values),
    dispose: () => {
      disposeWeights(weights);
      tf.dispose(inputs);
    },
  };
}

type Config = Readonly<Record<string, unknown>>;

interface Parts {
  readonly forward: () => tf.Tensor;
  readonly weights: Weights;
  readonly inputs: tf.Tensor[];
}

const DIFFUSERS_FILE = "diffusion_pytorch_model.safetensors";

const loaders: Record<ModuleName, (config: Config, folder: string, example: Example) => Promise<Parts>> = {
  unet: async (json, folder, example) => {
    const config = parseUnet2dConditionConfig(json);
    const weights = await loadWeights(
      fileSource(`${folder}/${DIFFUSERS_FILE}`),
      unet2dConditionParameters(config),
    );
    const sample = picture(example, "sample");
    const states = inputOf(example, "encoder_hidden_states");
    const encoderHiddenStates = tf.tensor<tf.Rank.R3>(states.values, [...states.shape] as [
      number,
      number,
      number,
    ]);
    const timestep = [...inputOf(example, "timestep").values];
    return {
      forward: () => unet2dConditionForward(config, weights, { sample, timestep, encoderHiddenStates }),
      weights,
      inputs: [sample, encoderHiddenStates],
    };
  },
  text_encoder: async (json, folder, example) => {
    const config = parseClipTextConfig(json);
    const weights = await loadWeights(fileSource(`${folder}/model.safetensors`), clipTextParameters(config), {
      rename: clipTextWeightName,
      unknownTensors: "ignore",
    });
    const inputIds = [[...inputOf(example, "input_ids").values]];
    return {
      forward: () => {
        const { lastHiddenState, poolerOutput } = clipTextForward(config, weights, { inputIds });
        poolerOutput.dispose();
        return lastHiddenState;
      },
      weights,
      inputs: [],
    };
  },
  vae: async (json, folder, example) => {
    const config = parseAutoencoderKlConfig(json);
    const weights = await loadWeights(
      fileSource(`${folder}/${DIFFUSERS_FILE}`),
      autoencoderKlParameters(config),
    );
    const latents = picture(example, "latents");
    return {
      forward: () => autoencoderKlDecode(config, weights, latents),
      weights,
      inputs: [latents],
    };
  },
};

function inputOf(example: Example, name: string): TorchArray {
  const array = example.inputs[name];
  if (!array) throw new Error(`The example has no input "${name}".`);
  return array;
}

/** An NCHW input as an NHWC tensor. */
function picture(example: Example, name: string): tf.Tensor4D {
  const { shape, values } = inputOf(example, name);
  const [batch = 0, channels = 0, height = 0, width = 0] = shape;
  const places = height * width;
  const turned = new Float32Array(values.length);
  for (let n = 0; n < batch; n++)
    for (let c = 0; c < channels; c++)
      for (let i = 0; i < places; i++)
        turned[(n * places + i) * channels + c] = values[(n * channels + c) * places + i] ?? Number.NaN;
  return tf.tensor4d(turned, [batch, height, width, channels]);
}

/** NHWC values as NCHW ones; `shape` is NCHW. */
function channelsFirst(values: Float32Array, shape: readonly number[]): Float32Array {
  const [batch = 0, channels = 0, height = 0, width = 0] = shape;
  const places = height * width;
  const turned = new Float32Array(values.length);
  for (let n = 0; n < batch; n++)
    for (let c = 0; c < channels; c++)
      for (let i = 0; i < places; i++)
        turned[(n * channels + c) * places + i] = values[(n * places + i) * channels + c] ?? Number.NaN;
  return turned;
}
