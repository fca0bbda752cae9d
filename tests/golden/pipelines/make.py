"""One tiny Stable Diffusion pipeline, parts that replace some of it, and the pictures that diffusers makes with them.

    pip install -r requirements.txt && python make.py

`base/` is a whole pipeline as save_pretrained writes it; `inpaint/`, `depth/`, `lcm/`, `v-prediction/`, `turbo/` and `unusual/` hold
only what differs from it. `expected.safetensors` holds the results: `<run>.latents` [1, 4, 8, 8] and `<run>.pixels` [1, 64, 64, 3].
"""

import json
from importlib.metadata import version

import numpy as np
import torch
from parts import HERE, controlnet, depth_estimator, depth_processor, dpm, euler, fresh, lcm, lora, pndm, text_encoder, tokenizer, unet, vae
from diffusers import (
    DDIMInverseScheduler,
    DDIMScheduler,
    LatentConsistencyModelPipeline,
    StableDiffusionControlNetPipeline,
    StableDiffusionDepth2ImgPipeline,
    StableDiffusionImg2ImgPipeline,
    StableDiffusionInpaintPipeline,
    StableDiffusionPipeline,
)
from diffusers.models.attention_processor import AttnProcessor
from PIL import Image
from safetensors.torch import save_file

if version("peft") != "0.21.2":
    raise SystemExit(f"peft {version('peft')} is installed, the goldens need 0.21.2.")

PROMPT, NEGATIVE = "a photo of a cat", "dark, old"
expected = {}

# Parts: saved in half precision, run in float32 with the same rounded values.
tokens, text, autoencoder, control = tokenizer(), None, vae(), controlnet()
text = text_encoder(tokens)
unets = {
    "base": unet(1),
    "inpaint": unet(2, in_channels=9),
    "depth": unet(3, in_channels=5),
    "lcm": unet(4, time_cond_proj_dim=16),
    "v-prediction": unet(5, use_linear_projection=True, attention_head_dim=(2, 4)),
}
unusual_text = text_encoder(tokens, 14, hidden_act="gelu")
unets["unusual"] = unet(
    6,
    block_out_channels=(8, 16, 16),
    down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
    up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
    mid_block_type=None,
    attention_head_dim=(2, 4, 4),
    act_fn="gelu",
    resnet_time_scale_shift="scale_shift",
    downsample_padding=0,
    flip_sin_to_cos=False,
    freq_shift=1,
    norm_eps=1e-6,
    transformer_layers_per_block=(1, 2, 1),
)
schedulers = {"unusual": dpm(), "v-prediction": pndm(prediction_type="v_prediction"), "lcm": lcm(), "turbo": euler()}
shared = dict(tokenizer=tokens, text_encoder=text, vae=autoencoder)
bare = dict(safety_checker=None, feature_extractor=None, requires_safety_checker=False)
StableDiffusionPipeline(**shared, unet=unets["base"], scheduler=pndm(), **bare).save_pretrained(fresh("base"))
# As in the published repositories: PNDM has no such option, but what from_config makes of it does.
saved = HERE / "base" / "scheduler" / "scheduler_config.json"
saved.write_text(json.dumps({**json.loads(saved.read_text()), "clip_sample": False}, indent=2) + "\n")
for name, model in unets.items():
    if name != "base":
        model.save_pretrained(fresh(name) / "unet")
fresh("turbo")
for name, scheduler in schedulers.items():
    scheduler.save_pretrained(HERE / name / "scheduler")
unusual_text.save_pretrained(HERE / "unusual" / "text_encoder")
estimator, processor = depth_estimator(), depth_processor()
estimator.save_pretrained(HERE / "depth" / "depth_estimator")
processor.save_pretrained(HERE / "depth" / "feature_extractor")
control.save_pretrained(fresh("controlnet"))
lora(unets["base"], text)
for model in (text, estimator, unusual_text, autoencoder, control, *unets.values()):
    model.float()

