"""The judge: tells object, style and ground of a 64 × 64 picture. Trained on the same compositions as everything else, half of them
as the autoencoder gives them back: what it is to judge has come through the decoder.

    python classifier.py --data data --work run

Its features before the last layer (128 values, normalised) are what "the nearest training object" means in measure.py.
"""

import argparse
import json
import os
import time

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from torch import nn

from emoji import COLOUR_NAMES, Emoji
from vae import to_input


class Judge(nn.Module):
    def __init__(self, objects, styles, grounds):
        super().__init__()
        layers, width = [], 3
        for out in (32, 64, 128, 192):
            layers += [nn.Conv2d(width, out, 3, 2, 1, bias=False), nn.BatchNorm2d(out), nn.ReLU()]
            layers += [nn.Conv2d(out, out, 3, 1, 1, bias=False), nn.BatchNorm2d(out), nn.ReLU()]
            width = out
        self.body = nn.Sequential(*layers)
        self.feature = nn.Linear(width * 16, 128)
        self.object = nn.Linear(128, objects, bias=False)
        self.style = nn.Linear(width, styles)
        self.ground = nn.Linear(width, grounds)

    def forward(self, pictures):
        """[n, 3, 64, 64] in [-1, 1] to features [n, 128] of length 1 and logits of style and ground."""
        maps = self.body(pictures)
        pooled = maps.mean((2, 3))
        return F.normalize(self.feature(maps.flatten(1)), dim=1), self.style(pooled), self.ground(pooled)

    def object_logits(self, features):
        return 16 * features @ F.normalize(self.object.weight, dim=1).T


def jitter(pictures, rng):
    """What a diffusion model may do to a picture without making it another one: blur, noise, other contrast."""
    pictures = pictures * float(rng.uniform(0.85, 1.1)) + float(rng.uniform(-0.08, 0.08))
    if rng.random() < 0.3:
        pictures = F.interpolate(F.avg_pool2d(pictures, 2), scale_factor=2, mode="bilinear")
    return pictures + torch.randn_like(pictures) * float(rng.uniform(0, 0.08))


def autoencoded(vae, pictures, reduced=True):
    """What the autoencoder makes of pictures [n, 3, 64, 64] in [-1, 1]; `reduced` computes in bfloat16."""
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=reduced):
        return vae.decode(vae.encode(pictures).latent_dist.mode()).sample.float().clamp(-1, 1)


def load_judge(work):
    with open(os.path.join(work, "judge.json")) as file:
        card = json.load(file)
    judge = Judge(card["objects"], card["styles"], card["grounds"])
    judge.load_state_dict(torch.load(os.path.join(work, "judge.pt")))
    return judge.eval()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--things", default="things.txt")
    parser.add_argument("--work", required=True)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    emoji = Emoji(args.data, args.things)
    vae = AutoencoderKL.from_pretrained(os.path.join(args.work, "vae")).eval().to(memory_format=torch.channels_last)
    rng = np.random.default_rng(3)
    judge = Judge(len(emoji.objects), len(emoji.styles), len(COLOUR_NAMES)).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(judge.parameters(), lr=2e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=args.steps)

    def compositions(count, generator):
        chosen = generator.integers(len(emoji), size=count)
        made = [emoji.augmented(p, generator) for p in chosen]
        pixels = torch.from_numpy(np.stack([m[0] for m in made]))
        grounds = torch.tensor([COLOUR_NAMES.index(m[1]) for m in made])
        return to_input(pixels), torch.from_numpy(emoji.object_of[chosen]), torch.from_numpy(emoji.style_of[chosen]), grounds

    started = time.time()
    for step in range(1, args.steps + 1):
        pictures, objects, styles, grounds = compositions(args.batch, rng)
        half = args.batch // 2
        pictures = torch.cat([pictures[:half], autoencoded(vae, pictures[half:])])
        with torch.autocast("cpu", torch.bfloat16):
            features, style, ground = judge(jitter(pictures, rng))
        logits = judge.object_logits(features.float())
        loss = F.cross_entropy(logits, objects, label_smoothing=0.05) + F.cross_entropy(style.float(), styles)
        loss = loss + 0.3 * F.cross_entropy(ground.float(), grounds)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
        if step % 100 == 0:
            right = (logits.argmax(1) == objects).float().mean()
            print(f"{step},{time.time() - started:.0f},{loss.item():.4f},{right:.3f}", flush=True)
    judge.eval()
    fresh = np.random.default_rng(4)
    right = np.zeros((2, 3))
    with torch.no_grad():
        for _ in range(20):
            pictures, *truth = compositions(100, fresh)
            for way, seen in enumerate((pictures, autoencoded(vae, pictures))):
                features, style, ground = judge(seen)
                found = (judge.object_logits(features).argmax(1), style.argmax(1), ground.argmax(1))
                right[way] += [(a == b).float().mean().item() for a, b in zip(found, truth)]
    right /= 20
    torch.save(judge.state_dict(), os.path.join(args.work, "judge.pt"))
    with open(os.path.join(args.work, "judge.json"), "w") as file:
        sizes = dict(objects=len(emoji.objects), styles=len(emoji.styles), grounds=len(COLOUR_NAMES))
        shares = {way: dict(zip(("object", "style", "ground"), row.tolist())) for way, row in zip(("drawn", "autoencoded"), right)}
        json.dump({**sizes, "right": shares, "steps": args.steps}, file)
    print(f"fresh compositions: {shares}")


if __name__ == "__main__":
    main()
