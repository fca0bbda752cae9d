"""Measures what the MNIST diffusion model samples, and draws its contact sheet.

    python measure.py --model <model folder> --classifier <classifier folder> [--sheet samples.png]

Draws 1,000 pictures with diffusers' DDIMPipeline (50 steps, eta 0) and lets a classifier read them. Prints the
share that it reads with a probability over 0.9, and how often each digit occurs. Nothing is picked or thrown away.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import torch
from diffusers import DDIMPipeline, DDIMScheduler, UNet2DModel
from PIL import Image

sys.path.append(str(Path(__file__).resolve().parent.parent / "mnist-classifier"))
from classifier import load_classifier  # noqa: E402


def load_pipeline(folder: Path) -> DDIMPipeline:
    """The folder's U-Net (expanded to float32 whatever its file holds) with a DDIM scheduler of the same betas."""
    unet = UNet2DModel.from_pretrained(folder, subfolder="unet", torch_dtype=torch.float32)
    pipeline = DDIMPipeline(unet=unet, scheduler=DDIMScheduler.from_pretrained(folder, subfolder="scheduler"))
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def sample(
    pipeline: DDIMPipeline, count: int, steps: int, seed: int, batch: int, seed_per_batch: bool = False
) -> np.ndarray:
    """Returns `count` pictures, float32 [count, 28, 28] in [0, 1].

    One generator runs through all batches, or each batch has its own, with the seeds `seed`, `seed` + 1, ...
    """
    generator = torch.Generator("cpu").manual_seed(seed)
    parts = []
    for start in range(0, count, batch):
        if seed_per_batch:
            generator.manual_seed(seed + start // batch)
        result = pipeline(
            batch_size=min(batch, count - start),
            generator=generator,
            eta=0.0,
            num_inference_steps=steps,
            output_type="np",
        )
        parts.append(result.images[..., 0])
    return np.concatenate(parts)


def contact_sheet(pictures: np.ndarray, columns: int = 10, gap: int = 2, zoom: int = 2) -> Image.Image:
    """Lays pictures [n, h, w] out in rows, white ink on black as in MNIST, with grey lines between."""
    n, h, w = pictures.shape
    rows = -(-n // columns)
    sheet = np.full((rows * (h + gap) + gap, columns * (w + gap) + gap), 96, np.uint8)
    for i, picture in enumerate(pictures):
        top, left = gap + (i // columns) * (h + gap), gap + (i % columns) * (w + gap)
        sheet[top : top + h, left : left + w] = np.round(picture * 255)
    image = Image.fromarray(sheet)
    return image.resize((image.width * zoom, image.height * zoom), Image.Resampling.NEAREST)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="folder with unet/ and scheduler/")
    parser.add_argument("--classifier", required=True, help="folder with config.json and model.safetensors")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument(
        "--seed-per-batch",
        action="store_true",
        help="each batch from its own seed, counted up from --seed: with --batch 50 the pictures of scripts/mnist-quality.ts",
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--sheet", help="PNG file for the first 100 pictures")
    parser.add_argument("--worst", help="PNG file for the 20 pictures that the classifier is least sure of")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)

    pictures = sample(
        load_pipeline(Path(args.model)), args.count, args.steps, args.seed, args.batch, args.seed_per_batch
    )
    with torch.no_grad():
        logits = load_classifier(Path(args.classifier))(torch.from_numpy(pictures).float().unsqueeze(1) * 2 - 1)
    confidence, digit = logits.softmax(1).max(1)
    shares = torch.bincount(digit, minlength=10).double() / args.count
    sure = (confidence > 0.9).double().mean().item()

    report = {
        "samples": args.count,
        "steps": args.steps,
        "seed": args.seed,
        "seedPerBatch": args.seed_per_batch,
        "confidenceOver0.9": round(sure, 4),
        "meanConfidence": round(confidence.mean().item(), 4),
        "shareOfDigit": {str(d): round(share.item(), 4) for d, share in enumerate(shares)},
    }
    print(json.dumps(report, indent=2))
    reached = sure >= 0.9 and shares.min().item() >= 0.05 and shares.max().item() <= 0.15
    print("goal (>= 90 % read with over 0.9, every digit 5 % to 15 %):", "reached" if reached else "MISSED")

    if args.sheet:
        contact_sheet(pictures[:100]).save(args.sheet, optimize=True)
    if args.worst:
        contact_sheet(pictures[confidence.argsort()[:20].numpy()]).save(args.worst, optimize=True)
    sys.exit(0 if reached else 1)


if __name__ == "__main__":
    main()
