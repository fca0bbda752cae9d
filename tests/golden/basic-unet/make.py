"""Writes the golden of BasicUNet, the network of unit 1 of the Hugging Face diffusion course, with weights from a seed.

The weights themselves are not kept: the test draws them from the same seed.

Run: pip install -r requirements.txt && python make.py
"""

import json
from pathlib import Path

import safetensors.torch
import torch
from basic_unet import BasicUNet

assert torch.__version__.startswith("2.13.0"), torch.__version__

SEED = 11

if __name__ == "__main__":
    torch.manual_seed(SEED)
    model = BasicUNet()
    sample = torch.rand((2, 1, 12, 8), generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        output = model(sample)
    safetensors.torch.save_file(
        {"sample": sample, "output": output},
        Path(__file__).parent / "basic-unet.safetensors",
        {"golden": json.dumps({"seed": SEED, "count": sum(p.numel() for p in model.parameters())})},
    )
