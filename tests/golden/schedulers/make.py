"""Per-step arrays of every scheduler from diffusers, over pairs of options.

Run `pip install -r requirements.txt` and `python make.py` in this folder; it writes golden.safetensors and cases.json.

Every case is a whole sampling loop. The model is replaced by a formula: `0.25 * input + table[call % 16]`, with one
table of normal numbers for all cases. Each case keeps the timesteps, the sigmas, and after each step the sample and,
where diffusers gives it, the guess of x_0.
"""

import contextlib
import inspect
import itertools
import json
import random
import warnings
from pathlib import Path

import diffusers
import numpy
import scipy.stats
import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import rescale_noise_cfg
from safetensors.torch import save_file

for name, module, version in [
    ("torch", torch, "2.13.0"),
    ("diffusers", diffusers, "0.42.1"),
    ("numpy", numpy, "2.4.6"),
    ("scipy", scipy, "1.17.1"),
]:
    if module.__version__.split("+")[0] != version:
        raise SystemExit(f"{name} {version} is needed, this is {module.__version__}")

warnings.filterwarnings("ignore")
diffusers.utils.logging.set_verbosity_error()

HERE = Path(__file__).parent
SHAPE = (2, 3, 2, 3)
BASE = torch.Generator().manual_seed(20240229)
TABLE = torch.randn((16, *SHAPE), generator=BASE)
VARIANCE = torch.rand((16, *SHAPE), generator=BASE)
ORIGINAL = torch.rand(SHAPE, generator=BASE) * 2 - 1

tensors: dict[str, torch.Tensor] = {"table": TABLE, "variance": VARIANCE, "original": ORIGINAL}
cases: list[dict] = []


def cover_pairs(factors: dict, allowed, record, rng: random.Random) -> None:
    """Records rows until every allowed pair of two factors' values has occurred in one, found greedily."""
    names = list(factors)

    def row_pairs(row):
        pairs = itertools.combinations([name for name in names if name in row], 2)
        return {(a, repr(row[a]), b, repr(row[b])) for a, b in pairs}

    def random_row(fixed):
        for _ in range(2000):
            row = {name: fixed.get(name, rng.choice(factors[name])) for name in names}
            if allowed(row):
                return row
        return None

    wanted = {}
    for a, b in itertools.combinations(names, 2):
        for x in factors[a]:
            for y in factors[b]:
                if random_row({a: x, b: y}):
                    wanted[(a, repr(x), b, repr(y))] = {a: x, b: y}
    while wanted:
        fixed = next(iter(wanted.values()))
        candidates = [row for row in (random_row(fixed) for _ in range(60)) if row]
        candidates.sort(key=lambda row: -sum(pair in wanted for pair in row_pairs(row)))
        # Some rows have no finite result in diffusers (a step of length 0 with a rule that divides by it).
        best = next((row for row in candidates[:20] if record(row)), None)
        if best is None:
            print("  no finite loop for", fixed)
        for pair in row_pairs(best or fixed):
            wanted.pop(pair, None)


@contextlib.contextmanager
def ieee_rounding():
    """Makes torch's float32 sqrt, log, exp and expm1 round correctly, as no vector library promises.

    torch takes these from the CPU's vector library. Its square root, for one, is off by a unit in the last place for a
    fifth of all numbers on some CPUs and for none on others.
    """
    names = ["sqrt", "log", "exp", "expm1"]
    owners = [torch, torch.Tensor]
    saved = [(owner, name, getattr(owner, name)) for owner in owners for name in names]
    power = torch.Tensor.__pow__

    def rounded(function):
        def call(x):
            return function(x.double()).float() if x.dtype == torch.float32 else function(x)

        return call

    def rounded_power(x, exponent):
        if exponent == 0.5 and x.dtype == torch.float32:
            return power(x.double(), 0.5).float()
        return power(x, exponent)

    try:
        for owner, name, function in saved:
            setattr(owner, name, rounded(function))
        torch.Tensor.__pow__ = rounded_power
        yield
    finally:
        for owner, name, function in saved:
            setattr(owner, name, function)
        torch.Tensor.__pow__ = power


