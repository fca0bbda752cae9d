import * as tf from "@tensorflow/tfjs";
import type { Dataset } from "../diffusion/datasets/dataset.ts";
import type { SamplingPlan, Scheduler, SchedulerState } from "../diffusion/schedulers/scheduler.ts";
import type { ControlnetResiduals } from "../diffusion/models/controlnet.ts";
import type { ClipTokenizer } from "../diffusion/tokenizer/clip-tokenizer.ts";
import type { EncodedPrompt } from "../diffusion/tokenizer/encode-prompt.ts";
import type { Model } from "../diffusion/weights/parameters.ts";
import { weightBytes } from "../tensor/stored/stored-tensor.ts";
import { TorchGenerator } from "../tensor/torch-generator.ts";
import { modelBytes, modelParameterCount, modelResidents, modelResources } from "./model/resident-model.ts";
import type { Optimizer } from "./training/optimizer-value.ts";
import {
  anyType,
  booleanType,
  floatType,
  intType,
  socketType,
  textType,
} from "../engine/node/socket-type.ts";

const isTensor = (value: unknown): value is tf.Tensor => value instanceof tf.Tensor;
const bytesOfTensor = (tensor: tf.Tensor): number => tensor.size * tf.util.bytesPerElement(tensor.dtype);
const describeTensor = (tensor: tf.Tensor): string => `[${tensor.shape.join(",")}] ${tensor.dtype}`;

const tensorTraits = {
  resources: (tensor: tf.Tensor) => [tensor],
  bytes: bytesOfTensor,
  describe: describeTensor,
};

/** Any array on the device. */
export const tensorType = socketType<tf.Tensor>({
  id: "tensor",
  label: "Tensor",
  shape: "any",
  guard: isTensor,
  ...tensorTraits,
});

/** What a U-Net reads and writes: pictures in the model's own range, or a VAE's latents. */
export const latentType = socketType<tf.Tensor4D>({
  id: "latent",
  label: "Latent",
  shape: "[batch, height, width, channels]",
  extends: "tensor",
  guard: (value): value is tf.Tensor4D => isTensor(value) && value.rank === 4,
  ...tensorTraits,
});

/** Pictures from 0 (black) to 1; one channel is gray, three are red, green, blue. */
export const imageType = socketType<tf.Tensor4D>({
  id: "image",
  label: "Image",
  shape: "[batch, height, width, 1 | 3 | 4]",
  extends: "tensor",
  guard: (value): value is tf.Tensor4D => isTensor(value) && value.rank === 4,
  ...tensorTraits,
});

/** One number on the device that gradients can be taken of. */
export const lossType = socketType<tf.Scalar>({
  id: "loss",
  label: "Loss",
  shape: "[]",
  extends: "tensor",
  guard: (value): value is tf.Scalar => isTensor(value) && value.rank === 0,
  ...tensorTraits,
});

const isNumbers = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.every((item) => typeof item === "number");

/** A plain list of numbers in JavaScript, for example a history of losses. */
export const numbersType = socketType<readonly number[]>({
  id: "numbers",
  label: "Numbers",
  shape: "[count]",
  guard: isNumbers,
  bytes: (values) => values.length * 8,
  describe: (values) => `${String(values.length)} numbers`,
});

/** Training timesteps t: one for the whole batch, or one for each picture. */
export const timestepType = socketType<readonly number[]>({
  id: "timestep",
  label: "Timestep",
  shape: "[1 | batch]",
  guard: isNumbers,
  describe: (values) => `t = ${values.slice(0, 8).join(", ")}${values.length > 8 ? ", …" : ""}`,
});

/** How much noise is mixed in, from 0 to 1, one number for each picture. */
export const amountType = socketType<readonly number[]>({
  id: "amount",
  label: "Amount",
  shape: "[batch]",
  guard: isNumbers,
});

/** Which pictures of a data set make up a batch. */
export const indicesType = socketType<readonly number[]>({
  id: "indices",
  label: "Indices",
  shape: "[batch]",
  guard: isNumbers,
});

/** The state of a random number generator, equal to torch's on the CPU. Drawing from it gives a new state. */
export const generatorType = socketType<TorchGenerator>({
  id: "generator",
  label: "Random state",
  guard: (value): value is TorchGenerator => value instanceof TorchGenerator,
});

const hasKeys = (value: unknown, ...keys: string[]): boolean =>
  typeof value === "object" && value !== null && keys.every((key) => key in value);

/** Pictures in memory, with their labels where they have some. */
export const datasetType = socketType<Dataset>({
  id: "dataset",
  label: "Data set",
  shape: "[count, height, width, channels] uint8",
  guard: (value): value is Dataset => hasKeys(value, "images", "count"),
  bytes: (dataset) => dataset.images.byteLength,
  describe: (dataset) =>
    `${dataset.name}: ${String(dataset.count)} pictures, ${String(dataset.width)}×${String(dataset.height)}×${String(dataset.channels)}`,
});

/** A noise schedule and the rule that steps along it, as diffusers' `scheduler_config.json` describes it. */
export const noiseSchedulerType = socketType<Scheduler>({
  id: "noiseScheduler",
  label: "Noise scheduler",
  guard: (value): value is Scheduler => hasKeys(value, "setTimesteps", "addNoise"),
  describe: (scheduler) => scheduler.className,
});

