"""Trains the autoencoder: 64 × 64 × 3 pictures ↔ 16 × 16 × 4 latents.

    python vae.py --data data --work run
    python vae.py … --start run/vae --oftener things.txt      # goes on, mostly with what the U-Net will draw

The loss is |x - x̂| + |∇x - ∇x̂| (edges are what flat drawings consist of) + the same at half size, and a very small
KL term that keeps latents near a unit Gaussian. Resumes with --resume.
"""

import argparse
import json
import math
import os
import time

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL

from emoji import Emoji

# Greater while the latents find their shape than when the model goes on from weights: there a sharp picture counts for more.
KL_WEIGHT, KL_WEIGHT_AFTER = 1e-5, 4e-6


def make_vae():
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        block_out_channels=(32, 64, 64),
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=8,
        sample_size=64,
        scaling_factor=1.0,
    )


def edges(x):
    return x[..., 1:, :] - x[..., :-1, :], x[..., 1:] - x[..., :-1]


def reconstruction_loss(guess, truth):
    loss = F.l1_loss(guess, truth)
    for a, b in zip(edges(guess), edges(truth)):
        loss = loss + F.l1_loss(a, b)
    return loss


def batch_of(emoji, size, rng, oftener=()):
    """A random batch; three of four of its pictures are from `oftener` if that names any."""
    pictures = rng.integers(len(emoji), size=size)
    if len(oftener):
        pictures[size // 4 :] = rng.choice(oftener, size - size // 4)
    return torch.from_numpy(np.stack([emoji.augmented(p, rng, any_mirror=True)[0] for p in pictures]))


def to_input(pixels):
    """uint8 [n, h, w, 3] to float [-1, 1] [n, 3, h, w]."""
    return (pixels.permute(0, 3, 1, 2).float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)


# What each latent channel of Stable Diffusion adds to red, green and blue; the editor draws previews of latents with it.
PREVIEW_COLOURS = torch.tensor(
    [[0.298, 0.207, 0.208], [0.187, 0.286, 0.173], [-0.158, 0.189, 0.264], [-0.184, -0.271, -0.473]]
)


def rotation_to_preview_colours(latents, pictures, seeds=8):
    """The rotation R [4, 4] of latents [n, 4, h, w] for which R'z, drawn with PREVIEW_COLOURS, comes nearest to the pictures."""
    points = latents.permute(0, 2, 3, 1).reshape(-1, 4)
    colours = F.avg_pool2d(pictures, pictures.shape[-1] // latents.shape[-1]).permute(0, 2, 3, 1).reshape(-1, 3)
    best, least = None, math.inf
    for seed in range(seeds):
        generator = torch.Generator().manual_seed(seed)
        turn = torch.linalg.qr(torch.randn(4, 4, generator=generator))[0]
        angles = torch.zeros(4, 4, requires_grad=True)
        optimizer = torch.optim.LBFGS([angles], max_iter=100, line_search_fn="strong_wolfe")

        def error():
            optimizer.zero_grad()
            guess = points @ turn @ torch.matrix_exp(angles - angles.T) @ PREVIEW_COLOURS
            loss = (guess - colours).square().mean()
            loss.backward()
            return loss

        with torch.enable_grad():
            optimizer.step(error)
            loss = error().item()
        if loss < least:
            best, least = (turn @ torch.matrix_exp(angles - angles.T)).detach(), loss
    print(f"previews are {math.sqrt(least):.3f} off, of colours from -1 to 1")
    return best


@torch.no_grad()
def rotate_latents(vae, turn):
    """The same autoencoder with turned latents: its 1×1 convolutions take the rotation in."""
    weight, bias = vae.quant_conv.weight[..., 0, 0], vae.quant_conv.bias
    # A turned diagonal covariance is not diagonal; its logarithms are mixed instead, which keeps their mean.
    both = torch.block_diag(turn.T, turn.T.square())
    vae.quant_conv.weight.copy_((both @ weight)[..., None, None])
    vae.quant_conv.bias.copy_(both @ bias)
    vae.post_quant_conv.weight.copy_((vae.post_quant_conv.weight[..., 0, 0] @ turn)[..., None, None])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--steps", type=int, default=2500)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--start", help="the folder of an autoencoder to go on from, with a fresh optimizer")
    parser.add_argument("--oftener", help="a file of slugs: three of four pictures are of these things")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    os.makedirs(args.work, exist_ok=True)
    emoji = Emoji(args.data)
    rng = np.random.default_rng(0)
    oftener = emoji.pictures_of(args.oftener) if args.oftener else ()
    kl_weight = KL_WEIGHT_AFTER if args.start else KL_WEIGHT
    vae = make_vae().to(memory_format=torch.channels_last)
    if args.start:
        vae.load_state_dict(AutoencoderKL.from_pretrained(args.start).float().state_dict())
    average = make_vae()
    average.load_state_dict(vae.state_dict())
    optimizer = torch.optim.AdamW(vae.parameters(), lr=args.rate, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
    path = os.path.join(args.work, "vae.pt")
    step = 0
    if args.resume:
        state = torch.load(path, weights_only=False)
        vae.load_state_dict(state["vae"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
        rng.bit_generator.state = state["rng"]
        torch.set_rng_state(state["torch"])
        step = state["step"]
    log = open(os.path.join(args.work, "vae-loss.csv"), "a" if args.resume else "w")
    if not args.resume:
        log.write("step,seconds,loss,l1,kl\n")
    started, sums = time.time(), np.zeros(3)

    def save():
        state = dict(vae=vae.state_dict(), average=average.state_dict(), optimizer=optimizer.state_dict(), step=step)
        state.update(rng=rng.bit_generator.state, torch=torch.get_rng_state())
        torch.save(state, path + ".part")
        os.replace(path + ".part", path)

    while step < args.steps:
        decay = 0.5 + 0.5 * math.cos(math.pi * step / args.steps)
        for group in optimizer.param_groups:
            group["lr"] = args.rate * min(1, (step + 1) / 100) * decay + 1e-6
        truth = to_input(batch_of(emoji, args.batch, rng, oftener))
        with torch.autocast("cpu", torch.bfloat16):
            posterior = vae.encode(truth).latent_dist
            latents = posterior.mean.float() + posterior.std.float() * torch.randn(posterior.mean.shape)
            guess = vae.decode(latents).sample.float()
        kl = 0.5 * (posterior.mean.float() ** 2 + posterior.var.float() - 1 - posterior.logvar.float()).sum((1, 2, 3)).mean()
        loss = reconstruction_loss(guess, truth) + reconstruction_loss(F.avg_pool2d(guess, 2), F.avg_pool2d(truth, 2))
        loss = loss + kl_weight * kl
        loss.backward()
        torch.nn.utils.clip_grad_norm_(vae.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        step += 1
        with torch.no_grad():
            keep = min(0.998, (1 + step) / (10 + step))
            for slow, fast in zip(average.parameters(), vae.parameters()):
                slow.lerp_(fast, 1 - keep)
        sums += [loss.item(), F.l1_loss(guess, truth).item(), kl.item()]
        if step % 50 == 0:
            row = f"{step},{time.time() - started:.0f}," + ",".join(f"{v / 50:.5f}" for v in sums)
            print(row, flush=True)
            log.write(row + "\n")
            log.flush()
            sums[:] = 0
        if step % 200 == 0 or step == args.steps:
            save()
    # One number that makes the latents' standard deviation 1, as for Stable Diffusion.
    average.eval()
    with torch.no_grad():
        truth = to_input(batch_of(emoji, 256, rng, oftener))
        rotate_latents(average, rotation_to_preview_colours(average.encode(truth).latent_dist.mode(), truth))
        latents = [average.encode(to_input(batch_of(emoji, 64, rng, oftener))).latent_dist.sample() for _ in range(8)]
        error = []
        for _ in range(4):
            truth = to_input(batch_of(emoji, 64, rng, oftener))
            error.append(((average.decode(average.encode(truth).latent_dist.mode()).sample.clamp(-1, 1) - truth) / 2).square().mean())
    spread = torch.cat(latents).std().item()
    average.register_to_config(scaling_factor=round(1 / spread, 5))
    average.save_pretrained(os.path.join(args.work, "vae"))
    psnr = -10 * math.log10(float(torch.stack(error).mean()))
    with open(os.path.join(args.work, "vae.json"), "w") as file:
        json.dump({"psnr": psnr, "scaling_factor": 1 / spread, "steps": step}, file)
    print(f"PSNR {psnr:.2f} dB, scaling factor {1 / spread:.5f}")


if __name__ == "__main__":
    main()