def to_list(values) -> list[float]:
    return [float(v) for v in values]


# A loop that moves by more than this when torch rounds correctly has no one answer in diffusers to compare with 1e-5.
MAX_SENSITIVITY = 5e-6


def run(class_name: str, config: dict, steps: int, *, title=None, options=None, step_options=None, **rest):
    """Records one loop of diffusers, unless its result is not finite; says whether it did.

    Where the loop depends on the CPU's rounding by more than MAX_SENSITIVITY, the one with correct rounding is kept.
    """
    options = options or {}
    loop = diffusers_loop(class_name, config, steps, options, step_options, **rest)
    if not torch.isfinite(loop["samples"]).all():
        return False
    with ieee_rounding():
        rounded = diffusers_loop(class_name, config, steps, options, step_options, **rest)
    if step_options:
        options = {**options, **step_options[0]}
    scale = loop["samples"].flatten(1).abs().amax(1)
    sensitivity = ((loop["samples"] - rounded["samples"]).flatten(1).abs().amax(1) / scale).max().item()
    kept = rounded if sensitivity > MAX_SENSITIVITY else loop
    key = f"case{len(cases)}"
    tensors[f"{key}.first"] = kept["first"]
    tensors[f"{key}.samples"] = kept["samples"]
    if kept["guesses"]:
        tensors[f"{key}.guesses"] = torch.stack(kept["guesses"])
    cases.append(
        {
            "key": key,
            "title": title or " ".join([class_name, *(f"{k}={v}" for k, v in config.items()), f"steps={steps}"]),
            "config": {"_class_name": class_name, **config},
            "steps": steps,
            "options": options,
            "strength": rest.get("strength"),
            "seed": SEED,
            "keep": rest.get("keep", 1),
            "sensitivity": float(f"{sensitivity:.2g}"),
            "timesteps": kept["timesteps"],
            "sigmas": kept["sigmas"],
            "initNoiseSigma": kept["initNoiseSigma"],
        }
    )
    return True


PYTHON_NAMES = {
    "timesteps": "timesteps",
    "sigmas": "sigmas",
    "mu": "mu",
    "originalInferenceSteps": "original_inference_steps",
    "strength": "strength",
}
SEED = 7


def diffusers_loop(class_name: str, config: dict, steps: int, options: dict, step_options, *, strength=None, keep=1) -> dict:
    """Runs one loop in diffusers."""
    scheduler = getattr(diffusers, class_name)(**config)
    arguments = {PYTHON_NAMES[k]: v for k, v in options.items()}
    if "timesteps" not in arguments and not ("sigmas" in arguments and class_name != "FlowMatchEulerDiscreteScheduler"):
        arguments["num_inference_steps"] = steps
    scheduler.set_timesteps(**arguments)
    step_arguments = dict(step_options[1]) if step_options else {}

    generator = torch.Generator().manual_seed(SEED)
    timesteps = scheduler.timesteps
    whole = to_list(timesteps)
    noise = torch.randn(SHAPE, generator=generator)
    if hasattr(scheduler, "set_begin_index"):
        # Otherwise the first step is looked up by its timestep, and a timestep that comes twice is taken for the second.
        scheduler.set_begin_index(0)
    initial = float(getattr(scheduler, "init_noise_sigma", 1.0))
    if strength is None:
        sample = noise * getattr(scheduler, "init_noise_sigma", 1.0)
    else:
        kept = min(int(steps * strength), steps)
        begin = (steps - kept) * scheduler.order
        timesteps = timesteps[begin:]
        if hasattr(scheduler, "set_begin_index"):
            scheduler.set_begin_index(begin)
        start = timesteps[:1].repeat(SHAPE[0])
        if class_name == "FlowMatchEulerDiscreteScheduler":
            sample = scheduler.scale_noise(ORIGINAL, start, noise)
        else:
            sample = scheduler.add_noise(ORIGINAL, noise, start)

    learned = config.get("variance_type") in ("learned", "learned_range")
    if "generator" in inspect.signature(scheduler.step).parameters:
        step_arguments["generator"] = generator
    first = sample.clone()
    samples, guesses = [], []
    for i, t in enumerate(timesteps):
        scaled = scheduler.scale_model_input(sample, t) if hasattr(scheduler, "scale_model_input") else sample
        output = scaled * 0.25 + TABLE[i % 16]
        if learned:
            variance = VARIANCE[i % 16]
            output = torch.cat([output, variance if config["variance_type"] == "learned" else variance * 2 - 1], dim=1)
        result = scheduler.step(output, t, sample, **step_arguments)
        sample = result.prev_sample
        if (i + 1) % keep == 0 or i == len(timesteps) - 1:
            samples.append(sample)
            guess = getattr(result, "pred_original_sample", getattr(result, "denoised", None))
            if guess is not None:
                guesses.append(guess)
    return {
        "first": first,
        "samples": torch.stack(samples),
        "guesses": guesses,
        "timesteps": whole,
        "sigmas": to_list(scheduler.sigmas) if class_name in SIGMA_CLASSES else None,
        "initNoiseSigma": initial,
    }


