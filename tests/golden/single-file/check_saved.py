"""Opens what this project saved in diffusers, and compares it with the pipeline that it was loaded from.

    npm run --silent loom -- run <graph that saves> …          (model/save-pipeline)
    python check_saved.py <original folder> <saved folder> [<saved file.safetensors>]

Prints the largest difference of any weight of the U-Net, the VAE and the text encoder; all must be 0 for "as loaded".
"""

import sys
from pathlib import Path

import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline, UNet2DConditionModel


def difference(a, b):
    first, second = a.state_dict(), b.state_dict()
    assert first.keys() == second.keys(), first.keys() ^ second.keys()
    return max((first[key].float() - second[key].float()).abs().max().item() for key in first)


def main(original, saved, single=None):
    wanted = StableDiffusionPipeline.from_pretrained(original, torch_dtype=torch.float32)
    found = StableDiffusionPipeline.from_pretrained(saved, torch_dtype=torch.float32)
    for part in ("unet", "vae", "text_encoder"):
        print(part, difference(getattr(wanted, part), getattr(found, part)))
    if single is None:
        return
    config = Path(original)
    unet = UNet2DConditionModel.from_single_file(single, config=str(config), subfolder="unet", local_files_only=True)
    vae = AutoencoderKL.from_single_file(single, config=str(config), subfolder="vae", local_files_only=True)
    print("unet of the file", difference(wanted.unet, unet))
    print("vae of the file", difference(wanted.vae, vae))


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    main(*sys.argv[1:])
