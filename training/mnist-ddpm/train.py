"""Trains the small MNIST diffusion model that ships in public/models/mnist-ddpm.

    python train.py --data <folder with the IDX files> --work <folder for checkpoints>
    python train.py ... --resume            continue after an interruption

The method is DDPM (Ho et al. 2020, algorithm 1): draw a picture x_0, a time step t and noise e, mix them to
x_t = sqrt(a_t) x_0 + sqrt(1 - a_t) e, where a_t is the product of (1 - beta) up to t, and train the U-Net on x_t. What is kept
is an exponential moving average (EMA) of the weights, which samples better than the weights of any single step.

Three changes to algorithm 1 make a short training go further. The network predicts the velocity v = sqrt(a_t) e - sqrt(1 - a_t) x_0
(Salimans & Ho 2022): where there is little left but noise, v is the picture itself, so that errors of the digit's large shape are not
hidden behind the noise as they are when the noise is predicted. The loss is weighted by time step (after Hang et al. 2023): the
steps with hardly any noise have by far the largest errors, teach nothing about the shape of a digit, and would otherwise drown the
others. And the time steps of one batch are spread evenly (Kingma et al. 2021, appendix I.1) in place of drawn one by one, which
makes the gradient less noisy.
"""

import argparse
import csv
import math
import os
import time
from pathlib import Path

import torch
from diffusers import DDPMPipeline, DDPMScheduler, UNet2DModel
from diffusers.models.attention_processor import Attention, AttnProcessor

from mnist import load_mnist


CHANNELS = (16, 48, 96)  # at 28, 14 and 7 pixels


