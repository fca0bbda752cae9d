"""Writes the trained pipeline as float16 in the layout of diffusers, ready to ship.

    python export.py --model run/pipeline --out ../../public/models/emoji-diffusion
"""

import argparse
import os

import torch
from diffusers import StableDiffusionPipeline


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    pipeline = StableDiffusionPipeline.from_pretrained(args.model, safety_checker=None, torch_dtype=torch.float32)
    pipeline.to(torch.float16).save_pretrained(args.out, safe_serialization=True)
    total = 0
    for folder, _, files in os.walk(args.out):
        for name in sorted(files):
            size = os.path.getsize(os.path.join(folder, name))
            total += size
            print(f"{size:>10,} {os.path.relpath(os.path.join(folder, name), args.out)}")
    print(f"{total:>10,} bytes in all")
    if total > 15e6:
        raise SystemExit("more than 15 MB")


if __name__ == "__main__":
    main()
