"""The pictures that diffusers makes with the shipped weights, which this project's tests must reach.

    python golden.py --model ../../public/models/emoji-diffusion --out ../../tests/golden/emoji-diffusion/expected.safetensors

Each starts from the noise of its seed; DDIM, 20 steps, rescaled guidance 3, float32 computed from the float16 weights.
"""

import argparse

import numpy as np
import torch
from safetensors.numpy import save_file

from sample import GUIDANCE, RESCALE, load_pipeline

CASES = [
    ("a red apple on blue, flat style", "", 0),
    ("grinning face, glossy style", "", 1),
    ("soft style rocket, on a yellow background", "blue", 2),
]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    pipeline = load_pipeline(args.model)
    arrays = {}
    for i, (prompt, negative, seed) in enumerate(CASES):
        common = dict(negative_prompt=negative, num_inference_steps=20, height=64, width=64)
        common.update(guidance_scale=GUIDANCE, guidance_rescale=RESCALE)
        latents = pipeline(prompt, generator=torch.Generator().manual_seed(seed), output_type="latent", **common).images
        picture = pipeline(prompt, generator=torch.Generator().manual_seed(seed), output_type="np", **common).images
        arrays[f"{i}.latent"] = np.ascontiguousarray(latents.numpy().transpose(0, 2, 3, 1))
        arrays[f"{i}.image"] = np.ascontiguousarray(picture, np.float32)
    save_file(arrays, args.out, metadata={f"case{i}": "|".join(map(str, case)) for i, case in enumerate(CASES)})


if __name__ == "__main__":
    main()