/** A scheduler set to a number of inference steps. */
export const samplingPlanType = socketType<SamplingPlan>({
  id: "samplingPlan",
  label: "Timesteps",
  guard: (value): value is SamplingPlan => hasKeys(value, "timesteps", "step"),
  describe: (plan) => `${plan.scheduler.className}, ${String(plan.timesteps.length)} steps`,
});

/** What a multi-step scheduler remembers from step to step. */
export const schedulerStateType = socketType<SchedulerState>({
  id: "schedulerState",
  label: "Scheduler state",
  guard: (value): value is SchedulerState => typeof value === "object" && value !== null,
  resources: (state) => Object.values(state.tensors),
});

const bytesOfWeights = (weights: Model<unknown>["weights"]): number =>
  Object.values(weights).reduce((sum, weight) => sum + weightBytes(weight), 0);

/** Tensors are counted one by one: a model may share some with the one that it was made from. */
const modelTraits = {
  guard: (value: unknown): value is Model<unknown> => hasKeys(value, "className", "config", "weights"),
  resources: modelResources,
  bytes: modelBytes,
  residents: modelResidents,
  describe: (model: Model<unknown>) =>
    `${model.className}, ${modelParameterCount(model).toLocaleString("en")} parameters`,
};

/** A network that predicts noise, velocity or the clean picture: its config and its weights. */
export const unetType = socketType<Model<unknown>>({
  id: "unet",
  label: "U-Net",
  ...modelTraits,
});

/** A word of a prompt and where its tokens are in the text states. */
export interface PromptWord {
  readonly text: string;
  readonly first: number;
  readonly count: number;
}

/** Text states for the U-Net to attend to; one row serves every picture of a batch. */
export interface Conditioning {
  /** `[1 | batch, tokens, width]`. */
  readonly states: tf.Tensor3D;
  /** The words of the first prompt, for attention maps; none where no tokenizer was there to tell them. */
  readonly words: readonly PromptWord[];
}

/** A prompt as the U-Net understands it. */
export const conditioningType = socketType<Conditioning>({
  id: "conditioning",
  label: "Conditioning",
  shape: "[1 | batch, tokens, width]",
  guard: (value): value is Conditioning => hasKeys(value, "states", "words"),
  resources: ({ states }) => [states],
  bytes: ({ states }) => bytesOfTensor(states),
  describe: ({ states }) => describeTensor(states),
});

/** Text as a row (or several) of token numbers. */
export const tokensType = socketType<EncodedPrompt>({
  id: "tokens",
  label: "Tokens",
  shape: "[chunks, tokens]",
  guard: (value): value is EncodedPrompt => hasKeys(value, "inputIds", "weights"),
  describe: ({ tokenCount }) => `${String(tokenCount)} tokens`,
});

/** A CLIP tokenizer: vocabulary and merges. */
export const tokenizerType = socketType<ClipTokenizer>({
  id: "tokenizer",
  label: "Tokenizer",
  guard: (value): value is ClipTokenizer => hasKeys(value, "bpe", "modelMaxLength"),
});

/** CLIP's text transformer. */
export const textEncoderType = socketType<Model<unknown>>({
  id: "textEncoder",
  label: "Text encoder",
  ...modelTraits,
});

/** An autoencoder between pictures and latents: AutoencoderKL, or the small AutoencoderTiny for previews. */
export const vaeType = socketType<Model<unknown>>({ id: "vae", label: "VAE", ...modelTraits });

/** A ControlNet. */
export const controlnetType = socketType<Model<unknown>>({
  id: "controlnet",
  label: "ControlNet",
  ...modelTraits,
});

/** A network that sees how far away each place of a picture is. */
export const depthEstimatorType = socketType<Model<unknown>>({
  id: "depthEstimator",
  label: "Depth estimator",
  ...modelTraits,
});

/** What a ControlNet adds to a U-Net's skip connections and middle. */
export const controlResidualsType = socketType<ControlnetResiduals>({
  id: "controlResiduals",
  label: "Control",
  guard: (value): value is ControlnetResiduals => hasKeys(value, "downBlockAdditionalResiduals"),
  resources: (value) => [...value.downBlockAdditionalResiduals, value.midBlockAdditionalResidual],
});

/** An optimizer: its settings, its step count and its moments. */
export const optimizerStateType = socketType<Optimizer>({
  id: "optimizerState",
  label: "Optimizer",
  guard: (value): value is Optimizer => hasKeys(value, "adam", "learningRate", "state"),
  resources: ({ state }) => [...Object.values(state.firstMoments), ...Object.values(state.secondMoments)],
  bytes: ({ state }) => bytesOfWeights(state.firstMoments) * 2,
  describe: ({ adam, state }) => `${adam.kind}, after ${String(state.step)} steps`,
});

/** Every socket type, for the registry. */
export const socketTypes = [
  anyType,
  intType,
  floatType,
  booleanType,
  textType,
  tensorType,
  latentType,
  imageType,
  lossType,
  numbersType,
  timestepType,
  amountType,
  indicesType,
  generatorType,
  datasetType,
  noiseSchedulerType,
  samplingPlanType,
  schedulerStateType,
  unetType,
  optimizerStateType,
  conditioningType,
  tokensType,
  tokenizerType,
  textEncoderType,
  vaeType,
  controlnetType,
  controlResidualsType,
  depthEstimatorType,
] as const;