SIGMA_CLASSES = {
    "LMSDiscreteScheduler",
    "EulerDiscreteScheduler",
    "EulerAncestralDiscreteScheduler",
    "HeunDiscreteScheduler",
    "DPMSolverMultistepScheduler",
    "UniPCMultistepScheduler",
    "FlowMatchEulerDiscreteScheduler",
}

LINEAR = {"beta_schedule": "linear", "beta_start": 0.0001, "beta_end": 0.02}
SCALED = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}
COSINE = {"beta_schedule": "squaredcos_cap_v2"}
SIGMOID = {"beta_schedule": "sigmoid", "beta_start": 0.0001, "beta_end": 0.02}
EXP = {"beta_schedule": "exp"}
LAPLACE = {"beta_schedule": "laplace"}

SPACING = ["leading", "trailing", "linspace"]
PREDICTION = ["epsilon", "v_prediction", "sample"]
NO_CLIP = {"clip_sample": False}
CLIP = {"clip_sample": True, "clip_sample_range": 0.8}
THRESHOLD = {"thresholding": True, "clip_sample": False, "dynamic_thresholding_ratio": 0.8, "sample_max_value": 2.5}
SIGMAS = [{}, {"use_karras_sigmas": True}, {"use_exponential_sigmas": True}, {"use_beta_sigmas": True}]


def run_pairs(class_name, factors, allowed=lambda row: True, seed=0):
    """Factors with a dict as value are merged into the config; `steps` and `run` belong to the run."""

    def record(row):
        config = {}
        row = dict(row)
        steps = row.pop("steps")
        extra = row.pop("run", {})
        for name, value in row.items():
            config.update(value if isinstance(value, dict) else {name: value})
        return run(class_name, config, steps, **extra)

    print(class_name)
    cover_pairs(factors, allowed, record, random.Random(seed))


def reaches_zero_snr(row):
    """Zero-SNR rescaling makes the last timestep pure noise, from which epsilon cannot give x_0."""
    return row["rescale_betas_zero_snr"] and row["prediction_type"] == "epsilon" and row["timestep_spacing"] != "leading"


