"""What the scripts of this folder share: pinned versions, random weights, the form of a case on disk."""

import json
import shutil
from importlib.metadata import version
from pathlib import Path

import torch
from safetensors.torch import save_file

PINNED = {"torch": "2.13.0", "diffusers": "0.42.1", "transformers": "5.23.0"}
for package, pinned in PINNED.items():
    if version(package).split("+")[0] != pinned:
        raise SystemExit(f"{package} {version(package)} is installed, the goldens need {pinned}.")

HERE = Path(__file__).parent
torch.set_num_threads(1)


def randomise(model, seed):
    """Weights that keep activations near 1, so that no part hides behind another (zero convolutions and norms included)."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if parameter.ndim > 1:
                fan_in = parameter[0].numel() if "embedding.weight" not in name else 1
                parameter.copy_(noise / fan_in**0.5)
            elif name.endswith("weight"):
                parameter.copy_(1 + 0.2 * noise)
            else:
                parameter.copy_(0.1 * noise)
    # Half precision on disk halves the files; both sides then compute with the rounded values in float32.
    return model.half().eval()


def save_case(name, model, arrays, meta=None):
    """`<name>/`: config and weights as the library saves them, and the inputs and outputs in arrays.safetensors."""
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    if model is not None:
        model.half().save_pretrained(folder)
    folder.mkdir(exist_ok=True)
    contiguous = {key: value.detach().contiguous().clone() for key, value in arrays.items()}
    save_file(contiguous, folder / "arrays.safetensors", metadata={"meta": json.dumps(meta or {})})
    for file in folder.iterdir():
        file.chmod(0o644)
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(f"{name}: {size / 1024:.0f} KB")


def rand(seed, *shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))
