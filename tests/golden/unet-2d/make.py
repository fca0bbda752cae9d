"""Writes the goldens of UNet2DModel: tiny models with random weights, their inputs and what diffusers makes of them.

One file a case: `<case>.safetensors` holds the weights under their own names and the arrays `golden.*`; its metadata holds
the config and the timesteps. `init.json`: sums and ends of the parameters that torch draws from a seed. `published.json`:
names and shapes of the parameters of google/ddpm-*. `embeddings.json`: sinusoidal embeddings of timesteps.

Run: pip install -r requirements.txt && python make.py
"""

import json
from pathlib import Path

import diffusers
import safetensors.torch
import torch
from diffusers import UNet2DModel
from diffusers.models.embeddings import get_timestep_embedding

assert torch.__version__.startswith("2.13.0"), torch.__version__
assert diffusers.__version__ == "0.42.1", diffusers.__version__
torch.use_deterministic_algorithms(True)

HERE = Path(__file__).parent

# Small enough to keep all weights in the repository, odd enough to tell one option from another.
BASE = dict(
    sample_size=8,
    in_channels=1,
    out_channels=1,
    layers_per_block=1,
    block_out_channels=(6, 9),
    norm_num_groups=3,
    attention_head_dim=None,
    down_block_types=("DownBlock2D", "DownBlock2D"),
    up_block_types=("UpBlock2D", "UpBlock2D"),
)

