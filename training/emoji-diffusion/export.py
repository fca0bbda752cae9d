"""Writes the trained pipeline as float16 in the layout of diffusers, ready to ship.

    python export.py --model run/pipeline --tokenizer run/tokenizer --out ../../public/models/emoji-diffusion
"""

import argparse
import json
import os
import shutil

import torch
from diffusers import StableDiffusionPipeline


def forget_origin(path):
    """Takes out the folder that the model was read from: it says nothing to anyone else."""
    with open(path) as file:
        config = json.load(file)
    config.pop("_name_or_path", None)
    with open(path, "w") as file:
        json.dump(config, file, indent=2, sort_keys=True)
        file.write("\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--tokenizer", required=True, help="folder that tokenizer.py has written")
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    pipeline = StableDiffusionPipeline.from_pretrained(args.model, safety_checker=None, torch_dtype=torch.float32)
    pipeline.to(torch.float16).save_pretrained(args.out, safe_serialization=True)
    # CLIP's own vocabulary files, which this project's tokenizer reads; newer transformers write tokenizer.json only.
    for name in ("vocab.json", "merges.txt", "special_tokens_map.json"):
        shutil.copyfile(os.path.join(args.tokenizer, name), os.path.join(args.out, "tokenizer", name))
    for part in ("model_index.json", "unet/config.json", "vae/config.json", "text_encoder/config.json"):
        forget_origin(os.path.join(args.out, part))
    total = 0
    for folder, _, files in os.walk(args.out):
        # The sheets of the card are for reading, no part of what a graph loads.
        for name in sorted(name for name in files if not name.endswith((".png", ".md"))):
            size = os.path.getsize(os.path.join(folder, name))
            total += size
            print(f"{size:>10,} {os.path.relpath(os.path.join(folder, name), args.out)}")
    print(f"{total:>10,} bytes in all")
    if total > 15e6:
        raise SystemExit("more than 15 MB")


if __name__ == "__main__":
    main()
