"""Writes the U-Net of public/models/mnist-ddpm as an ONNX file, for ONNX Runtime as a peer, and times PyTorch on it.

    python export.py <model folder> <file.onnx> <batch> <rounds>

Prints {"torch": [milliseconds], "threads": n} as JSON.
"""

import json
import sys
import time

import torch
from diffusers import UNet2DModel


class Step(torch.nn.Module):
    """One U-Net step with plain tensors in and out, as an exporter wants it."""

    def __init__(self, unet: UNet2DModel):
        super().__init__()
        self.unet = unet

    def forward(self, sample: torch.Tensor, timestep: torch.Tensor) -> torch.Tensor:
        return self.unet(sample, timestep).sample


folder, path, batch, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
step = Step(UNet2DModel.from_pretrained(folder)).eval()
sample = torch.randn(batch, 1, 28, 28, generator=torch.Generator().manual_seed(0))
timestep = torch.full((batch,), 500, dtype=torch.int64)
times = []
with torch.no_grad():
    torch.onnx.export(step, (sample, timestep), path, input_names=["sample", "timestep"], output_names=["modelOutput"],
                      external_data=False, verbose=False)
    for index in range(rounds + 1):
        started = time.perf_counter()
        step(sample, timestep)
        if index > 0:
            times.append((time.perf_counter() - started) * 1000)
print(json.dumps({"torch": times, "threads": torch.get_num_threads()}))
