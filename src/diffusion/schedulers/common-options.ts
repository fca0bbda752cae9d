import { timestepSpacings } from "../schedules/timesteps.ts";
import type { OptionSpec } from "./options.ts";

/** The options that several schedulers share; a scheduler spreads them and overrides what differs. */

export const numTrainTimesteps = {
  kind: "integer",
  default: 1000,
  minimum: 1,
  doc: "Timesteps of the noise schedule that the model was trained with.",
} as const satisfies OptionSpec;

const betaNames = ["linear", "scaled_linear", "squaredcos_cap_v2"] as const;

export const betaOptions = {
  num_train_timesteps: numTrainTimesteps,
  beta_start: { kind: "number", default: 0.0001, doc: "Variance added at the first timestep." },
  beta_end: { kind: "number", default: 0.02, doc: "Variance added at the last timestep." },
  beta_schedule: {
    kind: "choice",
    values: betaNames,
    default: "linear",
    doc: "How the variance grows between the two.",
  },
  trained_betas: {
    kind: "optionalNumbers",
    default: null,
    doc: "The variances themselves, in place of a schedule.",
  },
} as const satisfies Record<string, OptionSpec>;

export const rescaleBetas = {
  rescale_betas_zero_snr: {
    kind: "boolean",
    default: false,
    doc: "Make the last timestep pure noise (Lin et al. 2023).",
  },
} as const satisfies Record<string, OptionSpec>;

export const predictionTypes = ["epsilon", "sample", "v_prediction"] as const;

export const predictionOption = {
  prediction_type: {
    kind: "choice",
    values: predictionTypes,
    default: "epsilon",
    doc: "What the model returns: the noise, the clean sample, or the velocity.",
  },
} as const satisfies Record<string, OptionSpec>;

export const flowPredictionOption = {
  prediction_type: {
    kind: "choice",
    values: ["epsilon", "sample", "v_prediction", "flow_prediction"],
    default: "epsilon",
    doc: "What the model returns: the noise, the clean sample, the velocity, or the flow.",
  },
} as const satisfies Record<string, OptionSpec>;

export const clipOptions = {
  clip_sample: { kind: "boolean", default: true, doc: "Clip the guess of x_0 at every step." },
  clip_sample_range: { kind: "number", default: 1, doc: "Largest magnitude that clipping leaves." },
} as const satisfies Record<string, OptionSpec>;

export const thresholdOptions = {
  thresholding: {
    kind: "boolean",
    default: false,
    doc: "Dynamic thresholding of the guess of x_0 (Saharia et al. 2022); for pixels, not latents.",
  },
  dynamic_thresholding_ratio: {
    kind: "number",
    default: 0.995,
    doc: "Quantile of the magnitudes that becomes the threshold.",
  },
  sample_max_value: { kind: "number", default: 1, doc: "Upper bound of the threshold." },
} as const satisfies Record<string, OptionSpec>;

export const leadingSpacing = {
  timestep_spacing: {
    kind: "choice",
    values: timestepSpacings,
    default: "leading",
    doc: "How the training timesteps are thinned out (Lin et al. 2023, table 2).",
  },
  steps_offset: {
    kind: "integer",
    default: 0,
    minimum: 0,
    doc: "Added to every timestep of the leading spacing.",
  },
} as const satisfies Record<string, OptionSpec>;

export const linspaceSpacing = {
  ...leadingSpacing,
  timestep_spacing: { ...leadingSpacing.timestep_spacing, default: "linspace" },
} as const satisfies Record<string, OptionSpec>;

export const sigmaOptions = {
  use_karras_sigmas: { kind: "boolean", default: false, doc: "Sigmas of Karras et al. 2022." },
  use_exponential_sigmas: { kind: "boolean", default: false, doc: "Sigmas even in their logarithm." },
  use_beta_sigmas: {
    kind: "boolean",
    default: false,
    doc: "Sigmas by the quantiles of a beta distribution (Lee et al. 2024).",
  },
} as const satisfies Record<string, OptionSpec>;

export const sigmaRangeOptions = {
  sigma_min: { kind: "optionalNumber", default: null, doc: "Smallest sigma; null takes the schedule's." },
  sigma_max: { kind: "optionalNumber", default: null, doc: "Largest sigma; null takes the schedule's." },
} as const satisfies Record<string, OptionSpec>;

export const finalSigmasOption = {
  final_sigmas_type: {
    kind: "choice",
    values: ["zero", "sigma_min"],
    default: "zero",
    doc: "Where the sigmas end: at 0 or at the smallest sigma of training.",
  },
} as const satisfies Record<string, OptionSpec>;

export const flowOptions = {
  use_flow_sigmas: { kind: "boolean", default: false, doc: "Sigmas of flow matching." },
  flow_shift: { kind: "number", default: 1, doc: "Shift of the flow sigmas towards noise." },
  use_dynamic_shifting: {
    kind: "boolean",
    default: false,
    doc: "Take the shift of the run's own `mu` in place of flow_shift.",
  },
  time_shift_type: {
    kind: "choice",
    values: ["exponential"],
    default: "exponential",
    doc: "How `mu` shifts.",
  },
} as const satisfies Record<string, OptionSpec>;