# name: (options, batch, height, width, timesteps, class labels)
CASES = {
    "cifar-like": (
        dict(
            in_channels=3,
            out_channels=3,
            down_block_types=("DownBlock2D", "AttnDownBlock2D"),
            up_block_types=("AttnUpBlock2D", "UpBlock2D"),
            flip_sin_to_cos=False,
            freq_shift=1,
            downsample_padding=0,
            norm_eps=1e-6,
        ),
        2, 8, 8, [7, 913], None,
    ),
    "course-like": (
        dict(
            block_out_channels=(6, 9, 9),
            layers_per_block=2,
            down_block_types=("DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"),
            up_block_types=("AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D"),
            attention_head_dim=4,
        ),
        2, 8, 12, [0, 999], None,
    ),
    "class-channels": (
        dict(in_channels=5, down_block_types=("AttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "AttnUpBlock2D"),
             attention_head_dim=3),
        1, 6, 10, [450], None,
    ),
    "scale-shift": (
        dict(
            resnet_time_scale_shift="scale_shift",
            down_block_types=("ResnetDownsampleBlock2D", "AttnDownBlock2D"),
            up_block_types=("AttnUpBlock2D", "ResnetUpsampleBlock2D"),
            act_fn="gelu",
            mid_block_scale_factor=1.4142135,
            time_embedding_dim=10,
        ),
        2, 6, 6, [31, 31], None,
    ),
    "resnet-samplers": (
        dict(
            down_block_types=("AttnDownBlock2D", "DownBlock2D"),
            up_block_types=("AttnUpBlock2D", "AttnUpBlock2D"),
            downsample_type="resnet",
            upsample_type="resnet",
            act_fn="mish",
            attn_norm_num_groups=9,
            center_input_sample=True,
            freq_shift=1,
        ),
        1, 8, 4, [12], None,
    ),
    "odd-size": (
        dict(block_out_channels=(9,), down_block_types=("AttnDownBlock2D",), up_block_types=("UpBlock2D",),
             layers_per_block=2, attention_head_dim=2, act_fn="swish"),
        2, 5, 7, [3, 640], None,
    ),
    "no-mid-attention": (
        dict(add_attention=False, num_class_embeds=4),
        2, 4, 6, [100, 200], [3, 0],
    ),
    "no-mid": (
        dict(mid_block_type=None, class_embed_type="timestep", act_fn="relu"),
        2, 4, 4, [5, 50], [17, 2],
    ),
    "fourier": (
        dict(time_embedding_type="fourier"),
        2, 4, 4, [0.25, 2.5], None,
    ),
    "learned-times": (
        dict(time_embedding_type="learned", num_train_timesteps=11, norm_num_groups=1),
        2, 4, 4, [10, 0], None,
    ),
}


def randomise(model: torch.nn.Module, generator: torch.Generator) -> None:
    """Norms start at 1 and 0, which would hide a norm that is left out or misplaced."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "norm" in name:
                parameter.add_(0.3 * torch.randn(parameter.shape, generator=generator))


def make_case(name: str, options: dict, batch: int, height: int, width: int, timesteps: list, labels) -> None:
    torch.manual_seed(len(name))
    model = UNet2DModel(**{**BASE, **options}).eval()
    generator = torch.Generator().manual_seed(1234)
    randomise(model, generator)
    sample = torch.randn((batch, model.config.in_channels, height, width), generator=generator)
    extra = {} if labels is None else {"class_labels": torch.tensor(labels)}
    probe = torch.randn((batch, model.config.out_channels, height, width), generator=generator)
    sample.requires_grad_()
    output = model(sample, torch.tensor(timesteps), **extra).sample
    # The gradients of a weighted sum, at the far end of every path through the network.
    (output * probe).sum().backward()
    config = {key: value for key, value in model.config.items() if key != "_use_default_values"}
    tensors = {
        **model.state_dict(),
        "golden.sample": sample.detach(),
        "golden.output": output.detach(),
        "golden.probe": probe,
        "golden.gradient.sample": sample.grad,
        "golden.gradient.conv_in.bias": model.conv_in.bias.grad,
        "golden.gradient.time_embedding.linear_1.bias": model.time_embedding.linear_1.bias.grad,
    }
    facts = {"config": {"_class_name": "UNet2DModel", **config}, "timesteps": timesteps, "class_labels": labels}
    # One key: safetensors writes several in random order, and the file should come out the same each time.
    metadata = {"golden": json.dumps(facts)}
    safetensors.torch.save_file({key: value.contiguous() for key, value in tensors.items()}, HERE / f"{name}.safetensors", metadata)


COURSE = dict(
    sample_size=28,
    in_channels=1,
    out_channels=1,
    layers_per_block=2,
    block_out_channels=(32, 64, 64),
    down_block_types=("DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"),
    up_block_types=("AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D"),
)


def make_init() -> None:
    """What torch.manual_seed followed by the constructor gives, as sums and ends of every parameter."""
    torch.manual_seed(2026)
    model = UNet2DModel(**COURSE)
    parameters = {
        name: {
            "shape": list(parameter.shape),
            "sum": parameter.double().sum().item(),
            "first": parameter.flatten()[0].item(),
            "last": parameter.flatten()[-1].item(),
        }
        for name, parameter in model.state_dict().items()
    }
    (HERE / "init.json").write_text(
        json.dumps({"seed": 2026, "count": sum(p.numel() for p in model.parameters()), "parameters": parameters}) + "\n"
    )


def make_embeddings() -> None:
    """Sinusoidal embeddings of small, large and fractional timesteps."""
    timesteps = [0.0, 1.0, 17.25, 250.0, 999.0, 4321.5]
    cases = [
        dict(embedding_dim=8, flip_sin_to_cos=False, downscale_freq_shift=1),
        dict(embedding_dim=7, flip_sin_to_cos=True, downscale_freq_shift=0),
        dict(embedding_dim=10, flip_sin_to_cos=True, downscale_freq_shift=0, scale=0.5, max_period=100),
    ]
    values = [get_timestep_embedding(torch.tensor(timesteps), **case).flatten().tolist() for case in cases]
    (HERE / "embeddings.json").write_text(
        json.dumps({"timesteps": timesteps, "cases": [dict(case, values=value) for case, value in zip(cases, values)]}) + "\n"
    )


def make_parameter_lists() -> None:
    """Names and shapes of the parameters of published models, which are too big to keep."""
    # The configs of google/ddpm-cifar10-32 and google/ddpm-celebahq-256.
    google = dict(act_fn="silu", attention_head_dim=None, center_input_sample=False, flip_sin_to_cos=False, freq_shift=1,
                  in_channels=3, out_channels=3, layers_per_block=2, mid_block_scale_factor=1, norm_eps=1e-6,
                  norm_num_groups=32, time_embedding_type="positional", downsample_padding=0)
    published = {
        "ddpm-cifar10-32": dict(google, sample_size=32, block_out_channels=(128, 256, 256, 256),
                                down_block_types=("DownBlock2D", "AttnDownBlock2D", "DownBlock2D", "DownBlock2D"),
                                up_block_types=("UpBlock2D", "UpBlock2D", "AttnUpBlock2D", "UpBlock2D")),
        "ddpm-celebahq-256": dict(google, sample_size=256, block_out_channels=(128, 128, 256, 256, 512, 512),
                                  down_block_types=("DownBlock2D",) * 4 + ("AttnDownBlock2D", "DownBlock2D"),
                                  up_block_types=("UpBlock2D", "AttnUpBlock2D") + ("UpBlock2D",) * 4),
    }
    lists = {}
    for name, options in published.items():
        with torch.device("meta"):
            model = UNet2DModel(**options)
        lists[name] = {
            "config": {"_class_name": "UNet2DModel", "_diffusers_version": "0.1.1", **options},
            "count": sum(parameter.numel() for parameter in model.parameters()),
            "shapes": {key: "x".join(map(str, value.shape)) for key, value in model.state_dict().items()},
        }
    (HERE / "published.json").write_text(json.dumps(lists) + "\n")


if __name__ == "__main__":
    for case, (options, *rest) in CASES.items():
        make_case(case, options, *rest)
    make_init()
    make_embeddings()
    make_parameter_lists()
