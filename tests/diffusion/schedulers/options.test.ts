import { describe, expect, it } from "vitest";
import {
  createScheduler,
  exchangeScheduler,
  parseSchedulerConfig,
  schedulerCatalogue,
} from "../../../src/diffusion/schedulers/index.ts";
import { golden } from "./golden.ts";

/** Options as diffusers writes them, without its own `_`-names. */
const plain = (config: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(config).filter(([name]) => !name.startsWith("_")));

describe.each(schedulerCatalogue)("$className", ({ className, options, title, doc }) => {
  it("has diffusers' options and defaults, none more and none less", () => {
    const written = parseSchedulerConfig(golden.defaultConfigs[className] ?? "");
    expect(createScheduler({ _class_name: className }).config).toEqual(plain(written));
    const reread = createScheduler(written);
    expect(reread.config).toEqual(plain(written));
    expect(reread.ignoredOptions).toEqual([]);
  });

  it("refuses an unknown option by name, and says which there are", () => {
    expect(() => createScheduler({ _class_name: className, use_magic: true })).toThrow(
      new RegExp(`${className}: option "use_magic" is not known. Supported options: .*num_train_timesteps`),
    );
  });

  it.each(options)(
    "refuses a wrong value of $name by name, value and what is supported",
    ({ name, kind, values, nullable }) => {
      const wrong = kind === "number" || kind === "numbers" ? "many" : kind === "integer" ? 0.5 : "magic";
      const supported = kind === "choice" ? (values ?? []).join(", ") : "a|true";
      expect(() => createScheduler({ _class_name: className, [name]: wrong })).toThrow(
        new RegExp(
          `${className}: option "${name}" is "?${wrong}"?, which is not supported. Supported: (${supported})`.replace(
            /\+/g,
            "\\+",
          ),
        ),
      );
      if (!nullable && kind !== "boolean") {
        expect(() => createScheduler({ _class_name: className, [name]: null })).toThrow(
          `option "${name}" is null`,
        );
      }
    },
  );

  it("is described for a menu", () => {
    expect(title.length).toBeGreaterThan(2);
    expect(doc).toMatch(/\.$/);
    for (const option of options) {
      expect(option.doc, option.name).toMatch(/^[A-Z1`].*\.$/);
      if (option.kind === "choice" && !option.nullable) expect(option.values).toContain(option.default);
    }
  });
});

describe("options that exclude each other", () => {
  it.each([
    [
      { _class_name: "EulerDiscreteScheduler", use_karras_sigmas: true, use_beta_sigmas: true },
      /"use_karras_sigmas" and "use_beta_sigmas" exclude/,
    ],
    [
      { _class_name: "DPMSolverMultistepScheduler", algorithm_type: "dpmsolver" },
      /"final_sigmas_type" zero .* dpmsolver: use sigma_min/,
    ],
    [
      { _class_name: "DPMSolverMultistepScheduler", solver_order: 4 },
      /"solver_order" is 4; supported: 1, 2, 3/,
    ],
    [
      {
        _class_name: "DPMSolverMultistepScheduler",
        algorithm_type: "sde-dpmsolver",
        solver_order: 3,
        final_sigmas_type: "sigma_min",
      },
      /"solver_order" 3 .* sde-dpmsolver/,
    ],
    [
      { _class_name: "DPMSolverMultistepScheduler", use_flow_sigmas: true, use_karras_sigmas: true },
      /"use_flow_sigmas" and "use_karras_sigmas"/,
    ],
    [
      { _class_name: "DPMSolverMultistepScheduler", use_lu_lambdas: true, use_beta_sigmas: true },
      /"use_lu_lambdas" and "use_beta_sigmas"/,
    ],
    [
      { _class_name: "UniPCMultistepScheduler", predict_x0: false },
      /"final_sigmas_type" zero .*"predict_x0" is false/,
    ],
    [
      { _class_name: "UniPCMultistepScheduler", shift_terminal: 0.1 },
      /"shift_terminal" .*"use_flow_sigmas" is true/,
    ],
    [{ _class_name: "UniPCMultistepScheduler", solver_p: "DDIMScheduler" }, /"solver_p" is "DDIMScheduler"/],
  ])("%o", (config, message) => {
    expect(() => createScheduler(config)).toThrow(message);
  });

  it.each([
    [
      "EulerDiscreteScheduler",
      { use_karras_sigmas: true },
      2,
      { timesteps: [900, 100] },
      /"timesteps" when option "use_karras_sigmas"/,
    ],
    ["EulerDiscreteScheduler", {}, 2, { sigmas: [5, 0] }, /sigmas are 2; 2 steps take 3/],
    [
      "EulerDiscreteScheduler",
      {},
      1,
      { sigmas: [5, 0], timesteps: [900] },
      /"timesteps" or "sigmas", not both/,
    ],
    ["DDPMScheduler", {}, 2, { timesteps: [100, 900] }, /must descend; at position 1 comes 900 after 100/],
    ["DDPMScheduler", {}, 1, { timesteps: [1000] }, /from 0 to 999; one is 1000/],
    ["DDPMScheduler", {}, 3, { timesteps: [900, 100] }, /are 2, but numInferenceSteps is 3/],
    ["DDPMScheduler", {}, 1, { timesteps: [10.5] }, /must be whole numbers/],
    ["DDPMScheduler", {}, 1001, {}, /numInferenceSteps is 1001, more than the 1000/],
    ["DDIMScheduler", {}, 5, { eta: -1 }, /eta is -1/],
    ["LMSDiscreteScheduler", {}, 5, { lmsOrder: 5 }, /lmsOrder is 5; it must be 1, 2, 3 or 4/],
    ["PNDMScheduler", {}, 3, {}, /"skip_prk_steps" false it takes at least 4 steps; there are 3/],
    ["LCMScheduler", {}, 30, { strength: 0.5 }, /30 steps are more than .* 50 × 0.5/],
    ["FlowMatchEulerDiscreteScheduler", { use_dynamic_shifting: true }, 4, {}, /a run must set "mu"/],
    ["UniPCMultistepScheduler", {}, 1, { sigmas: [1] }, /"sigmas" only when "use_flow_sigmas" is true/],
    ["DPMSolverMultistepScheduler", {}, 4, { mu: 1 }, /"mu" only when option "use_dynamic_shifting"/],
  ] as const)("a run of %s with %o, %i steps and %o", (_class_name, config, steps, options, message) => {
    expect(() => createScheduler({ _class_name, ...config }).setTimesteps(steps, options)).toThrow(message);
  });
});

describe("scheduler_config.json of published models", () => {
  const stableDiffusion = {
    _class_name: "PNDMScheduler",
    _diffusers_version: "0.7.0.dev0",
    beta_end: 0.012,
    beta_schedule: "scaled_linear",
    beta_start: 0.00085,
    clip_sample: false,
    num_train_timesteps: 1000,
    set_alpha_to_one: false,
    skip_prk_steps: true,
    steps_offset: 1,
    trained_betas: null,
  };

  it("Stable Diffusion 1.5: an option of another scheduler is set aside", () => {
    const scheduler = createScheduler(stableDiffusion);
    expect(scheduler.ignoredOptions).toEqual(["clip_sample"]);
    expect(scheduler.setTimesteps(50).timesteps.slice(0, 3)).toEqual([981, 961, 961]);
  });

  it("early DDPM models: what chose nothing else than today's ways is set aside, what did is refused", () => {
    const early = {
      _class_name: "DDPMScheduler",
      timestep_values: null,
      tensor_format: "pt",
      predict_epsilon: true,
    };
    expect(createScheduler(early).ignoredOptions).toEqual([
      "timestep_values",
      "tensor_format",
      "predict_epsilon",
    ]);
    expect(() => createScheduler({ ...early, predict_epsilon: false })).toThrow(
      /option "predict_epsilon" is not known/,
    );
  });

  it("exchanges the scheduler: given options are kept, the others are the new one's defaults", () => {
    const dpm = exchangeScheduler(createScheduler(stableDiffusion), "DPMSolverMultistepScheduler", {
      use_karras_sigmas: true,
    });
    expect(dpm.config).toMatchObject({
      beta_start: 0.00085,
      steps_offset: 1,
      timestep_spacing: "linspace",
      use_karras_sigmas: true,
    });
    const uniPc = exchangeScheduler(
      createScheduler({ _class_name: "UniPCMultistepScheduler", solver_type: "bh1" }),
      "DPMSolverMultistepScheduler",
    );
    expect(uniPc.config["solver_type"]).toBe("midpoint");
  });

  it("SD-Turbo: one step from the last timestep", () => {
    const scheduler = createScheduler({
      ...stableDiffusion,
      _class_name: "EulerDiscreteScheduler",
      interpolation_type: "linear",
      prediction_type: "epsilon",
      sample_max_value: 1,
      timestep_spacing: "trailing",
      timestep_type: "discrete",
      use_karras_sigmas: false,
    });
    const plan = scheduler.setTimesteps(1);
    expect(plan.timesteps).toEqual([999]);
    expect(plan.initNoiseSigma).toBeCloseTo(14.6146, 4);
  });

  it("names the class when it is missing or unknown", () => {
    expect(() => createScheduler({ beta_start: 0.1 })).toThrow(
      /must name its class in "_class_name". Supported: DDPMScheduler/,
    );
    expect(() => createScheduler({ _class_name: "MagicScheduler" })).toThrow(
      /"MagicScheduler" is not supported/,
    );
  });
});

describe("parseSchedulerConfig", () => {
  it("knows Python's infinities, outside of strings only", () => {
    const text = '{"a": -Infinity, "b": [Infinity, 1], "c": "-Infinity \\" NaN", "d": NaN}';
    expect(parseSchedulerConfig(text)).toEqual({
      a: -Infinity,
      b: [Infinity, 1],
      c: '-Infinity " NaN',
      d: NaN,
    });
  });

  it("refuses what is no object", () => {
    expect(() => parseSchedulerConfig("[1]")).toThrow(/must be a JSON object/);
    expect(() => parseSchedulerConfig("{")).toThrow(SyntaxError);
  });
});