run_pairs(
    "DDPMScheduler",
    {
        "betas": [LINEAR, SCALED, COSINE, SIGMOID, LAPLACE],
        "prediction_type": PREDICTION,
        "timestep_spacing": SPACING,
        "variance_type": ["fixed_small", "fixed_small_log", "fixed_large", "learned", "learned_range"],
        "clip": [NO_CLIP, CLIP, THRESHOLD],
        "steps_offset": [0, 1],
        "rescale_betas_zero_snr": [False, True],
        "steps": [5, 7],
    },
    lambda row: not reaches_zero_snr(row),
)
run_pairs(
    "DDIMScheduler",
    {
        "betas": [LINEAR, SCALED, COSINE],
        "prediction_type": PREDICTION,
        "timestep_spacing": SPACING,
        "clip": [NO_CLIP, CLIP, {**THRESHOLD, "dynamic_thresholding_ratio": 0.9}],
        "steps_offset": [0, 1],
        "set_alpha_to_one": [True, False],
        "rescale_betas_zero_snr": [False, True],
        "steps": [5, 7],
        "run": [
            {},
            {"step_options": ({"eta": 0.6}, {"eta": 0.6})},
            {"step_options": ({"useClippedModelOutput": True}, {"use_clipped_model_output": True})},
        ],
    },
    lambda row: not reaches_zero_snr(row),
)
run_pairs(
    "DDIMInverseScheduler",
    {
        "betas": [LINEAR, SCALED, COSINE],
        "prediction_type": ["epsilon", "v_prediction"],
        "timestep_spacing": ["leading", "trailing"],
        "clip": [NO_CLIP, CLIP],
        "set_alpha_to_one": [True, False],
        "steps_offset": [0, 1],
        "steps": [5, 7],
    },
)
run_pairs(
    "PNDMScheduler",
    {
        "betas": [LINEAR, SCALED, COSINE],
        "prediction_type": ["epsilon", "v_prediction"],
        "timestep_spacing": SPACING,
        "skip_prk_steps": [True, False],
        "set_alpha_to_one": [True, False],
        "steps_offset": [0, 1],
        "steps": [6, 9],
    },
)
run_pairs(
    "LMSDiscreteScheduler",
    {
        "betas": [LINEAR, SCALED, COSINE],
        "prediction_type": PREDICTION,
        "timestep_spacing": SPACING,
        "sigmas": SIGMAS,
        "steps_offset": [0, 1],
        "steps": [5, 8],
    },
)
run_pairs(
    "EulerDiscreteScheduler",
    {
        "betas": [LINEAR, SCALED, COSINE],
        "prediction_type": PREDICTION,
        "timestep_spacing": SPACING,
        "sigmas": [*SIGMAS, {"use_karras_sigmas": True, "sigma_min": 0.05, "sigma_max": 11.0}],
        "interpolation_type": ["linear", "log_linear"],
        "final_sigmas_type": ["zero", "sigma_min"],
        "rescale_betas_zero_snr": [False, True],
        "timestep_type": ["discrete", "continuous"],
        "steps": [5, 7],
        "run": [
            {},
            {
                "step_options": (
                    {"sChurn": 2.0, "sTmin": 0.2, "sTmax": 20.0, "sNoise": 1.1},
                    {"s_churn": 2.0, "s_tmin": 0.2, "s_tmax": 20.0, "s_noise": 1.1},
                )
            },
        ],
    },
)
run_pairs(
    "EulerAncestralDiscreteScheduler",
    {
        "betas": [LINEAR, SCALED, COSINE],
        "prediction_type": ["epsilon", "v_prediction"],
        "timestep_spacing": SPACING,
        "steps_offset": [0, 1],
        "rescale_betas_zero_snr": [False, True],
        "steps": [5, 7],
    },
)
run_pairs(
    "HeunDiscreteScheduler",
    {
        "betas": [LINEAR, SCALED, COSINE, EXP],
        "prediction_type": PREDICTION,
        "timestep_spacing": SPACING,
        "sigmas": SIGMAS,
        "clip": [NO_CLIP, CLIP],
        "steps_offset": [0, 1],
        "steps": [4, 5],
    },
)
run_pairs(
    "DPMSolverMultistepScheduler",
    {
        "betas": [LINEAR, SCALED, {**COSINE, "lambda_min_clipped": -5.1}],
        "prediction_type": PREDICTION,
        "timestep_spacing": SPACING,
        "solver_order": [1, 2, 3],
        "algorithm": [
            {"algorithm_type": "dpmsolver++"},
            {"algorithm_type": "sde-dpmsolver++"},
            {"algorithm_type": "dpmsolver", "final_sigmas_type": "sigma_min"},
            {"algorithm_type": "sde-dpmsolver", "final_sigmas_type": "sigma_min"},
            {"algorithm_type": "dpmsolver++", "final_sigmas_type": "sigma_min"},
        ],
        "solver_type": ["midpoint", "heun"],
        "lower_order_final": [True, False],
        "euler_at_final": [False, True],
        "sigmas": [*SIGMAS, {"use_lu_lambdas": True}],
        "thresholding": [{}, {"thresholding": True, "dynamic_thresholding_ratio": 0.8, "sample_max_value": 2.5}],
        "rescale_betas_zero_snr": [False, True],
        "steps": [6, 15],
    },
    lambda row: not (row["algorithm"]["algorithm_type"] == "sde-dpmsolver" and row["solver_order"] == 3)
    and not (row["rescale_betas_zero_snr"] and row["betas"]["beta_schedule"] == "squaredcos_cap_v2")
    and not (row["steps"] == 15 and row["timestep_spacing"] == "leading"),
)
for algorithm in ["dpmsolver++", "sde-dpmsolver++"]:
    for order in [1, 2, 3]:
        run(
            "DPMSolverMultistepScheduler",
            {
                "algorithm_type": algorithm,
                "solver_order": order,
                "prediction_type": "flow_prediction",
                "use_flow_sigmas": True,
                "flow_shift": 3.0,
            },
            6,
        )
