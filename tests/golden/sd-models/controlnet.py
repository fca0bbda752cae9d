"""ControlNetModel: residuals plain, in guess mode, and pooled."""

import torch
from common import rand, randomise, save_case
from diffusers import ControlNetModel

BLOCKS = dict(block_out_channels=(8, 12), down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), cross_attention_dim=12,
              norm_num_groups=4, attention_head_dim=2)


def case(name, scale, guess, **options):
    seed = sum(map(ord, name))
    model = randomise(ControlNetModel(conditioning_embedding_out_channels=(4, 6, 8), **BLOCKS, **options), seed).float()
    arrays = {
        "sample": rand(seed + 1, 2, 4, 4, 6),
        "encoderHiddenStates": rand(seed + 2, 2, 5, 12),
        "controlnetCond": rand(seed + 3, 2, model.config.conditioning_channels, 16, 24).sigmoid(),
    }
    with torch.no_grad():
        out = model(arrays["sample"], 321, arrays["encoderHiddenStates"], arrays["controlnetCond"], conditioning_scale=scale, guess_mode=guess)
    for i, residual in enumerate([*out.down_block_res_samples, out.mid_block_res_sample]):
        arrays[f"residual.{i}"] = residual
    save_case(name, model, arrays, {"timestep": 321, "conditioningScale": scale, "guessMode": guess})


case("controlnet", 0.7, True)
case("controlnet-pooled", 1.0, False, global_pool_conditions=True, controlnet_conditioning_channel_order="bgr", layers_per_block=1,
     use_linear_projection=True)
