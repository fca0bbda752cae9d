"""The parts of a tiny Stable Diffusion pipeline with random weights: half precision on disk, float32 when it runs."""

import json
import shutil
import sys
from pathlib import Path

import torch
from diffusers import (
    AutoencoderKL,
    ControlNetModel,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    LCMScheduler,
    PNDMScheduler,
    UNet2DConditionModel,
)
from safetensors.torch import save_file
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTokenizer,
    DPTConfig,
    DPTForDepthEstimation,
    DPTImageProcessorPil,
)

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "sd-models"))
from common import rand, randomise  # noqa: E402

UNET = dict(
    block_out_channels=(8, 16),
    down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
    up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
    layers_per_block=1,
    cross_attention_dim=16,
    norm_num_groups=4,
    attention_head_dim=2,
    sample_size=8,
)
NOISE = dict(beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012)


def unet(seed, **options):
    model = randomise(UNet2DConditionModel(**{**UNET, **options}), seed)
    with torch.no_grad():
        # Text states reach the output through a residual stream; louder, so that a wrong prompt is seen.
        for name, parameter in model.named_parameters():
            if "attn2.to_out.0.weight" in name:
                parameter.mul_(3)
    return model


def vae():
    return randomise(
        AutoencoderKL(
            block_out_channels=(4, 4, 8, 8),
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            layers_per_block=1,
            norm_num_groups=4,
            latent_channels=4,
            sample_size=64,
            scaling_factor=0.18215,
        ),
        11,
    )


def tokenizer():
    """The tiny vocabulary of the tokenizer's goldens: letters, digits and 300 merges."""
    tiny = json.loads((HERE.parent / "tokenizer" / "tiny.json").read_text())
    return CLIPTokenizer(
        vocab=tiny["vocab"],
        merges=[tuple(merge.split(" ")) for merge in tiny["merges"]],
        model_max_length=77,
    )


def text_encoder(tokens, seed=12, **options):
    config = CLIPTextConfig(
        **options,
        vocab_size=len(tokens),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=77,
        bos_token_id=tokens.bos_token_id,
        eos_token_id=tokens.eos_token_id,
        pad_token_id=tokens.pad_token_id,
    )
    return randomise(CLIPTextModel(config), seed)


def pndm(**options):
    return PNDMScheduler(**NOISE, skip_prk_steps=True, set_alpha_to_one=False, steps_offset=1, **options)


def euler():
    return EulerDiscreteScheduler(**NOISE, timestep_spacing="trailing", steps_offset=1)


def dpm():
    return DPMSolverMultistepScheduler(**NOISE, prediction_type="v_prediction", use_karras_sigmas=True, timestep_spacing="trailing")


def lcm():
    return LCMScheduler(**NOISE, set_alpha_to_one=True, clip_sample=False)


def controlnet():
    return randomise(
        ControlNetModel(
            in_channels=4,
            block_out_channels=UNET["block_out_channels"],
            down_block_types=UNET["down_block_types"],
            layers_per_block=1,
            cross_attention_dim=16,
            norm_num_groups=4,
            attention_head_dim=2,
            conditioning_embedding_out_channels=(4, 4, 4, 8),
        ),
        13,
    )


def depth_estimator():
    """Reads 64 × 64 pixels, the size of the picture, so that no two ways of resizing are compared."""
    config = DPTConfig(hidden_size=16, num_attention_heads=2, intermediate_size=24, num_hidden_layers=4, backbone_out_indices=[0, 1, 2, 3],
                       fusion_hidden_size=8, use_bias_in_fusion_residual=True, image_size=64, patch_size=16, neck_hidden_sizes=[6, 8, 10, 12])
    model = randomise(DPTForDepthEstimation(config), 15)
    with torch.no_grad():
        # High enough that the last ReLU lets most places through.
        model.head.head[4].bias.fill_(2)
    return model


def depth_processor():
    return DPTImageProcessorPil(size={"height": 64, "width": 64}, keep_aspect_ratio=False, image_mean=[0.5] * 3, image_std=[0.4] * 3)


def lora(unet_model, text_model):
    """A LoRA under kohya's names: attention of the U-Net and of the text encoder."""
    state = {}
    modules = [
        ("lora_unet_", unet_model, f"{block}.transformer_blocks.0.{attention}.{layer}")
        for block in ("down_blocks.0.attentions.0", "mid_block.attentions.0", "up_blocks.1.attentions.1")
        for attention in ("attn1", "attn2")
        for layer in ("to_q", "to_k", "to_v", "to_out.0")
    ]
    modules += [
        ("lora_te_", text_model, f"text_model.encoder.layers.{i}.self_attn.{layer}")
        for i in range(2)
        for layer in ("q_proj", "v_proj", "out_proj")
    ]
    for i, (prefix, model, path) in enumerate(modules):
        if prefix == "lora_te_":
            out, width = 16, 16
        else:
            out, width = model.get_submodule(path).weight.shape
        name = prefix + path.replace(".", "_")
        state[f"{name}.lora_down.weight"] = (rand(200 + 2 * i, 2, width) / 2).half()
        state[f"{name}.lora_up.weight"] = (rand(201 + 2 * i, out, 2) / 3).half()
        state[f"{name}.alpha"] = torch.tensor(1.0)
    save_file(state, HERE / "lora.safetensors")


def fresh(name):
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    return folder