run("DPMSolverMultistepScheduler", {**SCALED, "variance_type": "learned_range"}, 6)
run("DPMSolverMultistepScheduler", dict(SCALED), 4, options={"timesteps": [951, 600, 300, 20]})
run(
    "DPMSolverMultistepScheduler",
    {"prediction_type": "flow_prediction", "use_flow_sigmas": True, "use_dynamic_shifting": True},
    5,
    options={"mu": 0.8},
)
run_pairs(
    "UniPCMultistepScheduler",
    {
        "betas": [LINEAR, SCALED, COSINE],
        "prediction_type": PREDICTION,
        "timestep_spacing": SPACING,
        "solver_order": [1, 2, 3, 4],
        "solver": [
            {"solver_type": "bh2"},
            {"solver_type": "bh1", "final_sigmas_type": "sigma_min"},
            {"solver_type": "bh2", "predict_x0": False, "final_sigmas_type": "sigma_min"},
        ],
        "lower_order_final": [True, False],
        "disable_corrector": [[], [0, 2]],
        "sigmas": [*SIGMAS, {"use_karras_sigmas": True, "sigma_min": 0.05, "sigma_max": 11.0}],
        "thresholding": [{}, {"thresholding": True, "dynamic_thresholding_ratio": 0.8, "sample_max_value": 2.5}],
        "rescale_betas_zero_snr": [False, True],
        "steps": [6, 8],
    },
    lambda row: not (row["rescale_betas_zero_snr"] and row["betas"]["beta_schedule"] == "squaredcos_cap_v2")
    and not (not row["lower_order_final"] and row["solver_order"] > 1 and "final_sigmas_type" not in row["solver"]),
)
for extra, options in [
    ({"flow_shift": 3.0}, {}),
    ({"flow_shift": 3.0, "shift_terminal": 0.02}, {}),
    ({"use_karras_sigmas": True}, {}),
    ({"use_dynamic_shifting": True}, {"mu": 0.8}),
]:
    run(
        "UniPCMultistepScheduler",
        {"prediction_type": "flow_prediction", "use_flow_sigmas": True, **extra},
        6,
        options=options,
    )
