"""Checkpoints of Stable Diffusion's true size and config with random weights, and what diffusers makes of them.

    pip install -r tests/golden/requirements.txt
    python bench/weights/make.py sd15 <folder>      or sd21; float16 in the diffusers layout: 2.1 GB or 2.6 GB

Beside the components it writes `expected.safetensors`: inputs and, in float32 from the saved weights, a text encoding, one step of
the U-Net on an 8×8 and a 16×16 latent, and a VAE decoding of an 8×8 latent. One part is in memory at a time.
"""

import gc
import json
import sys
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel

CROSS = "CrossAttnDownBlock2D", "DownBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"
UNET = dict(
    sample_size=64, in_channels=4, out_channels=4, block_out_channels=(320, 640, 1280, 1280), layers_per_block=2,
    down_block_types=(CROSS[0],) * 3 + (CROSS[1],), up_block_types=(CROSS[3],) + (CROSS[2],) * 3,
)
VAE = dict(
    in_channels=3, out_channels=3, latent_channels=4, block_out_channels=(128, 256, 512, 512), layers_per_block=2,
    down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4, norm_num_groups=32,
)
CLIP = dict(vocab_size=49408, max_position_embeddings=77, bos_token_id=49406, eos_token_id=49407, pad_token_id=1)
CONFIGS = {
    # The configs of stable-diffusion-v1-5 and stable-diffusion-2-1.
    "sd15": dict(
        unet=dict(UNET, cross_attention_dim=768, attention_head_dim=8),
        vae=dict(VAE, sample_size=512),
        text=dict(CLIP, hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12, hidden_act="quick_gelu"),
    ),
    "sd21": dict(
        unet=dict(UNET, sample_size=96, cross_attention_dim=1024, attention_head_dim=(5, 10, 20, 20), use_linear_projection=True,
                  upcast_attention=True),
        vae=dict(VAE, sample_size=768),
        text=dict(CLIP, hidden_size=1024, intermediate_size=4096, num_hidden_layers=23, num_attention_heads=16, hidden_act="gelu"),
    ),
}


def halved(model, folder):
    """Saves the model in float16, and gives back what a float32 program reads from that file."""
    model.half().save_pretrained(folder)
    return model.float().eval()


@torch.no_grad()
def main(name, folder):
    config, folder = CONFIGS[name], Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {}

    torch.manual_seed(1)
    text = halved(CLIPTextModel(CLIPTextConfig(**config["text"])), folder / "text_encoder")
    ids = torch.randint(0, 49406, (1, 77))
    ids[0, 0], ids[0, 20:] = 49406, 49407
    arrays["input_ids"] = ids.int()
    arrays["states"] = text(ids).last_hidden_state
    del text
    gc.collect()

    torch.manual_seed(2)
    unet = halved(UNet2DConditionModel(**config["unet"]), folder / "unet")
    for side in (8, 16):
        sample = torch.randn(1, 4, side, side)
        arrays[f"sample.{side}"] = sample
        arrays[f"noise.{side}"] = unet(sample, 500, arrays["states"]).sample
    del unet
    gc.collect()

    torch.manual_seed(3)
    vae = halved(AutoencoderKL(**config["vae"]), folder / "vae")
    arrays["latent"] = torch.randn(1, 4, 8, 8)
    arrays["picture"] = vae.decode(arrays["latent"]).sample
    save_file({key: value.contiguous() for key, value in arrays.items()}, folder / "expected.safetensors")
    (folder / "model_index.json").write_text(json.dumps({"_class_name": "StableDiffusionPipeline"}))


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in CONFIGS:
        sys.exit(__doc__)
    main(*sys.argv[1:])
