"""Writes the goldens of training: optimizers, learning rates and averages on their own, and whole training steps in torch.

- optimizers.json: torch.optim.Adam and AdamW on a few numbers, diffusers' learning rates and EMA decays, gradient clipping.
- tiny-unet/: a tiny UNet2DModel as save_pretrained writes it.
- unet-steps.safetensors: that model trained for some steps on given batches: losses, norms, weights, averages.
- basic-unet-steps.safetensors: the same for BasicUNet, whose weights are sampled because it is big.

Run: pip install -r requirements.txt && python make.py
"""

import json
import sys
from pathlib import Path

import diffusers
import safetensors.torch
import torch
from diffusers import DDPMScheduler, UNet2DModel
from diffusers.optimization import get_scheduler
from diffusers.training_utils import EMAModel
from torch.nn import functional

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "basic-unet"))
from basic_unet import BasicUNet  # noqa: E402

assert torch.__version__.startswith("2.13.0"), torch.__version__
assert diffusers.__version__ == "0.42.1", diffusers.__version__
torch.use_deterministic_algorithms(True)


def make_optimizers() -> None:
    start = [0.5, -1.25, 3.0, 1e-3, 0.0]
    gradients = [[0.1 * (i + 1) * (-1) ** (i * step), -0.3, 1e-4 * step, 2.0 - step, 0.0][:5] for step in range(6) for i in [step]]
    runs = []
    for kind, options in [
        ("adam", dict(betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0)),
        ("adam", dict(betas=(0.8, 0.95), eps=1e-4, weight_decay=0.1)),
        ("adamw", dict(betas=(0.95, 0.99), eps=1e-6, weight_decay=0.05)),
    ]:
        weight = torch.nn.Parameter(torch.tensor(start))
        optimizer = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[kind]([weight], lr=0.02, **options)
        path = []
        for gradient in gradients:
            weight.grad = torch.tensor(gradient)
            optimizer.step()
            path.append(weight.detach().tolist())
        state = optimizer.state[weight]
        runs.append(
            dict(kind=kind, beta1=options["betas"][0], beta2=options["betas"][1], epsilon=options["eps"],
                 weightDecay=options["weight_decay"], weights=path, first=state["exp_avg"].tolist(), second=state["exp_avg_sq"].tolist())
        )

    schedules = []
    for kind, warmup, total in [("constant", 0, 0), ("constant_with_warmup", 4, 0), ("linear", 3, 12), ("cosine", 3, 12), ("cosine", 0, 7)]:
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
        schedule = get_scheduler(kind, optimizer, num_warmup_steps=warmup, num_training_steps=total)
        factors = []
        for _ in range(15):
            factors.append(schedule.get_last_lr()[0])
            optimizer.step()
            schedule.step()
        schedules.append(dict(kind=kind, numWarmupSteps=warmup, numTrainingSteps=total, factors=factors))

    averages = []
    for options in [
        {},
        dict(decay=0.3, min_decay=0.05, update_after_step=2),
        dict(use_ema_warmup=True, inv_gamma=2.0, power=0.75, decay=0.7),
        dict(use_ema_warmup=True, min_decay=0.4),
    ]:
        ema = EMAModel([torch.nn.Parameter(torch.zeros(1))], **options)
        averages.append(dict(options=options, decays=[ema.get_decay(step) for step in range(1, 13)]))

    clipped = []
    for max_norm in [0.5, 100.0]:
        parameters = [torch.nn.Parameter(torch.zeros(2)), torch.nn.Parameter(torch.zeros(1, 3))]
        parameters[0].grad = torch.tensor([3.0, -4.0])
        parameters[1].grad = torch.tensor([[1.0, 2.0, -2.0]])
        norm = torch.nn.utils.clip_grad_norm_(parameters, max_norm)
        clipped.append(dict(maxNorm=max_norm, norm=norm.item(), gradients=[p.grad.flatten().tolist() for p in parameters]))

    (HERE / "optimizers.json").write_text(
        json.dumps(dict(start=start, learningRate=0.02, gradients=gradients, optimizers=runs, schedules=schedules, averages=averages,
                        clipped=clipped)) + "\n"
    )


