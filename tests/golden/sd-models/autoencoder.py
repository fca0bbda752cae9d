"""AutoencoderKL (whole, in tiles, old names of tensors, without its optional parts) and AutoencoderTiny."""

import json

import torch
from common import HERE, rand, randomise, save_case
from diffusers import AutoencoderKL, AutoencoderTiny
from safetensors.torch import load_file, save_file


def blocks(channels):
    return dict(
        block_out_channels=channels,
        down_block_types=["DownEncoderBlock2D"] * len(channels),
        up_block_types=["UpDecoderBlock2D"] * len(channels),
    )


def kl_case(name, size, tiled_size=None, extreme=False, **options):
    seed = sum(map(ord, name))
    model = randomise(AutoencoderKL(norm_num_groups=4, latent_channels=3, **options), seed).float()
    arrays = {"sample": rand(seed + 1, 2, 3, *size)}
    with torch.no_grad():
        if extreme:
            # Beyond both bounds of the logarithm of the variance.
            model.encoder.conv_out.bias[3:5] = torch.tensor([25.0, -40.0])
        latents = model.encode(arrays["sample"]).latent_dist
        arrays["mean"], arrays["logvar"] = latents.mean, latents.logvar
        arrays["draw"] = latents.sample(torch.Generator().manual_seed(11))
        arrays["latents"] = rand(seed + 2, *latents.mean.shape)
        arrays["decoded"] = model.decode(arrays["latents"]).sample
        if tiled_size:
            model.enable_tiling()
            arrays["tiledSample"] = rand(seed + 3, 2, 3, *tiled_size)
            arrays["tiledMean"] = model.encode(arrays["tiledSample"]).latent_dist.mean
            arrays["tiledLatents"] = rand(seed + 4, *arrays["tiledMean"].shape)
            arrays["tiledDecoded"] = model.decode(arrays["tiledLatents"]).sample
    save_case(name, model, arrays)


kl_case("vae-sd", (16, 8), (40, 28), sample_size=16, layers_per_block=2, **blocks((8, 16, 8)))
kl_case("vae-bare", (6, 6), extreme=True, sample_size=[8, 8], use_quant_conv=False, use_post_quant_conv=False, mid_block_add_attention=False,
        act_fn="gelu", shift_factor=0.25, scaling_factor=2.0, **blocks((8, 8)))

# The names, shapes and options of files from before diffusers 0.18.
kl_case("vae-old-names", (4, 4), sample_size=8, **blocks((8,)))
folder = HERE / "vae-old-names"
tensors = load_file(folder / "diffusion_pytorch_model.safetensors")
old = {}
for key, value in tensors.items():
    for current, former in {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}.items():
        key = key.replace(f".{current}.", f".{former}.")
    is_attention = ".attentions." in key and value.ndim == 2
    old[key] = value[:, :, None, None].contiguous() if is_attention else value
save_file(old, folder / "diffusion_pytorch_model.safetensors")
(folder / "diffusion_pytorch_model.safetensors").chmod(0o644)
config = json.loads((folder / "config.json").read_text())
for newer in ("force_upcast", "latents_mean", "latents_std", "mid_block_add_attention", "shift_factor", "use_post_quant_conv", "use_quant_conv"):
    del config[newer]
(folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")


def tiny_case(name, **options):
    seed = sum(map(ord, name))
    model = randomise(AutoencoderTiny(**options), seed).float()
    arrays = {"sample": rand(seed + 1, 2, 3, 8, 12)}
    with torch.no_grad():
        arrays["encoded"] = model.encode(arrays["sample"]).latents
        arrays["latents"] = 3 * rand(seed + 2, *arrays["encoded"].shape)
        arrays["decoded"] = model.decode(arrays["latents"]).sample
    save_case(name, model, arrays)


tiny_case("taesd", encoder_block_out_channels=(8, 8, 8), decoder_block_out_channels=(8, 8, 8), num_encoder_blocks=(1, 2, 1),
          num_decoder_blocks=(2, 1, 1))
tiny_case("taesd-other", encoder_block_out_channels=(4, 4), decoder_block_out_channels=(6, 6), num_encoder_blocks=(1, 1),
          num_decoder_blocks=(1, 2), act_fn="gelu", latent_channels=5, upsampling_scaling_factor=3)
