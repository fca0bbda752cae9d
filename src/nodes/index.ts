import type { NodeDefinition } from "../engine/node/define-node.ts";
import type { ZoneDefinition } from "../engine/node/define-zone.ts";
import batch from "./data/batch.node.ts";
import dataset from "./data/dataset.node.ts";
import decodeToImage from "./image/decode-to-image.node.ts";
import imageGrid from "./image/image-grid.node.ts";
import loadImage from "./image/load-image.node.ts";
import saveImage from "./image/save-image.node.ts";
import lossCurve from "./inspect/loss-curve.node.ts";
import asLatent from "./io/as-latent.node.ts";
import loadTensor from "./io/load-tensor.node.ts";
import saveTensor from "./io/save-tensor.node.ts";
import createBasicUnet from "./model/create-basic-unet.node.ts";
import createUnet from "./model/create-unet.node.ts";
import loadUnet from "./model/load-unet.node.ts";
import saveUnet from "./model/save-unet.node.ts";
import unetStep from "./model/unet-step.node.ts";
import addNoise from "./sampling/add-noise.node.ts";
import corrupt from "./sampling/corrupt.node.ts";
import loadNoiseScheduler from "./sampling/load-noise-scheduler.node.ts";
import mixStep from "./sampling/mix-step.node.ts";
import noiseScheduler from "./sampling/noise-scheduler.node.ts";
import noise from "./sampling/noise.node.ts";
import randomAmounts from "./sampling/random-amounts.node.ts";
import randomTimesteps from "./sampling/random-timesteps.node.ts";
import scaleModelInput from "./sampling/scale-model-input.node.ts";
import scaleNoise from "./sampling/scale-noise.node.ts";
import schedulerStep from "./sampling/scheduler-step.node.ts";
import spreadAmounts from "./sampling/spread-amounts.node.ts";
import spreadTimesteps from "./sampling/spread-timesteps.node.ts";
import timesteps from "./sampling/timesteps.node.ts";
import velocity from "./sampling/velocity.node.ts";
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
  batch,
  dataset,
  decodeToImage,
  imageGrid,
  loadImage,
  saveImage,
  lossCurve,
  asLatent,
  loadTensor,
  saveTensor,
  createBasicUnet,
  createUnet,
  loadUnet,
  saveUnet,
  unetStep,
  addNoise,
  corrupt,
  loadNoiseScheduler,
  mixStep,
  noiseScheduler,
  noise,
  randomAmounts,
  randomTimesteps,
  scaleModelInput,
  scaleNoise,
  schedulerStep,
  spreadAmounts,
  spreadTimesteps,
  timesteps,
  velocity,
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
