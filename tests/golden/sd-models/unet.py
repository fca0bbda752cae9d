"""UNet2DConditionModel: each option that checkpoints of the Stable Diffusion family use."""

import torch
from common import rand, randomise, save_case
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor

THREE = dict(
    block_out_channels=(8, 16, 16),
    down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
    up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
)
TWO = dict(
    block_out_channels=(8, 16),
    down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
    up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
)


def case(name, size, timestep, extra_inputs=None, width=12, probe=None, residuals=False, gradients=(), **options):
    seed = sum(map(ord, name))
    config = dict(sample_size=8, norm_num_groups=4, cross_attention_dim=12, **options)
    model = randomise(UNet2DConditionModel(**config), seed).float()
    batch = 2
    arrays = {
        "sample": rand(seed + 1, batch, model.config.in_channels, *size),
        "encoderHiddenStates": rand(seed + 2, batch, 5, width),
        "timestep": torch.tensor(timestep, dtype=torch.float32).reshape(-1),
    }
    kwargs = dict(extra_inputs or {})
    arrays.update({f"extra.{key}": value.float() for key, value in kwargs.items()})
    times = torch.tensor(timestep)
    if probe is not None:
        attention = model.get_submodule(probe)
        attention.set_processor(AttnProcessor())
        original = attention.get_attention_scores

        def record(*scores):
            probabilities = original(*scores)
            arrays.setdefault("probabilities", probabilities.reshape(batch, attention.heads, *probabilities.shape[1:]))
            return probabilities

        attention.get_attention_scores = record
    with torch.no_grad():
        arrays["output"] = model(arrays["sample"], times, arrays["encoderHiddenStates"], **kwargs).sample
        if residuals:
            skips = []
            hooks = [model.conv_in.register_forward_hook(lambda _m, _i, out: skips.append(out))]
            for block in model.down_blocks:
                hooks.append(block.register_forward_hook(lambda _m, _i, out: skips.extend(out[1])))
            hooks.append(model.mid_block.register_forward_hook(lambda _m, _i, out: skips.append(out)))
            model(arrays["sample"], times, arrays["encoderHiddenStates"])
            for hook in hooks:
                hook.remove()
            added = [rand(seed + 10 + i, *skip.shape) for i, skip in enumerate(skips)]
            arrays.update({f"residual.{i}": value for i, value in enumerate(added)})
            arrays["outputWithResiduals"] = model(
                arrays["sample"], times, arrays["encoderHiddenStates"],
                down_block_additional_residuals=added[:-1], mid_block_additional_residual=added[-1],
            ).sample
    for parameter in gradients:
        arrays["cotangent"] = rand(seed + 30, *arrays["output"].shape)
        loss = (model(arrays["sample"], times, arrays["encoderHiddenStates"], **kwargs).sample * arrays["cotangent"]).sum()
        arrays[f"gradient.{parameter}"] = torch.autograd.grad(loss, model.get_parameter(parameter))[0]
    save_case(name, model, arrays, {"probe": probe, "residuals": len(added) if residuals else 0})


# Stable Diffusion 1: heads as one number, convolutions as projections, sizes that are not square.
case("unet-sd1", (8, 12), 981, attention_head_dim=2, probe="up_blocks.2.attentions.1.transformer_blocks.0.attn2", residuals=True, **THREE)
# Stable Diffusion 2 (depth): heads as a list, linear projections.
case("unet-sd2-depth", (8, 8), [3, 999], attention_head_dim=[2, 4], use_linear_projection=True, upcast_attention=True,
     in_channels=5, layers_per_block=1, **TWO,
     gradients=["conv_in.weight", "time_embedding.linear_1.weight", "up_blocks.0.upsamplers.0.conv.bias",
                "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight"])
# Latent consistency, nine channels for inpainting.
case("unet-lcm-inpaint", (4, 4), 759.0, dict(timestep_cond=rand(5, 2, 6)), time_cond_proj_dim=6, in_channels=9,
     attention_head_dim=4, layers_per_block=1, **TWO)
# BK-SDM tiny: no middle, one layer; sizes that cannot be halved evenly.
case("unet-no-middle", (7, 9), 400, mid_block_type=None, layers_per_block=1, attention_head_dim=4, **THREE)
# Rare options, several at once.
case("unet-rare", (6, 4), [0, 17], dict(class_labels=torch.tensor([2, 0]), encoder_attention_mask=torch.tensor([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]])),
     width=7, only_cross_attention=[True, False], mid_block_type="UNetMidBlock2D", transformer_layers_per_block=[2, 1],
     layers_per_block=(1, 2), num_class_embeds=3, resnet_time_scale_shift="scale_shift", act_fn="gelu", mid_block_scale_factor=1.5,
     downsample_padding=0, freq_shift=1, flip_sin_to_cos=False, center_input_sample=True, encoder_hid_dim=7,
     timestep_post_act="silu", time_embedding_act_fn="mish", time_embedding_dim=20, conv_in_kernel=5, conv_out_kernel=1,
     attention_head_dim=2, norm_eps=1e-3, **TWO)
case("unet-class-timestep", (4, 4), 5, dict(class_labels=torch.tensor([20, 7])), class_embed_type="timestep", class_embeddings_concat=True, only_cross_attention=True,
     layers_per_block=1, attention_head_dim=2, reverse_transformer_layers_per_block=[[1, 1], [1, 2]], transformer_layers_per_block=[[2], [3]],
     block_out_channels=(8, 8), down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
     up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D"))
NO_ATTENTION = dict(block_out_channels=(8, 8), down_block_types=("DownBlock2D", "DownBlock2D"), mid_block_type="UNetMidBlock2D",
                    up_block_types=("UpBlock2D", "UpBlock2D"), layers_per_block=1, attention_head_dim=2)
case("unet-class-projection", (4, 4), 5, dict(class_labels=rand(6, 2, 6)), class_embed_type="projection",
     projection_class_embeddings_input_dim=6, **NO_ATTENTION)
case("unet-class-simple", (4, 4), 5, dict(class_labels=rand(6, 2, 6)), class_embed_type="simple_projection",
     projection_class_embeddings_input_dim=6, **NO_ATTENTION)
case("unet-class-identity", (4, 4), 5, dict(class_labels=rand(6, 2, 32)), class_embed_type="identity", **NO_ATTENTION)
