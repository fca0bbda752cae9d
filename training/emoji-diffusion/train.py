"""Trains U-Net and text encoder together on the latents of latents.py.

    python train.py --data data --work run --steps 8000          # --resume after an interruption
    python train.py … --start public/models/emoji-diffusion      # goes on from weights that were published

The U-Net predicts v (Salimans & Ho 2022): v = √ᾱ·ε - √(1-ᾱ)·x₀. One caption in ten is empty, for classifier-free guidance.
The learning rate stays at its peak and falls to zero over the last part (--decay) of the planned steps. An average of the weights
(EMA) is what counts. `pipeline/` gets the whole pipeline in the layout of diffusers at every checkpoint.
"""

import argparse
import os
import time

import numpy as np
import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor, AttnProcessor2_0
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from emoji import COLOUR_NAMES, Emoji
from tokenizer import MAX_LENGTH

WIDTH = 128


def make_text_encoder(tokenizer):
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=WIDTH,
            intermediate_size=4 * WIDTH,
            num_hidden_layers=3,
            num_attention_heads=4,
            max_position_embeddings=MAX_LENGTH,
            hidden_act="quick_gelu",
            projection_dim=WIDTH,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def make_unet():
    return UNet2DConditionModel(
        sample_size=16,
        in_channels=4,
        out_channels=4,
        layers_per_block=1,
        block_out_channels=(48, 96, 128),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=WIDTH,
        attention_head_dim=4,
        norm_num_groups=16,
    )


def make_scheduler():
    # Trailing: sampling starts at the last training step, where nothing of the picture is left. Without that, plain grounds
    # come out greyish (Lin et al. 2024).
    return DDIMScheduler(
        num_train_timesteps=1000,
        beta_schedule="linear",
        beta_start=0.0001,
        beta_end=0.02,
        prediction_type="v_prediction",
        timestep_spacing="trailing",
        clip_sample=False,
        set_alpha_to_one=True,
        steps_offset=0,
    )


class Model(torch.nn.Module):
    def __init__(self, tokenizer):
        super().__init__()
        self.text = make_text_encoder(tokenizer)
        self.unet = make_unet()
        # The fused attention of torch's CPU build is slower backwards than the plain products at these sizes.
        self.unet.set_attn_processor(AttnProcessor())

    def forward(self, noisy, times, ids):
        return self.unet(noisy, times, self.text(ids).last_hidden_state).sample


def save_pipeline(average, tokenizer, work, folder):
    average.unet.set_attn_processor(AttnProcessor2_0())
    StableDiffusionPipeline(
        vae=AutoencoderKL.from_pretrained(os.path.join(work, "vae")),
        text_encoder=average.text,
        tokenizer=tokenizer,
        unet=average.unet,
        scheduler=make_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder)
    average.unet.set_attn_processor(AttnProcessor())


