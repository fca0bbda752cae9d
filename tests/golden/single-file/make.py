"""Stable Diffusion 1 and 2 in one file, with the tensor names of the original code, and what the models in them give.

    pip install -r requirements.txt && python make.py

The names are written here by hand; diffusers' own conversion must bring back the models they were made from.
"""

import json
import re
import sys
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from diffusers.loaders.single_file_utils import convert_ldm_unet_checkpoint, convert_ldm_vae_checkpoint, convert_open_clip_checkpoint
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModelWithProjection

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "sd-models"))
from common import rand, randomise  # noqa: E402

RESNET = {"norm1": "in_layers.0", "conv1": "in_layers.2", "time_emb_proj": "emb_layers.1", "norm2": "out_layers.0", "conv2": "out_layers.3",
          "conv_shortcut": "skip_connection"}
TOP = {"time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2", "conv_in": "input_blocks.0.0",
       "conv_norm_out": "out.0", "conv_out": "out.2"}


def unet_name(name, config):
    layer, parameter = name.rsplit(".", 1)
    if layer in TOP:
        return f"{TOP[layer]}.{parameter}"
    kind, *rest = name.split(".")
    per_block = config.layers_per_block + 1
    if kind == "mid_block":
        part, index, *inner = rest
        if part == "attentions":
            return ".".join(["middle_block.1", *inner])
        return ".".join([f"middle_block.{2 * int(index)}", RESNET[inner[0]], inner[1]])
    block, part, index, *inner = rest
    if kind == "down_blocks":
        if part == "downsamplers":
            return f"input_blocks.{int(block) * per_block + config.layers_per_block + 1}.0.op.{parameter}"
        number = 1 + int(block) * per_block + int(index)
        prefix = f"input_blocks.{number}"
    else:
        if part == "upsamplers":
            number = int(block) * per_block + config.layers_per_block
            place = 2 if "CrossAttn" in config.up_block_types[int(block)] else 1
            return f"output_blocks.{number}.{place}.conv.{parameter}"
        prefix = f"output_blocks.{int(block) * per_block + int(index)}"
    if part == "attentions":
        return ".".join([f"{prefix}.1", *inner])
    return ".".join([f"{prefix}.0", RESNET[inner[0]], inner[1]])


def vae_name(name, blocks):
    name = name.replace("conv_norm_out", "norm_out").replace("conv_shortcut", "nin_shortcut")
    name = re.sub(r"mid_block\.resnets\.(\d)", lambda m: f"mid.block_{int(m[1]) + 1}", name)
    name = re.sub(r"down_blocks\.(\d)\.resnets", r"down.\1.block", name)
    name = re.sub(r"down_blocks\.(\d)\.downsamplers\.0", r"down.\1.downsample", name)
    name = re.sub(r"up_blocks\.(\d)\.resnets", lambda m: f"up.{blocks - 1 - int(m[1])}.block", name)
    name = re.sub(r"up_blocks\.(\d)\.upsamplers\.0", lambda m: f"up.{blocks - 1 - int(m[1])}.upsample", name)
    for current, former in {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}.items():
        name = name.replace(f"mid_block.attentions.0.{current}.", f"mid.attn_1.{former}.")
    return name


def open_clip(model, layers):
    state = {key.removeprefix("text_model."): value for key, value in model.state_dict().items()}
    renamed = {
        "positional_embedding": state["embeddings.position_embedding.weight"],
        "token_embedding.weight": state["embeddings.token_embedding.weight"],
        "ln_final.weight": state["final_layer_norm.weight"],
        "ln_final.bias": state["final_layer_norm.bias"],
    }
    for i in range(layers):
        old, new = f"encoder.layers.{i}", f"transformer.resblocks.{i}"
        for parameter in ("weight", "bias"):
            renamed[f"{new}.attn.in_proj_{parameter}"] = torch.cat([state[f"{old}.self_attn.{p}_proj.{parameter}"] for p in "qkv"])
            for ours, theirs in {"attn.out_proj": "self_attn.out_proj", "mlp.c_fc": "mlp.fc1", "mlp.c_proj": "mlp.fc2", "ln_1": "layer_norm1",
                                 "ln_2": "layer_norm2"}.items():
                renamed[f"{new}.{ours}.{parameter}"] = state[f"{old}.{theirs}.{parameter}"]
    return renamed