run_pairs(
    "LCMScheduler",
    {
        "betas": [SCALED, LINEAR],
        "prediction_type": PREDICTION,
        "clip": [NO_CLIP, CLIP, {**THRESHOLD, "dynamic_thresholding_ratio": 0.9}],
        "timestep_scaling": [10.0, 0.01],
        "rescale_betas_zero_snr": [False, True],
        "steps": [1, 4],
        "run": [{}, {"options": {"originalInferenceSteps": 20, "strength": 0.8}}],
    },
    lambda row: not (row["rescale_betas_zero_snr"] and row["prediction_type"] == "epsilon"),
)
run("LCMScheduler", {}, 3, options={"timesteps": [999, 759, 499]})
run_pairs(
    "FlowMatchEulerDiscreteScheduler",
    {
        "shift": [1.0, 3.0],
        "sigmas": SIGMAS,
        "shift_terminal": [None, 0.1],
        "stochastic_sampling": [False, True],
        "steps": [4, 6],
    },
)
run("FlowMatchEulerDiscreteScheduler", {"invert_sigmas": True}, 5)
for shift_type in ["exponential", "linear"]:
    run(
        "FlowMatchEulerDiscreteScheduler",
        {"use_dynamic_shifting": True, "time_shift_type": shift_type},
        5,
        options={"mu": 0.9},
    )
run("FlowMatchEulerDiscreteScheduler", {"shift": 3.0}, 4, options={"sigmas": [1.0, 0.7, 0.4, 0.15]})

run("DDPMScheduler", dict(SCALED), 4, options={"timesteps": [900, 500, 100, 3]})
run("EulerDiscreteScheduler", dict(SCALED), 4, options={"timesteps": [900, 500, 100, 3]})
run("EulerDiscreteScheduler", dict(SCALED), 4, options={"sigmas": [13.0, 4.0, 1.0, 0.2, 0.0]})
run("HeunDiscreteScheduler", dict(SCALED), 4, options={"timesteps": [900, 500, 100, 3]})
run("EulerDiscreteScheduler", {**SCALED, "timestep_spacing": "trailing"}, 1, title="SD-Turbo in one step")

STABLE_DIFFUSION = {**SCALED, "steps_offset": 1, "timestep_spacing": "leading"}
IMAGE_TO_IMAGE = [
    ("DDPMScheduler", {}),
    ("DDIMScheduler", {"clip_sample": False, "set_alpha_to_one": False}),
    ("PNDMScheduler", {"skip_prk_steps": True}),
    ("LMSDiscreteScheduler", {}),
    ("EulerDiscreteScheduler", {}),
    ("EulerAncestralDiscreteScheduler", {}),
    ("HeunDiscreteScheduler", {}),
    ("DPMSolverMultistepScheduler", {}),
    ("DPMSolverMultistepScheduler", {"algorithm_type": "sde-dpmsolver++", "solver_order": 3}),
    ("UniPCMultistepScheduler", {"solver_order": 3}),
    ("LCMScheduler", {}),
]
for class_name, extra in IMAGE_TO_IMAGE:
    run(class_name, {**STABLE_DIFFUSION, **extra}, 10, strength=0.55)
run("FlowMatchEulerDiscreteScheduler", {"shift": 3.0}, 10, strength=0.55)

LONG = [
    ("DDPMScheduler", LINEAR),
    ("DDIMScheduler", LINEAR),
    ("PNDMScheduler", {**STABLE_DIFFUSION, "skip_prk_steps": True}),
    ("LMSDiscreteScheduler", SCALED),
    ("EulerAncestralDiscreteScheduler", SCALED),
    ("HeunDiscreteScheduler", {**SCALED, "use_karras_sigmas": True}),
    ("DPMSolverMultistepScheduler", {**SCALED, "use_karras_sigmas": True}),
    ("DPMSolverMultistepScheduler", {**SCALED, "algorithm_type": "sde-dpmsolver++", "solver_order": 3}),
    ("UniPCMultistepScheduler", {**SCALED, "solver_order": 3}),
]
for class_name, config in LONG:
    run(class_name, dict(config), 50, keep=5)


