import { createScheduler } from "../../diffusion/schedulers/index.ts";
import { defineNode, port } from "../../engine/node/define-node.ts";
import { boolean, choice, float, int } from "../../engine/node/params.ts";
import { noiseSchedulerType } from "../socket-types.ts";
import { SCHEDULER_CLASSES } from "./scheduler-classes.ts";

export default defineNode({
  type: "sampling/noise-scheduler",
  version: 1,
  title: "Noise scheduler",
  doc: "A noise schedule and the rule that steps along it, set by hand. Options that a class does not have are ignored, as diffusers does.",
  keywords: ["ddpm", "ddim", "euler", "dpm solver", "beta schedule", "sampler"],
  inputs: {},
  params: {
    className: choice(SCHEDULER_CLASSES, {
      default: "DDPMScheduler",
      doc: "The stepping rule, by its diffusers class.",
    }),
    numTrainTimesteps: int({ default: 1000, min: 1, max: 10000, doc: "Steps of the forward process." }),
    betaSchedule: choice(["linear", "scaled_linear", "squaredcos_cap_v2"], {
      default: "linear",
      doc: "How the variance of the added noise grows: evenly, evenly in its root (Stable Diffusion), or as a cosine.",
    }),
    betaStart: float({
      default: 0.0001,
      min: 0,
      max: 1,
      step: 0.0001,
      doc: "First beta; the cosine does not use it.",
    }),
    betaEnd: float({
      default: 0.02,
      min: 0,
      max: 1,
      step: 0.001,
      doc: "Last beta; the cosine does not use it.",
    }),
    predictionType: choice(["epsilon", "v_prediction", "sample"], {
      default: "epsilon",
      doc: "What the U-Net was trained to predict.",
    }),
    clipSample: boolean({
      default: true,
      doc: "Clip the guess of x_0 to -1…1: right for pictures, wrong for latents.",
    }),
    timestepSpacing: choice(["default", "leading", "trailing", "linspace"], {
      default: "default",
      advanced: true,
      doc: "Which training timesteps a shorter run visits; default is that of the class.",
    }),
    stepsOffset: int({
      default: 0,
      min: 0,
      max: 10,
      advanced: true,
      doc: "Added to the timesteps of leading spacing; 1 for Stable Diffusion.",
    }),
    rescaleBetasZeroSnr: boolean({
      default: false,
      advanced: true,
      doc: "Make the last timestep pure noise (Lin et al. 2023, algorithm 1).",
    }),
    useKarrasSigmas: boolean({
      default: false,
      advanced: true,
      doc: "Sigmas spaced as by Karras et al. 2022, eq. 5.",
    }),
    thresholding: boolean({
      default: false,
      advanced: true,
      doc: "Dynamic thresholding (Saharia et al. 2022) in place of clipping.",
    }),
  },
  outputs: { noiseScheduler: port(noiseSchedulerType, "The scheduler.") },
  run: ({ params }) => {
    const scheduler = createScheduler({
      _class_name: params.className,
      num_train_timesteps: params.numTrainTimesteps,
      beta_schedule: params.betaSchedule,
      beta_start: params.betaStart,
      beta_end: params.betaEnd,
      prediction_type: params.predictionType,
      clip_sample: params.clipSample,
      steps_offset: params.stepsOffset,
      // Only what differs from the class's own default, which not every class calls the same.
      ...(params.timestepSpacing === "default" ? {} : { timestep_spacing: params.timestepSpacing }),
      ...(params.rescaleBetasZeroSnr ? { rescale_betas_zero_snr: true } : {}),
      ...(params.useKarrasSigmas ? { use_karras_sigmas: true } : {}),
      ...(params.thresholding ? { thresholding: true } : {}),
    });
    return { noiseScheduler: scheduler };
  },
});
