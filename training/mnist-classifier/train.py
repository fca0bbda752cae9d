"""Trains the digit classifier that judges the samples of the MNIST diffusion model.

    python train.py --data <folder with the IDX files> --out <folder for config.json and model.safetensors>

The last weights are kept, whatever they score: the test images are read once, after the training, and choose nothing.
"""

import argparse
import math
import sys
import time
from pathlib import Path

import torch
from torch.nn import functional as F

from classifier import Classifier, save_classifier

sys.path.append(str(Path(__file__).resolve().parent.parent / "mnist-ddpm"))
from mnist import load_mnist  # noqa: E402


def jitter(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Turns, scales and shifts each picture a little ([n, 1, 28, 28] in and out), so that the network sees no picture twice."""
    n = len(images)

    def uniform(limit: float) -> torch.Tensor:
        return (torch.rand(n, generator=generator) * 2 - 1) * limit

    angle = uniform(math.radians(10))
    scale = 1 + uniform(0.1)
    cosine, sine = torch.cos(angle) * scale, torch.sin(angle) * scale
    # affine_grid's unit is half the picture's width: 2 pixels of 28 are 2 / 14 of it.
    rows = [cosine, -sine, uniform(2 / 14), sine, cosine, uniform(2 / 14)]
    grid = F.affine_grid(torch.stack(rows, 1).view(n, 2, 3), list(images.shape), align_corners=False)
    # grid_sample pads with 0; paper is -1, so work on images + 1.
    return F.grid_sample(images + 1, grid, align_corners=False) - 1


@torch.no_grad()
def evaluate(model: Classifier, images: torch.Tensor, labels: torch.Tensor) -> tuple[float, float]:
    """Returns the share of right answers, and the share of answers with a probability over 0.9."""
    probabilities = torch.cat([model(part).softmax(1) for part in images.split(1000)])
    confidence, answer = probabilities.max(1)
    return (answer == labels).float().mean().item(), (confidence > 0.9).float().mean().item()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="folder with the four MNIST IDX files")
    parser.add_argument("--out", required=True, help="folder for config.json and model.safetensors")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()

    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    generator = torch.Generator().manual_seed(args.seed)
    images, labels = load_mnist(args.data, "train")
    model = Classifier()
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters")
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=0.01, foreach=True)
    total = args.epochs * math.ceil(len(images) / args.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, args.lr, total_steps=total, pct_start=0.1)

    started = time.time()
    for epoch in range(args.epochs):
        sum_of_losses = 0.0
        for chosen in torch.randperm(len(images), generator=generator).split(args.batch):
            loss = F.cross_entropy(model(jitter(images[chosen], generator)), labels[chosen])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
            sum_of_losses += loss.item() * len(chosen)
        print(f"epoch {epoch + 1}  loss {sum_of_losses / len(images):.4f}  {time.time() - started:.0f} s", flush=True)

    save_classifier(model, Path(args.out))
    right, sure = evaluate(model, *load_mnist(args.data, "t10k"))
    print(f"test images: {right:.2%} right, {sure:.2%} with a probability over 0.9")


if __name__ == "__main__":
    main()