# Pictures that a person could have brought: a gradient with a disc, a mask that is no multiple of 8, a depth ramp, edges.
y, x = np.mgrid[0:64, 0:64]
disc = ((x - 30) ** 2 + (y - 34) ** 2 < 18**2)[..., None]
picture = np.where(disc, [220, 140, 60], np.stack([x * 4, y * 4, 255 - x * 2], -1)).astype(np.uint8)
mask = (((x > 13) & (x < 46) & (y > 9) & (y < 38)) * 255).astype(np.uint8)
depth = np.clip(255 - np.hypot(x - 40, y - 20) * 4, 0, 255).astype(np.uint8)
edges = (np.abs((x - 30.0) ** 2 + (y - 34.0) ** 2 - 18**2) < 40).astype(np.uint8) * 255
images = {
    "picture": Image.fromarray(picture),
    "mask": Image.fromarray(mask),
    "depth": Image.fromarray(depth),
    "edges": Image.fromarray(np.stack([edges] * 3, -1)),
}
for name, image in images.items():
    image.save(HERE / f"{name}.png", optimize=True)


def pipeline(kind, variant="base", scheduler=None, **more):
    chosen = scheduler or schedulers.get(variant) or pndm()
    made = kind(**{**shared, **bare, **more}, unet=unets.get(variant, unets["base"]), scheduler=chosen)
    made.set_progress_bar_config(disable=True)
    return made


def run(name, made, **arguments):
    """Both results of one run; the latents are those that the decoder was given, before the scaling factor."""
    settings = dict(prompt=PROMPT, negative_prompt=NEGATIVE, guidance_scale=7.5, num_inference_steps=20)
    settings.update(arguments)
    settings = {key: value for key, value in settings.items() if value is not None}
    seen = []
    decode = autoencoder.decode

    def listen(latents, *args, **kwargs):
        seen.append(latents * autoencoder.config.scaling_factor)
        return decode(latents, *args, **kwargs)

    autoencoder.decode = listen
    with torch.no_grad():
        pixels = made(generator=torch.Generator().manual_seed(0), output_type="np", **settings).images
    autoencoder.decode = decode
    keep(name, latents=seen[0], pixels=torch.from_numpy(pixels))


def keep(name, **arrays):
    for key, value in arrays.items():
        expected[f"{name}.{key}"] = value.detach().float().contiguous().clone()
        low, high = value.min().item(), value.max().item()
        print(f"{name}.{key} {list(value.shape)} {low:.3f} … {high:.3f}, spread {value.float().std().item():.3f}")


size = dict(height=64, width=64)
base = pipeline(StableDiffusionPipeline)
run("txt2img", base, **size)
run("v-prediction", pipeline(StableDiffusionPipeline, "v-prediction"), **size)
run("unusual", pipeline(StableDiffusionPipeline, "unusual", text_encoder=unusual_text), **size)
run("turbo", pipeline(StableDiffusionPipeline, "turbo"), num_inference_steps=1, guidance_scale=0.0, negative_prompt=None, **size)
run("lcm", pipeline(LatentConsistencyModelPipeline, "lcm"), num_inference_steps=4, guidance_scale=8.0, negative_prompt=None, **size)
run("img2img", pipeline(StableDiffusionImg2ImgPipeline), image=images["picture"], strength=0.6)
masked = dict(image=images["picture"], mask_image=images["mask"], **size)
run("inpaint", pipeline(StableDiffusionInpaintPipeline, "inpaint"), **masked)
run("inpaint-any-model", pipeline(StableDiffusionInpaintPipeline), **masked)
depth_map = torch.from_numpy(depth.astype(np.float32) / 255)[None]
depth_parts = dict(unet=unets["depth"], scheduler=pndm(), depth_estimator=estimator, feature_extractor=processor)
for name, given in {"depth-to-image": None, "depth-picture-to-image": depth_map}.items():
    made = StableDiffusionDepth2ImgPipeline(**shared, **depth_parts)
    made.set_progress_bar_config(disable=True)
    run(name, made, image=images["picture"], depth_map=given, strength=0.8)
