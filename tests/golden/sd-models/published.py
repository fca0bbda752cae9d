"""Names and shapes of the published models, from their configs alone (no weights are made)."""

import json

import torch
from common import HERE
from diffusers import AutoencoderKL, AutoencoderTiny, ControlNetModel, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModelWithProjection

SD1 = dict(sample_size=64, attention_head_dim=8, cross_attention_dim=768)
SD2 = dict(sample_size=64, attention_head_dim=[5, 10, 20, 20], cross_attention_dim=1024, use_linear_projection=True)
BK_TINY = dict(
    block_out_channels=[320, 640, 1280], cross_attention_dim=768, layers_per_block=1, mid_block_type=None, sample_size=64,
    down_block_types=["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
    up_block_types=["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
)
VAE = dict(
    block_out_channels=[128, 256, 512, 512], layers_per_block=2, sample_size=512,
    down_block_types=["DownEncoderBlock2D"] * 4, up_block_types=["UpDecoderBlock2D"] * 4,
)
MODELS = {
    "Stable Diffusion 1.5": (UNet2DConditionModel, SD1),
    "Stable Diffusion 1.5 inpainting": (UNet2DConditionModel, {**SD1, "in_channels": 9}),
    "Stable Diffusion 2.1": (UNet2DConditionModel, {**SD2, "upcast_attention": True, "sample_size": 96}),
    "Stable Diffusion 2 depth": (UNet2DConditionModel, {**SD2, "in_channels": 5}),
    "LCM Dreamshaper v7": (UNet2DConditionModel, {**SD1, "time_cond_proj_dim": 256}),
    "BK-SDM tiny": (UNet2DConditionModel, BK_TINY),
    "autoencoder": (AutoencoderKL, VAE),
    "TAESD": (AutoencoderTiny, {}),
    "ControlNet 1.0": (ControlNetModel, {"cross_attention_dim": 768}),
    "text encoder 1": (CLIPTextConfig, dict(hidden_size=768, intermediate_size=3072, num_attention_heads=12, num_hidden_layers=12)),
    "text encoder 2": (CLIPTextConfig, dict(hidden_size=1024, intermediate_size=4096, num_attention_heads=16, num_hidden_layers=23, hidden_act="gelu")),
}


def digest(lines):
    value = 0xCBF29CE484222325
    for byte in "\n".join(sorted(lines)).encode():
        value = ((value ^ byte) * 0x100000001B3) % 2**64
    return f"{value:x}"


published = {}
for name, (cls, options) in MODELS.items():
    with torch.device("meta"):
        model = CLIPTextModelWithProjection(CLIPTextConfig(**options)) if cls is CLIPTextConfig else cls(**options)
    shapes = {key: list(value.shape) for key, value in model.state_dict().items() if key != "text_projection.weight"}
    if cls is CLIPTextConfig:
        class_name, config = "CLIPTextModel", options
    else:
        class_name, config = cls.__name__, {key: value for key, value in json.loads(model.to_json_string()).items()}
    published[name] = {
        "className": class_name,
        "config": config,
        "count": sum(torch.Size(shape).numel() for shape in shapes.values()),
        "hash": digest(f"{key} {','.join(map(str, shape))}" for key, shape in shapes.items()),
    }
    print(name, published[name]["count"])
(HERE / "published.json").write_text(json.dumps(published, indent=1) + "\n")
