/** The stepping rules that a node offers, by their diffusers class; a test compares them with the catalogue. */
export const SCHEDULER_CLASSES = [
  "DDPMScheduler",
  "DDIMScheduler",
  "PNDMScheduler",
  "LMSDiscreteScheduler",
  "EulerDiscreteScheduler",
  "EulerAncestralDiscreteScheduler",
  "HeunDiscreteScheduler",
  "DPMSolverMultistepScheduler",
  "UniPCMultistepScheduler",
  "LCMScheduler",
  "DDIMInverseScheduler",
] as const;
