"""Encodes several compositions of every picture once, so that the U-Net trains on latents.

    python latents.py --data data --work run [--variants 8]

Writes `latents.npy` (float16, [variants, pictures, 4, 16, 16], scaled to standard deviation 1) and `grounds.npy` (uint8, the index
of each composition's colour).
"""

import argparse
import os

import numpy as np
import torch
from diffusers import AutoencoderKL

from emoji import COLOUR_NAMES, Emoji
from vae import to_input


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--things", default="things.txt")
    parser.add_argument("--work", required=True)
    parser.add_argument("--variants", type=int, default=8)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    emoji = Emoji(args.data, args.things)
    vae = AutoencoderKL.from_pretrained(os.path.join(args.work, "vae")).eval().to(memory_format=torch.channels_last)
    rng = np.random.default_rng(1)
    latents = np.empty((args.variants, len(emoji), 4, 16, 16), np.float16)
    grounds = np.empty((args.variants, len(emoji)), np.uint8)
    for variant in range(args.variants):
        for start in range(0, len(emoji), 64):
            pictures = range(start, min(start + 64, len(emoji)))
            made = [emoji.augmented(p, rng, whole_cells=True) for p in pictures]
            with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
                mean = vae.encode(to_input(torch.from_numpy(np.stack([m[0] for m in made])))).latent_dist.mean
            latents[variant, start : start + 64] = (mean.float() * vae.config.scaling_factor).numpy()
            grounds[variant, start : start + 64] = [COLOUR_NAMES.index(m[1]) for m in made]
        print(f"variant {variant + 1} of {args.variants}", flush=True)
    np.save(os.path.join(args.work, "latents.npy"), latents)
    np.save(os.path.join(args.work, "grounds.npy"), grounds)


if __name__ == "__main__":
    main()
