"""LoRA files in every form of names, and what diffusers makes of them on a tiny U-Net and text encoder.

    pip install -r requirements.txt && python make.py
"""

import json
import sys
from copy import deepcopy
from importlib.metadata import version
from pathlib import Path

import torch
from diffusers import DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from safetensors.torch import load_file, save_file
from transformers import CLIPTextConfig, CLIPTextModelWithProjection

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "sd-models"))
from common import rand, randomise  # noqa: E402

if version("peft") != "0.21.2":
    raise SystemExit(f"peft {version('peft')} is installed, the goldens need 0.21.2.")

torch.manual_seed(0)
unet = randomise(
    UNet2DConditionModel(
        block_out_channels=(8, 16), down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        layers_per_block=1, cross_attention_dim=16, norm_num_groups=4, attention_head_dim=2, sample_size=8,
    ), 3,
)
text_encoder = randomise(
    CLIPTextModelWithProjection(CLIPTextConfig(projection_dim=6, vocab_size=40, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2,
                                 max_position_embeddings=8, bos_token_id=38, eos_token_id=39, pad_token_id=0)), 4,
)
unet.save_pretrained(HERE / "unet")
text_encoder.save_pretrained(HERE / "text_encoder")
unet, text_encoder = unet.float(), text_encoder.float()
SAMPLE, STATES, IDS = rand(1, 1, 4, 8, 8), rand(2, 1, 5, 16), torch.tensor([[38, 4, 11, 7, 39, 0]])

ATTENTIONS = ["down_blocks.0.attentions.0", "mid_block.attentions.0", "up_blocks.1.attentions.1"]
UNET_ATTENTION = [f"{a}.transformer_blocks.0.{n}.{p}" for a in ATTENTIONS for n in ("attn1", "attn2") for p in ("to_q", "to_k", "to_v", "to_out.0")]
UNET_MORE = [
    "down_blocks.0.attentions.0.proj_in", "mid_block.attentions.0.proj_out", "up_blocks.1.attentions.0.transformer_blocks.0.ff.net.0.proj",
    "up_blocks.1.attentions.0.transformer_blocks.0.ff.net.2", "down_blocks.0.resnets.0.conv1", "up_blocks.0.resnets.1.conv_shortcut",
    "mid_block.resnets.0.time_emb_proj", "down_blocks.0.downsamplers.0.conv",
]
TEXT = [f"text_model.encoder.layers.{i}.{p}" for i in range(2) for p in ("self_attn.q_proj", "self_attn.out_proj", "mlp.fc1")]


def pair(model, module, rank, seed):
    layer = model.get_submodule(module)
    out, *rest = layer.weight.shape
    down = rand(seed, rank, *rest) / rank**0.5
    up = rand(seed + 1, out, rank, *[1 for _ in rest[1:]]) / 4
    return down.half(), up.half()


def layers(unet_modules, text_modules, rank, seed):
    for i, module in enumerate(unet_modules):
        yield "unet", module, *pair(unet, module, rank, seed + 2 * i)
    for i, module in enumerate(text_modules):
        yield "text_encoder", module, *pair(text_encoder, module, rank, seed + 1000 + 2 * i)


def kohya():
    state = {}
    for model, module, down, up in layers(UNET_ATTENTION + UNET_MORE, TEXT, 2, 100):
        name = {"unet": "lora_unet_", "text_encoder": "lora_te_"}[model] + module.replace(".", "_")
        state[f"{name}.lora_down.weight"], state[f"{name}.lora_up.weight"] = down, up
        # One value for all: this diffusers with this peft ignores the exceptions that some attention layers make.
        state[f"{name}.alpha"] = torch.tensor(1.5)
    return state, None


def peft():
    state = {}
    for model, module, down, up in layers(UNET_ATTENTION + UNET_MORE, TEXT, 3, 300):
        state[f"{model}.{module}.lora_A.weight"], state[f"{model}.{module}.lora_B.weight"] = down, up
    metadata = {}
    for model, modules in (("unet", UNET_ATTENTION + UNET_MORE), ("text_encoder", TEXT)):
        metadata.update({f"{model}.r": 3, f"{model}.lora_alpha": 6, f"{model}.target_modules": modules})
    return state, {"format": "pt", "lora_adapter_metadata": json.dumps(metadata, sort_keys=True)}


def diffusers_new():
    state = {}
    for model, module, down, up in layers(UNET_ATTENTION, TEXT, 2, 500):
        part = "lora" if model == "unet" else "lora_linear_layer"
        state[f"{model}.{module}.{part}.down.weight"], state[f"{model}.{module}.{part}.up.weight"] = down, up
    return state, {"format": "pt"}


def diffusers_old():
    state = {}
    renamed = {"q_proj": "to_q", "out_proj": "to_out", "to_out.0": "to_out"}
    for model, module, down, up in layers(UNET_ATTENTION, [m for m in TEXT if "mlp" not in m], 1, 700):
        parent, last = (module.removesuffix(".to_out.0"), "to_out.0") if module.endswith(".0") else module.rsplit(".", 1)
        between = ".processor" if model == "unet" else ""
        base = f"{model}.{parent}{between}.{renamed.get(last, last)}_lora"
        state[f"{base}.down.weight"], state[f"{base}.up.weight"] = down, up
    return state, {"format": "pt"}


FORMS = {"kohya": kohya, "peft": peft, "diffusers": diffusers_new, "diffusers-old": diffusers_old}
for name, form in FORMS.items():
    state, metadata = form()
    path = HERE / f"{name}.safetensors"
    save_file({key: value.contiguous() for key, value in state.items()}, path, metadata=metadata)
    path.chmod(0o644)

arrays = {"sample": SAMPLE, "encoderHiddenStates": STATES, "inputIds": IDS.int()}


def record(name, unet, text_encoder):
    with torch.no_grad():
        arrays[f"{name}.unet"] = unet(SAMPLE, 77, STATES).sample.clone()
        arrays[f"{name}.textEncoder"] = text_encoder(IDS).last_hidden_state.clone()


def run(name, weights):
    """One after the other, each merged for good: text encoders of transformers 5 lose an adapter when they load the next."""
    models = deepcopy(unet), deepcopy(text_encoder)
    pipeline = StableDiffusionPipeline(
        vae=None, unet=models[0], text_encoder=models[1], tokenizer=None, scheduler=DDIMScheduler(), safety_checker=None,
        feature_extractor=None, requires_safety_checker=False,
    )
    for form, weight in weights.items():
        pipeline.load_lora_weights(str(HERE), weight_name=f"{form}.safetensors", adapter_name=form)
        pipeline.set_adapters([form], [weight])
        if len(weights) > 1:
            pipeline.fuse_lora(lora_scale=1.0)
            pipeline.unload_lora_weights()
    record(name, pipeline.unet, pipeline.text_encoder)


record("none", unet, text_encoder)
for name in FORMS:
    run(name, {name: 0.7})
run("several", {"kohya": 0.5, "peft": -0.3, "diffusers-old": 1.25})
for name in FORMS:
    for model in ("unet", "textEncoder"):
        if torch.equal(arrays[f"{name}.{model}"], arrays[f"none.{model}"]):
            raise SystemExit(f"{name} made no difference to {model}.")
save_file({key: value.contiguous() for key, value in arrays.items()}, HERE / "arrays.safetensors", metadata={"meta": "{}"})
for path in HERE.rglob("*"):
    if path.is_file():
        path.chmod(0o644)