STEPS = 4


def make_unet_steps() -> None:
    """AdamW, cosine with warm-up, clipping and EMA, as diffusers' own training script does it."""
    torch.manual_seed(21)
    model = UNet2DModel(
        sample_size=8, in_channels=1, out_channels=1, layers_per_block=1, block_out_channels=(6, 9), norm_num_groups=3,
        attention_head_dim=3, down_block_types=("DownBlock2D", "AttnDownBlock2D"), up_block_types=("AttnUpBlock2D", "UpBlock2D"),
    )
    model.save_pretrained(HERE / "tiny-unet")
    scheduler = DDPMScheduler(num_train_timesteps=1000)
    # A large epsilon keeps rounding noise in vanishing gradients (the keys' biases) from growing to whole steps.
    settings = dict(betas=(0.95, 0.999), eps=1e-5, weight_decay=0.01)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, **settings)
    learning_rate = get_scheduler("cosine", optimizer, num_warmup_steps=2, num_training_steps=8)
    ema = EMAModel(model.parameters(), decay=0.5, use_ema_warmup=True, inv_gamma=1.0, power=0.75)
    generator = torch.Generator().manual_seed(3)
    tensors, losses, norms, rates = {}, [], [], []
    for step in range(STEPS):
        sample = torch.rand((3, 1, 8, 8), generator=generator) * 2 - 1
        noise = torch.randn(sample.shape, generator=generator)
        timesteps = torch.randint(0, 1000, (3,), generator=generator)
        loss = functional.mse_loss(model(scheduler.add_noise(sample, noise, timesteps), timesteps).sample, noise)
        loss.backward()
        if step == 0:
            tensors |= {f"gradient.{name}": p.grad.clone() for name, p in model.named_parameters()}
        norms.append(torch.nn.utils.clip_grad_norm_(model.parameters(), 0.8).item())
        rates.append(learning_rate.get_last_lr()[0])
        optimizer.step()
        learning_rate.step()
        optimizer.zero_grad()
        ema.step(model.parameters())
        losses.append(loss.item())
        tensors |= {f"sample.{step}": sample, f"noise.{step}": noise, f"timesteps.{step}": timesteps.int()}
    tensors |= {f"weight.{name}": p.detach() for name, p in model.named_parameters()}
    tensors |= {f"ema.{name}": average for (name, _), average in zip(model.named_parameters(), ema.shadow_params)}
    save("unet-steps", tensors, dict(losses=losses, norms=norms, learningRates=rates, settings=settings, seed=21))


EVERY = 97


def make_basic_unet_steps() -> None:
    """The course's training: linear corruption, MSE to the clean picture, Adam."""
    torch.manual_seed(8)
    model = BasicUNet()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    generator = torch.Generator().manual_seed(4)
    tensors, losses, norms = {}, [], []
    for step in range(STEPS):
        sample = torch.rand((4, 1, 8, 8), generator=generator)
        noise = torch.rand(sample.shape, generator=generator)
        amount = torch.rand((4,), generator=generator)
        share = amount.view(-1, 1, 1, 1)
        loss = functional.mse_loss(model(sample * (1 - share) + noise * share), sample)
        optimizer.zero_grad()
        loss.backward()
        norms.append(torch.nn.utils.clip_grad_norm_(model.parameters(), float("inf")).item())
        optimizer.step()
        losses.append(loss.item())
        tensors |= {f"sample.{step}": sample, f"noise.{step}": noise, f"amount.{step}": amount}
    tensors |= {f"weight.{name}": p.detach().flatten()[::EVERY] for name, p in model.named_parameters()}
    save("basic-unet-steps", tensors, dict(losses=losses, norms=norms, seed=8, every=EVERY))


def save(name: str, tensors: dict, facts: dict) -> None:
    # One key: safetensors writes several in random order, and the file should come out the same each time.
    metadata = {"golden": json.dumps(facts)}
    safetensors.torch.save_file({key: value.contiguous() for key, value in tensors.items()}, HERE / f"{name}.safetensors", metadata)


if __name__ == "__main__":
    make_optimizers()
    make_unet_steps()
    make_basic_unet_steps()
