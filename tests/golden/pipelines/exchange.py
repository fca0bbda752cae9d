"""The tiny pipeline in `base/` with a text encoder and a VAE from elsewhere, and the picture that diffusers makes with them.

    pip install -r requirements.txt && python exchange.py

`whole-clip/` is a CLIPModel, text and vision together, as OpenAI's and most fine-tuned text encoders are published; `other-vae/` an
autoencoder at the top of its folder. `exchange.safetensors` holds `exchange.latents` [1, 4, 8, 8] and `exchange.pixels` [1, 64, 64, 3].
"""

import torch
from diffusers import StableDiffusionPipeline
from parts import HERE, fresh, randomise, tokenizer, vae
from safetensors.torch import save_file
from transformers import CLIPConfig, CLIPModel, CLIPTextModel

tokens = tokenizer()
text = dict(
    vocab_size=len(tokens), hidden_size=16, intermediate_size=40, num_hidden_layers=3, num_attention_heads=4, max_position_embeddings=77,
    bos_token_id=tokens.bos_token_id, eos_token_id=tokens.eos_token_id, pad_token_id=tokens.pad_token_id,
)
vision = dict(hidden_size=8, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, image_size=16, patch_size=8)
randomise(CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=8)), 31).save_pretrained(fresh("whole-clip"))
other = vae()
randomise(other, 32).save_pretrained(fresh("other-vae"))
# As diffusers' users do it: the text half of the published model, in the place of the pipeline's own.
made = StableDiffusionPipeline.from_pretrained(
    HERE / "base",
    text_encoder=CLIPTextModel.from_pretrained(HERE / "whole-clip", dtype=torch.float32),
    vae=other.float(),
    torch_dtype=torch.float32,
    safety_checker=None,
)
made.set_progress_bar_config(disable=True)
with torch.no_grad():
    latents = made(
        "a photo of a cat", negative_prompt="dark, old", height=64, width=64, guidance_scale=7.5, num_inference_steps=20,
        generator=torch.Generator().manual_seed(0), output_type="latent",
    ).images
    pixels = (made.vae.decode(latents / made.vae.config.scaling_factor).sample / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1)
save_file({"exchange.latents": latents.contiguous(), "exchange.pixels": pixels.contiguous()}, HERE / "exchange.safetensors")
print(f"latents spread {latents.std():.3f}, pixels {pixels.min():.3f} … {pixels.max():.3f}, spread {pixels.std():.3f}")
