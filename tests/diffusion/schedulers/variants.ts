import type { SamplingOptions } from "../../../src/diffusion/schedulers/index.ts";

/** A configuration that the common suite tries. */
export interface Variant {
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>> & { readonly _class_name: string };
  readonly options?: SamplingOptions;
  /** How near a perfect model comes to x_0, where that is not to rounding; infinity where it need not come near. */
  readonly recovers?: number;
}

const variant = (
  _class_name: string,
  config: Readonly<Record<string, unknown>> = {},
  rest: Omit<Variant, "name" | "config"> = {},
): Variant => ({
  name: [
    _class_name,
    ...Object.entries({ ...config, ...rest.options }).map(([k, v]) => `${k}=${String(v)}`),
  ].join(" "),
  config: { _class_name, clip_sample: false, ...config },
  ...rest,
});

/** Every class, and those options that change how its loop runs. All end without noise, so that x_0 can be recovered. */
export const variants: readonly Variant[] = [
  variant("DDPMScheduler"),
  variant("DDPMScheduler", { prediction_type: "v_prediction", timestep_spacing: "trailing" }),
  variant("DDPMScheduler", { prediction_type: "sample", variance_type: "fixed_large" }),
  variant("DDPMScheduler", { variance_type: "fixed_large_log" }),
  variant("DDIMScheduler"),
  variant("DDIMScheduler", {
    prediction_type: "v_prediction",
    rescale_betas_zero_snr: true,
    timestep_spacing: "trailing",
  }),
  variant("DDIMScheduler", { prediction_type: "sample" }, { options: { eta: 1 } }),
  variant("PNDMScheduler", { skip_prk_steps: true, set_alpha_to_one: true }),
  variant("PNDMScheduler", { skip_prk_steps: false, set_alpha_to_one: true }),
  variant("LMSDiscreteScheduler"),
  variant("LMSDiscreteScheduler", { use_karras_sigmas: true, prediction_type: "v_prediction" }),
  variant("EulerDiscreteScheduler"),
  // The noise of the churn comes after the model has looked, in diffusers too: what it returned misses that noise.
  variant(
    "EulerDiscreteScheduler",
    { timestep_spacing: "trailing" },
    { options: { sChurn: 3 }, recovers: Infinity },
  ),
  variant("EulerDiscreteScheduler", { use_beta_sigmas: true, prediction_type: "sample" }),
  variant("EulerAncestralDiscreteScheduler"),
  variant("EulerAncestralDiscreteScheduler", {
    prediction_type: "v_prediction",
    timestep_spacing: "leading",
  }),
  variant("HeunDiscreteScheduler"),
  variant("HeunDiscreteScheduler", { use_exponential_sigmas: true, prediction_type: "sample" }),
  variant("DPMSolverMultistepScheduler"),
  variant("DPMSolverMultistepScheduler", { solver_order: 3, use_karras_sigmas: true }),
  variant("DPMSolverMultistepScheduler", {
    algorithm_type: "sde-dpmsolver++",
    prediction_type: "v_prediction",
  }),
  variant("DPMSolverMultistepScheduler", {
    use_flow_sigmas: true,
    prediction_type: "flow_prediction",
    flow_shift: 2,
  }),
  variant("UniPCMultistepScheduler"),
  variant("UniPCMultistepScheduler", { solver_order: 3, lower_order_final: false }),
  variant("UniPCMultistepScheduler", {
    use_flow_sigmas: true,
    prediction_type: "flow_prediction",
    flow_shift: 2,
  }),
  // Its boundary condition leaves 0.5/(10 t) of the noisy sample in the guess.
  variant("LCMScheduler", {}, { recovers: 1e-3 }),
  variant("LCMScheduler", { prediction_type: "v_prediction" }, { recovers: 1e-3 }),
  variant("FlowMatchEulerDiscreteScheduler"),
  variant("FlowMatchEulerDiscreteScheduler", { shift: 3, use_karras_sigmas: true }),
  variant("FlowMatchEulerDiscreteScheduler", { invert_sigmas: true }),
  variant("FlowMatchEulerDiscreteScheduler", { stochastic_sampling: true }),
];
