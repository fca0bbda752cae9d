import type { GraphDocument } from "../../src/engine/graph/document.ts";

/** Loads the U-Net of `source` and runs it once on noise of 8×8: what nothing reads is not fetched. */
export const unetGraph = (source: string, channels: number): GraphDocument => ({
  format: 1,
  name: "Loads a model",
  nodes: {
    unet: { type: "model/load-unet", version: 1, params: { source } },
    seed: { type: "value/seed", version: 1, params: { seed: 0 } },
    noise: { type: "sampling/noise", version: 1, params: { batch: 1, height: 8, width: 8, channels } },
    predict: { type: "model/unet-step", version: 1, params: {} },
    scheduler: { type: "sampling/noise-scheduler", version: 1, params: {} },
    times: { type: "sampling/random-timesteps", version: 1, params: {} },
  },
  edges: [
    { from: "unet.unet", to: "predict.unet" },
    { from: "seed.generator", to: "noise.generator" },
    { from: "noise.noise", to: "predict.sample" },
    { from: "noise.generator", to: "times.generator" },
    { from: "noise.noise", to: "times.like" },
    { from: "scheduler.noiseScheduler", to: "times.noiseScheduler" },
    { from: "times.timesteps", to: "predict.timestep" },
  ],
});