# The forward process, with a timestep of its own for each sample.
forward = []
moments = torch.tensor([17, 803])
noise = torch.randn(SHAPE, generator=BASE)
tensors["forward.noise"] = noise
for class_name in ["DDPMScheduler", "DDIMScheduler", "PNDMScheduler", "LCMScheduler", *sorted(SIGMA_CLASSES)]:
    scheduler = getattr(diffusers, class_name)()
    key = f"forward.{class_name}"
    if class_name in ("DPMSolverMultistepScheduler", "UniPCMultistepScheduler"):
        # Before set_timesteps these take a timestep's position for its index; what they mean is DDPM's.
        tensors[f"{key}.noisy"] = diffusers.DDPMScheduler().add_noise(ORIGINAL, noise, moments)
    elif class_name == "FlowMatchEulerDiscreteScheduler":
        tensors[f"{key}.noisy"] = scheduler.scale_noise(ORIGINAL, moments.float(), noise)
    elif class_name in SIGMA_CLASSES:
        tensors[f"{key}.noisy"] = scheduler.add_noise(ORIGINAL, noise, moments.float())
    else:
        tensors[f"{key}.noisy"] = scheduler.add_noise(ORIGINAL, noise, moments)
    beta = {k: scheduler.config[k] for k in ("beta_start", "beta_end", "beta_schedule") if k in scheduler.config}
    velocity = diffusers.DDPMScheduler(**beta).get_velocity(ORIGINAL, noise, moments) if beta else noise - ORIGINAL
    tensors[f"{key}.velocity"] = velocity
    forward.append({"className": class_name, "timesteps": moments.tolist()})

# The schedules themselves, bit for bit; rescaling takes square roots.
schedules = []
for betas in [LINEAR, SCALED, COSINE, SIGMOID, LAPLACE, {**LINEAR, "num_train_timesteps": 37}]:
    for rescale in [False, True]:
        with ieee_rounding() if rescale else contextlib.nullcontext():
            scheduler = diffusers.DDPMScheduler(**betas, rescale_betas_zero_snr=rescale)
        key = f"schedule{len(schedules)}"
        tensors[f"{key}.betas"] = scheduler.betas
        tensors[f"{key}.alphasCumprod"] = scheduler.alphas_cumprod
        schedules.append({"key": key, "config": {**betas, "rescale_betas_zero_snr": rescale}})

# Quantiles of the beta distribution, which the beta sigmas are made of.
quantiles = [[p, float(scipy.stats.beta.ppf(p, 0.6, 0.6))] for p in (1e-6, 1e-3, 0.1, 0.3, 0.5, 0.8, 1 - 1 / 7, 0.999)]

# Guidance.
unconditional, conditional = torch.randn((2, *SHAPE), generator=BASE)
tensors["guidance.unconditional"] = unconditional
tensors["guidance.conditional"] = conditional
for scale in (1.0, 7.5):
    guided = unconditional + scale * (conditional - unconditional)
    tensors[f"guidance.{scale:g}"] = guided
    for rescale in (0.0, 0.7):
        tensors[f"guidance.{scale:g}.{rescale:g}"] = rescale_noise_cfg(guided, conditional, guidance_rescale=rescale)

# What scheduler_config.json holds when nothing is chosen, as the text that diffusers writes.
class_names = sorted({case["config"]["_class_name"] for case in cases})
default_configs = {name: getattr(diffusers, name)().to_json_string() for name in class_names}

save_file({k: v.contiguous() for k, v in tensors.items()}, HERE / "golden.safetensors")
contents = {"shape": SHAPE, "cases": cases, "forward": forward, "schedules": schedules, "quantiles": quantiles}
contents["defaultConfigs"] = default_configs
text = json.dumps(contents, indent=0)
(HERE / "cases.json").write_text(text + "\n")
loose = [case for case in cases if case["sensitivity"] > MAX_SENSITIVITY]
print(f"{len(loose)} cases depend on the CPU's rounding by more than {MAX_SENSITIVITY}")
print(f"{len(cases)} cases, {sum((HERE / f).stat().st_size for f in ('golden.safetensors', 'cases.json')) / 1e6:.2f} MB")
