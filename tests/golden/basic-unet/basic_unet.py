"""The BasicUNet of unit 1 of the Hugging Face diffusion course in torch."""

import torch
from torch import nn
from torch.nn import functional


class BasicUNet(nn.Module):
    def __init__(self, in_channels: int = 1, out_channels: int = 1):
        super().__init__()

        def convolutions(*channels: int) -> nn.ModuleList:
            pairs = zip(channels, channels[1:])
            return nn.ModuleList([nn.Conv2d(before, after, kernel_size=5, padding=2) for before, after in pairs])

        self.down_layers = convolutions(in_channels, 32, 64, 64)
        self.up_layers = convolutions(64, 64, 32, out_channels)

    def forward(self, sample: torch.Tensor) -> torch.Tensor:
        down, up = self.down_layers, self.up_layers
        full = functional.silu(down[0](sample))
        half = functional.silu(down[1](functional.max_pool2d(full, 2)))
        quarter = functional.silu(down[2](functional.max_pool2d(half, 2)))
        hidden = functional.silu(up[0](quarter))
        hidden = functional.silu(up[1](functional.interpolate(hidden, scale_factor=2) + half))
        return functional.silu(up[2](functional.interpolate(hidden, scale_factor=2) + full))