with torch.no_grad():
    estimated = estimator(processor(images=[images["picture"]], return_tensors="pt").pixel_values).predicted_depth
    keep("estimate", depth=estimated[:, None])
run(
    "controlnet",
    pipeline(StableDiffusionControlNetPipeline, controlnet=control),
    image=images["edges"],
    controlnet_conditioning_scale=0.8,
    **size,
)

# DDIM inversion: a picture to the noise that makes it, and back, without guidance (Mokady et al. 2023, §3.1).
with torch.no_grad():
    states, _ = base.encode_prompt(PROMPT, "cpu", 1, False)
    original = torch.from_numpy(picture.astype(np.float32) / 127.5 - 1).permute(2, 0, 1)[None]
    sample = autoencoder.encode(original).latent_dist.mode() * autoencoder.config.scaling_factor
    for name, kind in (("ddim-inversion.noise", DDIMInverseScheduler), ("ddim-inversion.latents", DDIMScheduler)):
        scheduler = kind.from_config({**base.scheduler.config, "clip_sample": False})
        scheduler.set_timesteps(20)
        for t in scheduler.timesteps:
            sample = scheduler.step(unets["base"](sample, t, states).sample, t, sample).prev_sample
        expected[name] = sample.contiguous().clone()
    pixels = autoencoder.decode(sample / autoencoder.config.scaling_factor).sample
    keep("ddim-inversion", pixels=(pixels / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1))

# Cross-attention of each word at one step, averaged over heads, layers and the word's tokens, stretched to 0…1.
layers = []


class Listen(AttnProcessor):
    def __call__(self, attn, hidden_states, encoder_hidden_states=None, **kwargs):
        if encoder_hidden_states is not None:
            query, key = attn.head_to_batch_dim(attn.to_q(hidden_states)), attn.head_to_batch_dim(attn.to_k(encoder_hidden_states))
            layers.append(attn.get_attention_scores(query, key).mean(0))
        return super().__call__(attn, hidden_states, encoder_hidden_states, **kwargs)


with torch.no_grad():
    words = "a hat, wonderful"
    states, _ = base.encode_prompt(words, "cpu", 1, False)
    usual = unets["base"].attn_processors
    unets["base"].set_attn_processor(Listen())
    noise = torch.randn((1, 4, 8, 12), generator=torch.Generator().manual_seed(0))
    unets["base"](noise, 499, states)
    unets["base"].set_attn_processor(usual)
    groups, start = [], 1
    pieces = tokens.tokenize(words)
    for i, piece in enumerate(pieces, start=1):
        if piece.endswith("</w>"):
            groups.append(slice(start, i + 1))
            start = i + 1
    if not any(group.stop - group.start > 1 for group in groups):
        raise SystemExit(f"Every word is one token: {pieces}.")
    maps = torch.zeros(len(groups), 1, 16, 24)
    for layer in layers:
        factor = round((8 * 12 / layer.shape[0]) ** 0.5)
        small = torch.stack([layer[:, group].mean(1) for group in groups]).reshape(-1, 1, 8 // factor, 12 // factor)
        maps += torch.nn.functional.interpolate(small, size=(16, 24), mode="bilinear", align_corners=False) / len(layers)
    low, high = maps.amin((1, 2, 3), keepdim=True), maps.amax((1, 2, 3), keepdim=True)
    keep("attention", maps=(maps - low) / (high - low))

# Last, because it changes the models.
base.load_lora_weights(str(HERE), weight_name="lora.safetensors", adapter_name="style")
base.set_adapters(["style"], [0.8])
run("lora", base, **size)

for name in ("lora", "controlnet"):
    if torch.allclose(expected[f"{name}.latents"], expected["txt2img.latents"], atol=1e-2):
        raise SystemExit(f"{name} makes no difference.")
save_file(expected, HERE / "expected.safetensors")
for path in HERE.rglob("*"):
    if path.is_file():
        path.chmod(0o644)
