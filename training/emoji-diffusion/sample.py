"""Pictures from a pipeline, in batches and with one seed for all; shared by measure.py, golden.py and the training's sheets."""

import numpy as np
import torch
from diffusers import StableDiffusionPipeline
from PIL import Image


def load_pipeline(folder):
    """The pipeline in float32, whatever the precision of its files."""
    pipeline = StableDiffusionPipeline.from_pretrained(folder, safety_checker=None, torch_dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


# What the templates sample with. Rescaled guidance (Lin et al. 2024, section 3.4) keeps the contrast of what was predicted; without it
# soft shading turns into flat colour, and styles that differ in shading alone into one.
GUIDANCE, RESCALE = 3.0, 1.0


def draw(pipeline, captions, seed=0, steps=20, guidance=GUIDANCE, rescale=RESCALE, negative=None, batch=50, reduced=True):
    """uint8 [captions, 64, 64, 3]. Each picture starts from the noise that `seed` gives, as one run in the editor would.

    `reduced` computes in bfloat16, which is for figures over hundreds of pictures, not for goldens.
    """
    pictures = []
    for start in range(0, len(captions), batch):
        part = captions[start : start + batch]
        generators = [torch.Generator().manual_seed(seed) for _ in part]
        with torch.autocast("cpu", torch.bfloat16, enabled=reduced):
            made = pipeline(
                part,
                negative_prompt=None if negative is None else [negative] * len(part),
                num_inference_steps=steps,
                guidance_scale=guidance,
                guidance_rescale=rescale,
                generator=generators,
                output_type="np",
                height=64,
                width=64,
            ).images
        pictures.append(np.rint(made * 255).astype(np.uint8))
    return np.concatenate(pictures)


def sheet(pictures, columns, path, scale=1, gap=2):
    """Saves the pictures in rows, in their order."""
    height, width = pictures.shape[1:3]
    rows = -(-len(pictures) // columns)
    whole = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, 3), 255, np.uint8)
    for i, picture in enumerate(pictures):
        top, left = i // columns * (height + gap), i % columns * (width + gap)
        whole[top : top + height, left : left + width] = picture
    image = Image.fromarray(whole)
    image.resize((image.width * scale, image.height * scale), Image.NEAREST).save(path, optimize=True)
