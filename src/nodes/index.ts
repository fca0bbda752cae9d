import type { NodeDefinition } from "../engine/node/define-node.ts";
import type { ZoneDefinition } from "../engine/node/define-zone.ts";
import lora from "./adapters/lora.node.ts";
import controlnetStep from "./control/controlnet-step.node.ts";
import loadControlnet from "./control/load-controlnet.node.ts";
import batch from "./data/batch.node.ts";
import dataset from "./data/dataset.node.ts";
import pick from "./data/pick.node.ts";
import cutOut from "./image/cut-out.node.ts";
import decodeToImage from "./image/decode-to-image.node.ts";
import estimateDepth from "./image/estimate-depth.node.ts";
import imageGrid from "./image/image-grid.node.ts";
import loadImage from "./image/load-image.node.ts";
import mask from "./image/mask.node.ts";
import resize from "./image/resize.node.ts";
import saveImage from "./image/save-image.node.ts";
import stack from "./image/stack.node.ts";
import vaeDecode from "./image/vae-decode.node.ts";
import vaeEncode from "./image/vae-encode.node.ts";
import attentionMaps from "./inspect/attention-maps.node.ts";
import lossCurve from "./inspect/loss-curve.node.ts";
import asLatent from "./io/as-latent.node.ts";
import loadTensor from "./io/load-tensor.node.ts";
import saveTensor from "./io/save-tensor.node.ts";
import createBasicUnet from "./model/create-basic-unet.node.ts";
import createUnet from "./model/create-unet.node.ts";
import loadCheckpoint from "./model/load-checkpoint.node.ts";
import loadDepthEstimator from "./model/load-depth-estimator.node.ts";
import loadPipeline from "./model/load-pipeline.node.ts";
import loadTextEncoder from "./model/load-text-encoder.node.ts";
import loadTokenizer from "./model/load-tokenizer.node.ts";
import loadUnet from "./model/load-unet.node.ts";
import loadVae from "./model/load-vae.node.ts";
import savePipeline from "./model/save-pipeline.node.ts";
import saveUnet from "./model/save-unet.node.ts";
import unetStep from "./model/unet-step.node.ts";
import addNoise from "./sampling/add-noise.node.ts";
import corrupt from "./sampling/corrupt.node.ts";
import depthChannel from "./sampling/depth-channel.node.ts";
import exchangeScheduler from "./sampling/exchange-scheduler.node.ts";
import guidanceEmbedding from "./sampling/guidance-embedding.node.ts";
import guidance from "./sampling/guidance.node.ts";
import inpaintBlend from "./sampling/inpaint-blend.node.ts";
import inpaintChannels from "./sampling/inpaint-channels.node.ts";
import latentNoise from "./sampling/latent-noise.node.ts";
import loadNoiseScheduler from "./sampling/load-noise-scheduler.node.ts";
import mixStep from "./sampling/mix-step.node.ts";
import noiseScheduler from "./sampling/noise-scheduler.node.ts";
import noise from "./sampling/noise.node.ts";
import randomAmounts from "./sampling/random-amounts.node.ts";
import randomTimesteps from "./sampling/random-timesteps.node.ts";
import sampler from "./sampling/sampler.node.ts";
import scaleModelInput from "./sampling/scale-model-input.node.ts";
import scaleNoise from "./sampling/scale-noise.node.ts";
import schedulerStep from "./sampling/scheduler-step.node.ts";
import spreadAmounts from "./sampling/spread-amounts.node.ts";
import spreadTimesteps from "./sampling/spread-timesteps.node.ts";
import startAtStrength from "./sampling/start-at-strength.node.ts";
import timesteps from "./sampling/timesteps.node.ts";
import velocity from "./sampling/velocity.node.ts";
import interpolate from "./text/interpolate.node.ts";
import prompt from "./text/prompt.node.ts";
import textEncoder from "./text/text-encoder.node.ts";
import tokenizer from "./text/tokenizer.node.ts";
import ddpmTrainer from "./training/ddpm-trainer.node.ts";
import emaUpdate from "./training/ema-update.node.ts";
import mseLoss from "./training/mse-loss.node.ts";
import optimizerStep from "./training/optimizer-step.node.ts";
import optimizer from "./training/optimizer.node.ts";
import integer from "./value/integer.node.ts";
import note from "./value/note.node.ts";
import number from "./value/number.node.ts";
import reroute from "./value/reroute.node.ts";
import seed from "./value/seed.node.ts";
import text from "./value/text.node.ts";
import denoiseLoop from "./zones/denoise-loop.zone.ts";
import repeat from "./zones/repeat.zone.ts";
import trainingLoop from "./zones/training-loop.zone.ts";

/** Every node, in the order of the palette's folders. A test checks that none is missing. */
export const nodes: readonly NodeDefinition[] = [
  lora,
  controlnetStep,
  loadControlnet,
  batch,
  dataset,
  pick,
  cutOut,
  decodeToImage,
  estimateDepth,
  imageGrid,
  loadImage,
  mask,
  resize,
  saveImage,
  stack,
  vaeDecode,
  vaeEncode,
  attentionMaps,
  lossCurve,
  asLatent,
  loadTensor,
  saveTensor,
  createBasicUnet,
  createUnet,
  loadCheckpoint,
  loadDepthEstimator,
  loadPipeline,
  loadTextEncoder,
  loadTokenizer,
  loadUnet,
  loadVae,
  savePipeline,
  saveUnet,
  unetStep,
  addNoise,
  corrupt,
  depthChannel,
  exchangeScheduler,
  guidanceEmbedding,
  guidance,
  inpaintBlend,
  inpaintChannels,
  latentNoise,
  loadNoiseScheduler,
  mixStep,
  noiseScheduler,
  noise,
  randomAmounts,
  randomTimesteps,
  sampler,
  scaleModelInput,
  scaleNoise,
  schedulerStep,
  spreadAmounts,
  spreadTimesteps,
  startAtStrength,
  timesteps,
  velocity,
  interpolate,
  prompt,
  textEncoder,
  tokenizer,
  ddpmTrainer,
  emaUpdate,
  mseLoss,
  optimizerStep,
  optimizer,
  integer,
  note,
  number,
  reroute,
  seed,
  text,
];

/** Every kind of zone. */
export const zones: readonly ZoneDefinition[] = [denoiseLoop, repeat, trainingLoop];
