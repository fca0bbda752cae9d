"""Loads a U-Net that save-trained.ts wrote in diffusers and compares what it makes of the same sample.

Run: python check_saved.py <folder>. Prints the relative error; ends with an error above 1e-4.
"""

import sys
from pathlib import Path

import safetensors.torch
import torch
from diffusers import UNet2DModel

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    model, info = UNet2DModel.from_pretrained(folder, output_loading_info=True)
    assert not any(info.values()), info
    check = safetensors.torch.load_file(folder / "check.safetensors")
    with torch.no_grad():
        output = model(check["sample"], check["timesteps"].long()).sample
    error = ((output - check["output"]).abs().max() / output.abs().max()).item()
    print(f"{sum(p.numel() for p in model.parameters())} parameters, relative error {error:.2e}")
    sys.exit(error > 1e-4)
