"""The digit classifier: a list of layers in `config.json`, weights in `model.safetensors`, and the code that runs them.

The weights are `<layer name>.weight` and `<layer name>.bias`, float32, in PyTorch's order: convolutions
[out, in, height, width], the linear layer [out, in]. The input is [n, 1, 28, 28] in [-1, 1], ink +1, paper -1; the output is
one logit for each digit, to be turned into probabilities by a softmax.
"""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional as F

CONFIG = {
    "model": "mnist-classifier",
    "input": {"layout": "NCHW", "channels": 1, "height": 28, "width": 28, "range": [-1, 1]},
    "classes": ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
    "layers": [
        {"type": "conv2d", "name": "conv1", "in": 1, "out": 16, "kernel": 3, "stride": 1, "padding": 1},
        {"type": "relu"},
        {"type": "maxPool2d", "kernel": 2, "stride": 2, "padding": 0},
        {"type": "conv2d", "name": "conv2", "in": 16, "out": 32, "kernel": 3, "stride": 1, "padding": 1},
        {"type": "relu"},
        {"type": "maxPool2d", "kernel": 2, "stride": 2, "padding": 0},
        {"type": "conv2d", "name": "conv3", "in": 32, "out": 64, "kernel": 3, "stride": 1, "padding": 1},
        {"type": "relu"},
        {"type": "maxPool2d", "kernel": 2, "stride": 2, "padding": 0},
        {"type": "flatten", "order": "CHW"},
        {"type": "linear", "name": "linear", "in": 576, "out": 10},
    ],
    "output": "logits",
}


class Classifier(nn.Module):
    """Runs the layers of a config one after the other."""

    def __init__(self, config: dict = CONFIG) -> None:
        super().__init__()
        self.config = config
        for layer in config["layers"]:
            if layer["type"] == "conv2d":
                module = nn.Conv2d(
                    layer["in"], layer["out"], layer["kernel"], stride=layer["stride"], padding=layer["padding"]
                )
                self.add_module(layer["name"], module)
            elif layer["type"] == "linear":
                self.add_module(layer["name"], nn.Linear(layer["in"], layer["out"]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[n, 1, 28, 28] in [-1, 1] -> logits [n, 10]."""
        for layer in self.config["layers"]:
            kind = layer["type"]
            if kind in ("conv2d", "linear"):
                x = self.get_submodule(layer["name"])(x)
            elif kind == "relu":
                x = F.relu(x)
            elif kind == "maxPool2d":
                x = F.max_pool2d(x, layer["kernel"], layer["stride"], layer["padding"])
            elif kind == "flatten":
                x = x.flatten(1)
            else:
                raise ValueError(f"unknown layer type {kind!r}")
        return x


def save_classifier(model: Classifier, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(model.config, indent=2) + "\n")
    save_file({name: value.contiguous() for name, value in model.state_dict().items()}, folder / "model.safetensors")


def load_classifier(folder: Path) -> Classifier:
    model = Classifier(json.loads((folder / "config.json").read_text()))
    model.load_state_dict(load_file(folder / "model.safetensors"))
    return model.eval()