class Batches:
    """Every composition of every picture once an epoch, those of one style twice if asked, in random order, with fresh captions."""

    def __init__(self, emoji, work, tokenizer, size, rng, twice=None):
        self.emoji, self.tokenizer, self.size, self.rng = emoji, tokenizer, size, rng
        self.latents = np.load(os.path.join(work, "latents.npy"), mmap_mode="r")
        self.grounds = np.load(os.path.join(work, "grounds.npy"))
        self.left = np.empty(0, np.int64)
        self.epoch = np.arange(self.grounds.size)
        if twice:
            style = emoji.style_of[self.epoch % len(emoji)]
            self.epoch = np.concatenate([self.epoch, self.epoch[style == emoji.styles.index(twice)]])

    def next(self):
        if len(self.left) < self.size:
            self.left = self.rng.permutation(self.epoch)
        chosen, self.left = self.left[: self.size], self.left[self.size :]
        variant, picture = np.divmod(chosen, len(self.emoji))
        latents = torch.from_numpy(np.stack([self.latents[v, p] for v, p in zip(variant, picture)]).astype(np.float32))
        captions = [
            "" if self.rng.random() < 0.1 else self.emoji.caption(p, COLOUR_NAMES[self.grounds[v, p]], self.rng)
            for v, p in zip(variant, picture)
        ]
        ids = self.tokenizer(captions, padding="max_length", truncation=True, max_length=MAX_LENGTH, return_tensors="pt")
        return latents.contiguous(memory_format=torch.channels_last), ids.input_ids


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--things", default="things.txt")
    parser.add_argument("--work", required=True)
    parser.add_argument("--steps", type=int, default=8000)
    parser.add_argument("--decay", type=float, default=0.3, help="share of the steps over which the rate falls to zero")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=1e9, help="stop (resumable) after so long")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--twice", help="a style that is shown twice as often as the others")
    parser.add_argument("--start", help="a pipeline to go on from, with a fresh optimizer")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    emoji = Emoji(args.data, args.things)
    rng = np.random.default_rng(2)
    tokenizer = CLIPTokenizer.from_pretrained(os.path.join(args.work, "tokenizer"))
    model, average = Model(tokenizer), Model(tokenizer)
    if args.start:
        model.unet.load_state_dict(UNet2DConditionModel.from_pretrained(args.start, subfolder="unet").float().state_dict())
        model.text.load_state_dict(CLIPTextModel.from_pretrained(args.start, subfolder="text_encoder").float().state_dict())
    average.load_state_dict(model.state_dict())
    model.to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.rate, betas=(0.9, 0.99), weight_decay=0.01, fused=True)
    batches = Batches(emoji, args.work, tokenizer, args.batch, rng, args.twice)
    alphas = make_scheduler().alphas_cumprod
    path, step = os.path.join(args.work, "train.pt"), 0
    if args.resume:
        state = torch.load(path, weights_only=False)
        model.load_state_dict(state["model"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
        rng.bit_generator.state = state["rng"]
        batches.left, step = state["left"], state["step"]
        torch.set_rng_state(state["torch"])
    run = torch.compile(model) if args.compile else model
    log = open(os.path.join(args.work, "loss.csv"), "a" if args.resume else "w")
    if not args.resume:
        log.write("step,seconds,loss,rate\n")
    started, saved, total = time.time(), time.time(), 0.0

    def save():
        state = dict(model=model.state_dict(), average=average.state_dict(), optimizer=optimizer.state_dict(), step=step)
        state.update(rng=rng.bit_generator.state, left=batches.left, torch=torch.get_rng_state())
        torch.save(state, path + ".part")
        os.replace(path + ".part", path)
        save_pipeline(average, tokenizer, args.work, os.path.join(args.work, "pipeline"))

    while step < args.steps and time.time() - started < args.minutes * 60:
        rate = args.rate * min(1, (step + 1) / 200, (args.steps - step) / (args.decay * args.steps))
        for group in optimizer.param_groups:
            group["lr"] = rate
        latents, ids = batches.next()
        # One time from each of as many equal parts as the batch has pictures: the same mean, less noise.
        times = ((torch.arange(args.batch) + torch.rand(args.batch)) / args.batch * 1000).long()
        noise = torch.randn(latents.shape)
        signal, spread = (a.sqrt().view(-1, 1, 1, 1) for a in (alphas[times], 1 - alphas[times]))
        target = signal * noise - spread * latents
        noisy = (signal * latents + spread * noise).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            guess = run(noisy, times, ids)
        loss = (guess.float() - target).square().mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        step += 1
        with torch.no_grad():
            keep = min(0.9993, (1 + step) / (10 + step))
            torch._foreach_lerp_(list(average.parameters()), list(model.parameters()), 1 - keep)
        total += loss.item()
        if step % 50 == 0:
            row = f"{step},{time.time() - started:.0f},{total / 50:.5f},{rate:.2e}"
            print(row, flush=True)
            log.write(row + "\n")
            log.flush()
            total = 0.0
        if time.time() - saved > 240:
            save()
            saved = time.time()
    save()


if __name__ == "__main__":
    main()
