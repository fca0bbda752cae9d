"""Milliseconds of a training step of the diffusion course's networks in PyTorch on the CPU, as JSON on stdout.

The peer of training-step.ts: the same networks, batch, loss and optimizer. Run: python training_step.py [batch] [steps]
"""

import json
import sys
import time
from pathlib import Path

import torch
from diffusers import UNet2DModel
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "golden" / "basic-unet"))
from basic_unet import BasicUNet  # noqa: E402


def time_steps(model: torch.nn.Module, forward, batch: int, steps: int) -> list[float]:
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    sample, target = torch.rand(batch, 1, 28, 28), torch.rand(batch, 1, 28, 28)
    times = []
    for step in range(steps + 1):
        start = time.perf_counter()
        optimizer.zero_grad()
        functional.mse_loss(forward(model, sample), target).backward()
        optimizer.step()
        # The first one is not counted: it allocates.
        if step > 0:
            times.append((time.perf_counter() - start) * 1000)
    return times


if __name__ == "__main__":
    batch, steps = (int(argument) for argument in (sys.argv[1:] + ["128", "3"][len(sys.argv) - 1 :])[:2])
    unet = UNet2DModel(
        sample_size=28,
        in_channels=1,
        out_channels=1,
        layers_per_block=2,
        block_out_channels=(32, 64, 64),
        down_block_types=("DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D"),
    )
    result = {
        "BasicUNet": time_steps(BasicUNet(), lambda model, x: model(x), batch, steps),
        "UNet2DModel": time_steps(unet, lambda model, x: model(x, 0).sample, batch, steps),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
    }
    print(json.dumps(result))
