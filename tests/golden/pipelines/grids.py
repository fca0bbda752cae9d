"""What diffusers makes with the tiny pipeline in `base/` beyond make.py: between two prompts, with other schedulers, and inpainting
that begins in the middle.

    pip install -r requirements.txt && python grids.py

`grids.safetensors` holds `<run>.latents` [pictures, 4, 8, 8] and, in half precision, `<run>.pixels` [pictures, 64, 64, 3].
"""

import torch
from diffusers import (
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    StableDiffusionInpaintPipeline,
    StableDiffusionPipeline,
    UniPCMultistepScheduler,
)
from parts import HERE
from PIL import Image
from safetensors.torch import save_file

FROM, TO, NEGATIVE = "a photo of a cat", "dark, old", "red hat"
SIZE = dict(height=64, width=64, guidance_scale=7.5)
base = StableDiffusionPipeline.from_pretrained(HERE / "base", torch_dtype=torch.float32, safety_checker=None)
base.set_progress_bar_config(disable=True)
saved = base.scheduler
expected = {}


def run(pipeline=base, **arguments):
    """Latents as the decoder is given them, before the scaling factor, and pixels."""
    latents = pipeline(output_type="latent", **SIZE, **arguments).images
    pixels = base.vae.decode(latents / base.vae.config.scaling_factor).sample
    return latents, (pixels / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1)


def keep(name, results):
    latents, pixels = (torch.cat(parts) for parts in zip(*results))
    expected[f"{name}.latents"], expected[f"{name}.pixels"] = latents.contiguous(), pixels.half().contiguous()
    apart = min([(latents[i] - latents[j]).abs().max().item() for i in range(len(latents)) for j in range(i)] or [1])
    print(f"{name}: {list(latents.shape)}, spread {latents.std():.3f}, the two most alike differ by {apart:.3f}")
    if apart < 0.1:
        raise SystemExit("Two pictures are alike.")


with torch.no_grad():
    first, _ = base.encode_prompt(FROM, "cpu", 1, False)
    last, negative = base.encode_prompt(TO, "cpu", 1, True, NEGATIVE)
    mixes = torch.cat([first + (last - first) * part for part in torch.linspace(0, 1, 3)])
    noise = torch.randn((1, 4, 8, 8), generator=torch.Generator().manual_seed(0)).repeat(3, 1, 1, 1)
    embeds = dict(prompt_embeds=mixes, negative_prompt_embeds=negative.repeat(3, 1, 1))
    keep("interpolation", [run(latents=noise, num_inference_steps=20, **embeds)])
    grid = []
    for kind in (EulerDiscreteScheduler, DPMSolverMultistepScheduler, UniPCMultistepScheduler):
        for steps in (8, 20):
            base.scheduler = kind.from_config(saved.config)
            seed = torch.Generator().manual_seed(0)
            grid.append(run(prompt=FROM, negative_prompt=TO, num_inference_steps=steps, generator=seed))
    keep("scheduler-grid", grid)
    base.scheduler = saved
    inpaint = StableDiffusionInpaintPipeline(**base.components, requires_safety_checker=False)
    inpaint.set_progress_bar_config(disable=True)
    images = dict(image=Image.open(HERE / "picture.png"), mask_image=Image.open(HERE / "mask.png"))
    seed = torch.Generator().manual_seed(0)
    keep("inpaint-strength", [run(inpaint, prompt=FROM, negative_prompt=TO, strength=0.6, num_inference_steps=20, generator=seed, **images)])
save_file(expected, HERE / "grids.safetensors")