def build_unet() -> UNet2DModel:
    """The architecture: three levels (28, 14 and 7 pixels), attention at 7 x 7 only, where it costs next to nothing."""
    return UNet2DModel(
        sample_size=28,
        in_channels=1,
        out_channels=1,
        layers_per_block=1,
        block_out_channels=CHANNELS,
        down_block_types=("DownBlock2D", "DownBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "UpBlock2D", "UpBlock2D"),
        attention_head_dim=32,
        norm_num_groups=8,
    )


def build_scheduler() -> DDPMScheduler:
    """1000 steps; the cosine betas spend fewer steps where the picture is all but noise (Nichol & Dhariwal 2021, eq. 17).

    Trailing spacing begins at the last time step, the only one whose pictures are nothing but noise, as is the sampler's start.
    """
    return DDPMScheduler(
        num_train_timesteps=1000,
        beta_schedule="squaredcos_cap_v2",
        prediction_type="v_prediction",
        timestep_spacing="trailing",
        clip_sample=True,
        clip_sample_range=1.0,
    )


def learning_rate(step: int, total: int, peak: float, warmup: int, decay: float) -> float:
    """Linear warm-up to `peak`, then `peak`, then in the last share `decay` of the steps a straight line down to 0.

    Up to that last part the rate does not depend on `total`, so a resumed training can still be made longer or shorter.
    """
    falling = max(1.0, decay * total)
    return peak * min(1.0, (step + 1) / warmup, max(0.0, (total - step) / falling))


def velocity_weights(alphas: torch.Tensor, limit: float) -> torch.Tensor:
    """The weight of each time step's loss, [1000]: min(SNR + 1, limit) / (SNR + 1) with SNR = a / (1 - a).

    The squared error of v is SNR + 1 times the squared error of the picture that follows from it.
    """
    return torch.clamp(limit * (1 - alphas), max=1.0)


def spread_timesteps(count: int, total: int, generator: torch.Generator) -> torch.Tensor:
    """`count` time steps at equal distances with one random offset; each of them alone is uniform over 0 .. total - 1."""
    offset = torch.rand(1, generator=generator, dtype=torch.float64)
    position = (offset + torch.arange(count, dtype=torch.float64) / count) % 1.0
    return (position * total).long().clamp(max=total - 1)


def ema_decay(step: int, limit: float) -> float:
    """The average forgets quickly at first, or the random initial weights would stay in it for thousands of steps."""
    return min(limit, (1 + step) / (10 + step))


def save_atomically(state: dict, path: Path) -> None:
    """Writes beside the target and renames, so that an interruption never leaves half a checkpoint."""
    temporary = path.with_suffix(".tmp")
    torch.save(state, temporary)
    os.replace(temporary, path)


def export(ema: dict[str, torch.Tensor], folder: Path) -> None:
    """Writes the averaged weights as a DDPMPipeline folder (unet/, scheduler/, model_index.json)."""
    unet = build_unet()
    unet.load_state_dict(ema)
    DDPMPipeline(unet=unet, scheduler=build_scheduler()).save_pretrained(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="folder with the four MNIST IDX files")
    parser.add_argument("--work", default="run", help="folder for the checkpoint, the loss log and the exported model")
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--lr", type=float, default=1.5e-3)
    parser.add_argument("--warmup", type=int, default=500, help="steps of linear warm-up")
    parser.add_argument("--decay", type=float, default=0.4, help="share of the steps in which the learning rate falls")
    parser.add_argument("--ema", type=float, default=0.9995)
    parser.add_argument("--limit", type=float, default=5.0, help="limit of the loss weights; inf for the plain loss")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--float32", action="store_true", help="no bfloat16 autocast (slower on CPUs with avx512_bf16)")
    parser.add_argument("--save-every", type=float, default=180, help="seconds between checkpoints")
    parser.add_argument("--resume", action="store_true", help="continue from the checkpoint in --work")
    args = parser.parse_args()

    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    work = Path(args.work)
    work.mkdir(parents=True, exist_ok=True)
    checkpoint = work / "checkpoint.pt"
    log_path = work / "loss.csv"

    images, _ = load_mnist(args.data, "train")
    steps_per_epoch = len(images) // args.batch
    total = args.steps

    unet = build_unet()
    for module in unet.modules():
        if isinstance(module, Attention):
            module.set_processor(AttnProcessor())  # plain products: for 49 tokens on a CPU a fifth faster than the fused kernel
    alphas = build_scheduler().alphas_cumprod
    weights_of_steps = velocity_weights(alphas, args.limit)
    optimizer = torch.optim.AdamW(unet.parameters(), lr=args.lr, weight_decay=0.01, foreach=True)
    ema = {name: value.detach().clone() for name, value in unet.state_dict().items()}
    # One generator draws the order of the pictures, the time steps and the noise, and is saved with the checkpoint.
    generator = torch.Generator().manual_seed(args.seed)
    step = 0

    if args.resume:
        if not checkpoint.exists():
            raise SystemExit(f"{checkpoint} does not exist: leave --resume away to start anew")
        saved = torch.load(checkpoint, weights_only=True)
        unet.load_state_dict(saved["unet"])
        optimizer.load_state_dict(saved["optimizer"])
        ema = saved["ema"]
        generator.set_state(saved["generator"])
        step = saved["step"]
        # Rows after the checkpoint are about to be repeated.
        rows = [row for row in csv.reader(log_path.open()) if row[0] == "step" or int(row[0]) <= step]
        with log_path.open("w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)
    else:
        with log_path.open("w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerow(["step", "epoch", "loss", "weighted_loss", "learning_rate", "seconds"])

    print(f"{sum(p.numel() for p in unet.parameters()):,} parameters, {total:,} steps, starting at step {step}", flush=True)

    started = time.time()
    last_save = time.time()
    window: list[torch.Tensor] = []

    def save() -> None:
        save_atomically(
            {
                "unet": unet.state_dict(),
                "optimizer": optimizer.state_dict(),
                "ema": ema,
                "generator": generator.get_state(),
                "step": step,
            },
            checkpoint,
        )

    order = torch.empty(0, dtype=torch.int64)
    while step < total:
        position = step % steps_per_epoch
        if position == 0 or len(order) == 0:
            # The order depends on the seed and the epoch alone, so a resumed run finds its place again.
            shuffler = torch.Generator().manual_seed(args.seed * 100_003 + step // steps_per_epoch)
            order = torch.randperm(len(images), generator=shuffler)
        x0 = images[order[position * args.batch : (position + 1) * args.batch]]
        timesteps = spread_timesteps(len(x0), len(alphas), generator)
        noise = torch.randn(x0.shape, generator=generator)
        a = alphas[timesteps].view(-1, 1, 1, 1)
        noisy = a.sqrt() * x0 + (1 - a).sqrt() * noise
        velocity = a.sqrt() * noise - (1 - a).sqrt() * x0

        rate = learning_rate(step, total, args.lr, args.warmup, args.decay)
        for group in optimizer.param_groups:
            group["lr"] = rate
        with torch.autocast("cpu", torch.bfloat16, enabled=not args.float32):
            predicted = unet(noisy, timesteps, return_dict=False)[0]
        squared_error = (predicted.float() - velocity).square().mean(dim=(1, 2, 3))
        loss = (weights_of_steps[timesteps] * squared_error).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(unet.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        step += 1

        with torch.no_grad():
            names = list(ema)
            weights = unet.state_dict()
            torch._foreach_lerp_([ema[n] for n in names], [weights[n] for n in names], 1 - ema_decay(step, args.ema))

        window.append(torch.stack([squared_error.detach().mean(), loss.detach()]))
        if step % 100 == 0:
            mean, weighted = torch.stack(window).mean(0).tolist()
            window.clear()
            if not math.isfinite(mean):
                raise SystemExit(f"the loss is {mean} at step {step}; resume from {checkpoint} with a smaller --lr")
            elapsed = time.time() - started
            with log_path.open("a", newline="") as file:
                csv.writer(file, lineterminator="\n").writerow(
                    [step, f"{step / steps_per_epoch:.3f}", f"{mean:.6f}", f"{weighted:.6f}", f"{rate:.3e}", f"{elapsed:.0f}"]
                )
            print(f"step {step}/{total}  loss {mean:.5f}  weighted {weighted:.5f}  {elapsed:.0f} s", flush=True)
        if time.time() - last_save > args.save_every or step == total:
            save()
            export(ema, work / "model")
            last_save = time.time()

    print(f"finished: {work / 'model'}", flush=True)


if __name__ == "__main__":
    main()
