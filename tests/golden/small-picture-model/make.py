"""A tiny random pipeline in the shape of a small model for pictures of 64 × 64, and what diffusers makes with it.

    pip install -r ../pipelines/requirements.txt && python make.py

What differs from Stable Diffusion: a VAE that makes pictures 4 times smaller, not 8; a text encoder of width 128 that reads 32
tokens; a small vocabulary with the markers in front and a padding token of its own; weights in half precision.
`expected.safetensors` holds `<run>.latents` [pictures, 4, 16, 16], `<run>.pixels` [pictures, 64, 64, 3], and the token ids.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionImg2ImgPipeline, StableDiffusionPipeline, UNet2DConditionModel
from PIL import Image
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "sd-models"))
from common import randomise  # noqa: E402

PROMPT, NEGATIVE = "a red hat", "dark, old"
LONG = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"

tiny = json.loads((HERE.parent / "tokenizer" / "tiny.json").read_text())
words = [token for token in tiny["vocab"] if not token.startswith("<|")]
vocab = {token: i for i, token in enumerate(["<|pad|>", "<|startoftext|>", "<|endoftext|>", *words])}
tokens = CLIPTokenizer(vocab=vocab, merges=[tuple(merge.split(" ")) for merge in tiny["merges"]], pad_token="<|pad|>", model_max_length=32)
text = randomise(
    CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokens),
            hidden_size=128,
            intermediate_size=64,
            num_hidden_layers=1,
            num_attention_heads=8,
            max_position_embeddings=32,
            bos_token_id=tokens.bos_token_id,
            eos_token_id=tokens.eos_token_id,
            pad_token_id=tokens.pad_token_id,
        )
    ),
    31,
)
unet = randomise(
    UNet2DConditionModel(
        block_out_channels=(8, 16, 16),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        layers_per_block=1,
        cross_attention_dim=128,
        norm_num_groups=4,
        attention_head_dim=2,
        sample_size=16,
    ),
    32,
)
vae = randomise(
    AutoencoderKL(
        block_out_channels=(4, 8, 8),
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        layers_per_block=1,
        norm_num_groups=4,
        latent_channels=4,
        sample_size=64,
        scaling_factor=0.9,
    ),
    33,
)
with torch.no_grad():
    # Text states reach the output through a residual stream; louder, so that a wrong prompt is seen.
    for name, parameter in unet.named_parameters():
        if "attn2.to_out.0.weight" in name:
            parameter.mul_(3)
noise = DDIMScheduler(beta_schedule="squaredcos_cap_v2", clip_sample=False, set_alpha_to_one=False, steps_offset=1)
parts = dict(tokenizer=tokens, text_encoder=text, unet=unet, vae=vae, scheduler=noise, safety_checker=None, feature_extractor=None, requires_safety_checker=False)
made = StableDiffusionPipeline(**parts)
for part in (text, unet, vae):
    part.half()
made.save_pretrained(HERE / "pipeline")
for part in (text, unet, vae):
    part.float()

y, x = np.mgrid[0:64, 0:64]
disc = ((x - 30) ** 2 + (y - 34) ** 2 < 18**2)[..., None]
picture = Image.fromarray(np.where(disc, [220, 140, 60], np.stack([x * 4, y * 4, 255 - x * 2], -1)).astype(np.uint8))
expected = {}


def run(name, kind, **arguments):
    pipeline = kind(**parts)
    pipeline.set_progress_bar_config(disable=True)
    with torch.no_grad():
        seed = torch.Generator().manual_seed(0)
        latents = pipeline(generator=seed, output_type="latent", num_inference_steps=20, guidance_scale=5.0, **arguments).images
        pixels = vae.decode(latents / vae.config.scaling_factor).sample
    expected[f"{name}.latents"] = latents.contiguous()
    expected[f"{name}.pixels"] = (pixels / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1).contiguous()
    print(name, list(latents.shape), f"spread {latents.std():.3f}, pixels {expected[f'{name}.pixels'].std():.3f}")


# No height and width: the pipeline's own size must come out as 64 × 64.
run("txt2img", StableDiffusionPipeline, prompt=PROMPT, negative_prompt=NEGATIVE, num_images_per_prompt=2)
run("img2img", StableDiffusionImg2ImgPipeline, prompt=PROMPT, negative_prompt=NEGATIVE, image=picture, strength=0.6)
for name, prompt in {"short": PROMPT, "long": LONG, "empty": ""}.items():
    ids = tokens(prompt, padding="max_length", max_length=tokens.model_max_length, truncation=True, return_tensors="pt").input_ids
    expected[f"{name}.ids"] = ids.int()
    print(name, ids.tolist())
save_file(expected, HERE / "expected.safetensors")
for path in HERE.rglob("*"):
    if path.is_file():
        path.chmod(0o644)
