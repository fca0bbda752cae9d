"""DPTForDepthEstimation with and without its convolutional part, and the resizing around it."""

import torch
from common import rand, randomise, save_case
from transformers import DPTConfig, DPTForDepthEstimation


def case(name, **options):
    seed = sum(map(ord, name))
    config = DPTConfig(hidden_size=16, num_attention_heads=2, intermediate_size=24, num_hidden_layers=4, backbone_out_indices=[0, 1, 2, 3],
                       fusion_hidden_size=8, use_bias_in_fusion_residual=True, **options)
    model = randomise(DPTForDepthEstimation(config), seed).float()
    arrays = {"pixelValues": rand(seed + 1, 1 if config.is_hybrid else 2, 3, config.image_size, config.image_size)}
    with torch.no_grad():
        # A bias with which the last ReLU lets most places through, and the map is not all bias either.
        bias = model.head.head[4].bias
        bias.fill_(1000)
        before = model(arrays["pixelValues"]).predicted_depth - 1000
        bias.fill_((before.std() - before.median()).half().item())
        arrays["depth"] = model(arrays["pixelValues"]).predicted_depth
    if not 0.02 < (arrays["depth"] == 0).float().mean() < 0.5:
        raise SystemExit(f"{name}: {(arrays['depth'] == 0).float().mean():.0%} of the depth map is 0.")
    save_case(name, model, arrays)


BACKBONE = dict(model_type="bit", layer_type="bottleneck", global_padding="SAME", embedding_dynamic_padding=True, depths=[1, 2, 1],
                out_features=["stage1", "stage2", "stage3"], embedding_size=8, hidden_sizes=[16, 24, 40], num_groups=4)
case("depth-hybrid", is_hybrid=True, image_size=64, patch_size=16, backbone_config=BACKBONE, backbone_featmap_shape=[1, 40, 4, 4],
     neck_hidden_sizes=[16, 24, 12, 12], reassemble_factors=[1, 1, 1, 0.5], neck_ignore_stages=[0, 1], readout_type="project")
case("depth-plain", image_size=32, patch_size=8, neck_hidden_sizes=[6, 8, 10, 12], readout_type="project", qkv_bias=False)
case("depth-add", image_size=32, patch_size=8, neck_hidden_sizes=[6, 6, 6, 6], readout_type="add", reassemble_factors=[2, 1, 1, 0.5])

picture = rand(5, 1, 3, 30, 41).sigmoid()
depth = rand(6, 2, 19, 24)
resized = torch.nn.functional.interpolate(depth[:, None], size=(8, 11), mode="bicubic", align_corners=False)
low, high = torch.amin(resized, dim=[1, 2, 3], keepdim=True), torch.amax(resized, dim=[1, 2, 3], keepdim=True)
pixels = torch.nn.functional.interpolate(picture, size=(16, 64), mode="bicubic", align_corners=False, antialias=True)
save_case("resize", None, {
    "picture": picture, "antialiased": pixels,
    "enlarged": torch.nn.functional.interpolate(picture, size=(47, 50), mode="bicubic", align_corners=False),
    "depth": depth, "depthLatents": 2.0 * (resized - low) / (high - low) - 1.0,
})