def require_same(converted, model, what):
    expected = model.state_dict()
    missing = set(expected) - {key for key in converted if key in expected and torch.equal(converted[key].reshape(expected[key].shape), expected[key])}
    if missing - {"text_projection.weight"}:
        raise SystemExit(f"{what}: diffusers does not bring back {sorted(missing)[:5]}.")


def case(name, version):
    seed = 50 + version
    linear = version == 2
    unet = randomise(
        UNet2DConditionModel(
            block_out_channels=(8, 16, 8), down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
            up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"), layers_per_block=1, cross_attention_dim=8,
            norm_num_groups=4, attention_head_dim=2, use_linear_projection=linear, in_channels=4 if version == 1 else 5,
        ), seed)
    vae = randomise(
        AutoencoderKL(block_out_channels=(4, 8), down_block_types=["DownEncoderBlock2D"] * 2, up_block_types=["UpDecoderBlock2D"] * 2,
                      layers_per_block=1, norm_num_groups=4, sample_size=16), seed + 1)
    layers = 2
    text = randomise(
        CLIPTextModelWithProjection(CLIPTextConfig(
            vocab_size=30, hidden_size=8, intermediate_size=12, num_hidden_layers=layers + (1 if linear else 0), num_attention_heads=2, max_position_embeddings=6,
            projection_dim=8, hidden_act="gelu" if linear else "quick_gelu", bos_token_id=28, eos_token_id=29, pad_token_id=0)), seed + 2)

    ldm = {f"model.diffusion_model.{unet_name(key, unet.config)}": value for key, value in unet.state_dict().items()}
    require_same(convert_ldm_unet_checkpoint(dict(ldm), dict(unet.config)), unet, "U-Net")
    for key, value in vae.state_dict().items():
        is_attention = ".attentions." in key and value.ndim == 2
        ldm[f"first_stage_model.{vae_name(key, 2)}"] = value[:, :, None, None] if is_attention else value
    require_same(convert_ldm_vae_checkpoint(dict(ldm), dict(vae.config)), vae, "autoencoder")
    if linear:
        clip = {f"cond_stage_model.model.{key}": value for key, value in open_clip(text, layers + 1).items()}
        require_same(convert_open_clip_checkpoint(text, dict(clip)), text, "text encoder")
        clip |= {"cond_stage_model.model.text_projection": rand(1, 8, 8).half(), "cond_stage_model.model.logit_scale": torch.tensor(4.6).half()}
    else:
        clip = {f"cond_stage_model.transformer.{key}": value for key, value in text.state_dict().items() if key.startswith("text_model.")}
        clip["cond_stage_model.transformer.text_model.embeddings.position_ids"] = torch.arange(6)[None]
    ldm |= clip
    # What else such files hold.
    ldm |= {"alphas_cumprod": rand(2, 10), "model_ema.decay": torch.tensor(0.9), "first_stage_model.loss.logvar": torch.tensor(0.0)}
    path = HERE / f"{name}.safetensors"
    save_file({key: value.contiguous() for key, value in ldm.items()}, path, metadata={"format": "pt", "modelspec.prediction_type": "v"} if linear else None)
    path.chmod(0o644)
    print(name, path.stat().st_size // 1024, "KB")

    unet, vae, text = unet.float(), vae.float(), text.float()
    with torch.no_grad():
        sample, states = rand(3, 1, unet.config.in_channels, 4, 4), rand(4, 1, 3, 8)
        ids = torch.tensor([[28, 3, 17, 29]])
        hidden = text(ids, output_hidden_states=True)
        last = text.text_model.final_layer_norm(hidden.hidden_states[-2]) if linear else hidden.last_hidden_state
        return {
            f"{name}.sample": sample, f"{name}.states": states, f"{name}.ids": ids.int(), f"{name}.text": last,
            f"{name}.unet": unet(sample, 9, states).sample, f"{name}.picture": rand(5, 1, 3, 8, 8),
            f"{name}.latents": vae.encode(rand(5, 1, 3, 8, 8)).latent_dist.mean, f"{name}.decoded": vae.decode(rand(6, 1, 4, 4, 4)).sample,
            f"{name}.z": rand(6, 1, 4, 4, 4),
        }


arrays = {**case("sd1", 1), **case("sd2", 2)}
save_file({key: value.contiguous() for key, value in arrays.items()}, HERE / "arrays.safetensors", metadata={"meta": json.dumps({})})
(HERE / "arrays.safetensors").chmod(0o644)
