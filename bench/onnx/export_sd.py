"""Makes the three networks of a Stable Diffusion with random weights, for our own code and for ONNX Runtime, and times PyTorch.

    python export_sd.py <folder> <tiny | 30M> <rounds> <unet | text_encoder | vae>...

Each of unet/, text_encoder/ and vae/ under the folder gets config.json and weights as the libraries save them, model.onnx, and
arrays.safetensors with the inputs (by their names in the ONNX file) and PyTorch's "output". They are kept for the next time.
Prints {name: {"parameters": n, "torch": {threads: [milliseconds]}}} as JSON, for one thread and for PyTorch's own choice: where
other work keeps a core busy, threads that wait for each other take many times as long as one.
"""

import hashlib
import json
import shutil
import sys
import time
import warnings
from importlib.metadata import version
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel

warnings.filterwarnings("ignore")

SIZES = {
    "tiny": {
        "unet": dict(block_out_channels=[8, 16, 16], layers_per_block=2, cross_attention_dim=16, attention_head_dim=2, norm_num_groups=4),
        "text_encoder": dict(vocab_size=60, hidden_size=16, intermediate_size=40, num_hidden_layers=3, num_attention_heads=2),
        "vae": dict(block_out_channels=[8, 16, 8], layers_per_block=2, norm_num_groups=4),
        "latents": {"unet": 8, "vae": 8},
    },
    "30M": {
        "unet": dict(block_out_channels=[80, 160, 320], layers_per_block=1, cross_attention_dim=256, attention_head_dim=5, norm_num_groups=16),
        "text_encoder": dict(vocab_size=4000, hidden_size=256, intermediate_size=1024, num_hidden_layers=4, num_attention_heads=4),
        "vae": dict(block_out_channels=[32, 64, 128, 128], layers_per_block=2),
        "latents": {"unet": 32, "vae": 16},
    },
}
TOKENS = 77


class Outputs(torch.nn.Module):
    """A network with one plain tensor out, as an exporter wants it."""

    def __init__(self, model, call):
        super().__init__()
        self.model, self.call = model, call

    def forward(self, *inputs):
        return self.call(self.model, *inputs)


def randomise(model):
    """Weights that keep activations near 1, so that a difference anywhere shows in the output."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if parameter.ndim > 1:
                fan_in = 1 if "embedding.weight" in name else parameter[0].numel()
                parameter.copy_(noise / fan_in**0.5)
            else:
                parameter.copy_(0.1 * noise + (1 if name.endswith("weight") else 0))
    return model.eval()


def make(name, options, side):
    """The network, how to call it, and its inputs by name."""
    noise = torch.Generator().manual_seed(1)
    if name == "unet":
        levels = len(options["block_out_channels"])
        blocks = dict(
            down_block_types=["CrossAttnDownBlock2D"] * (levels - 1) + ["DownBlock2D"],
            up_block_types=["UpBlock2D"] + ["CrossAttnUpBlock2D"] * (levels - 1),
        )
        model = UNet2DConditionModel(sample_size=side, **blocks, **options)
        inputs = {
            "sample": torch.randn(1, 4, side, side, generator=noise),
            "timestep": torch.tensor([500]),
            "encoder_hidden_states": torch.randn(1, TOKENS, options["cross_attention_dim"], generator=noise),
        }
        return model, (lambda unet, *given: unet(*given).sample), inputs
    if name == "text_encoder":
        vocabulary = options["vocab_size"]
        ends = dict(bos_token_id=vocabulary - 2, eos_token_id=vocabulary - 1, pad_token_id=vocabulary - 1)
        model = CLIPTextModel(CLIPTextConfig(max_position_embeddings=TOKENS, **ends, **options))
        ids = torch.randint(vocabulary - 2, (1, TOKENS), generator=noise)
        ids[0, 0], ids[0, 40:] = ends["bos_token_id"], ends["eos_token_id"]
        return model, (lambda clip, given: clip(given).last_hidden_state), {"input_ids": ids}
    levels = len(options["block_out_channels"])
    blocks = dict(down_block_types=["DownEncoderBlock2D"] * levels, up_block_types=["UpDecoderBlock2D"] * levels)
    model = AutoencoderKL(sample_size=side * 2 ** (levels - 1), latent_channels=4, **blocks, **options)
    return model, (lambda vae, given: vae.decode(given).sample), {"latents": torch.randn(1, 4, side, side, generator=noise)}


def save(folder, network, inputs, stamp):
    """Writes what the stamp describes, unless it is there."""
    stamp_file = folder / "made.json"
    if stamp_file.exists() and stamp_file.read_text() == stamp:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    network.model.save_pretrained(folder)
    torch.onnx.export(network, tuple(inputs.values()), str(folder / "model.onnx"), input_names=list(inputs), output_names=["output"],
                      external_data=False, verbose=False)
    integers_narrowed = {key: value.int() if value.dtype == torch.int64 else value for key, value in inputs.items()}
    output = network(*inputs.values()).contiguous()
    save_file({**integers_narrowed, "output": output}, folder / "arrays.safetensors")
    # Last, so that what was broken off is made anew.
    stamp_file.write_text(stamp)


def measure(network, inputs, threads, rounds):
    """Milliseconds of each call but the first."""
    torch.set_num_threads(threads)
    times = []
    for _ in range(rounds + 1):
        started = time.perf_counter()
        network(*inputs.values())
        times.append((time.perf_counter() - started) * 1000)
    torch.set_num_threads(1)
    return times[1:]


def main():
    root, size, rounds, names = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4:]
    own_choice = torch.get_num_threads()
    torch.set_num_threads(1)
    report = {}
    script = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    versions = {package: version(package) for package in ("torch", "diffusers", "transformers", "onnxscript")}
    for name in names:
        model, call, inputs = make(name, SIZES[size][name], SIZES[size]["latents"].get(name))
        network = Outputs(randomise(model), call).eval()
        save(root / name, network, inputs, json.dumps({"script": script, "versions": versions}))
        times = {threads: measure(network, inputs, threads, rounds) for threads in sorted({1, own_choice})}
        report[name] = {"parameters": sum(p.numel() for p in model.parameters()), "torch": times}
    print(json.dumps(report))


with torch.no_grad():
    main()
