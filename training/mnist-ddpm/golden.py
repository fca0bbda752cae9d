"""Writes the reference that other implementations of the sampler are compared with.

    python golden.py --model ../../public/models/mnist-ddpm --out ../../tests/golden/mnist-ddpm/ddim10.safetensors

Keys: `noise`, the start, drawn with torch's CPU generator at seed 0, and `sample`, what 10 DDIM steps (eta 0) make of it; both
float32 [4, 1, 28, 28] in NCHW order. `sample` is the scheduler's last value: not clamped, not shifted to [0, 1].
"""

import argparse
from pathlib import Path

import torch
from safetensors.torch import save_file

from measure import load_pipeline


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="folder with unet/ and scheduler/")
    parser.add_argument("--out", required=True, help="the safetensors file to write")
    args = parser.parse_args()
    torch.set_num_threads(1)

    pipeline = load_pipeline(Path(args.model))
    scheduler = pipeline.scheduler
    scheduler.set_timesteps(10)
    noise = torch.randn((4, 1, 28, 28), generator=torch.Generator("cpu").manual_seed(0))
    sample = noise
    with torch.no_grad():
        for timestep in scheduler.timesteps:
            predicted = pipeline.unet(sample, timestep).sample
            sample = scheduler.step(predicted, timestep, sample, eta=0.0).prev_sample

    out = Path(args.out)
    out.parent.mkdir(parents=True, exist_ok=True)
    timesteps = " ".join(str(int(t)) for t in scheduler.timesteps)
    save_file({"noise": noise, "sample": sample}, out, metadata={"timesteps": timesteps, "torch": torch.__version__})
    print(f"{out}: timesteps {timesteps}, sample from {sample.min():.4f} to {sample.max():.4f}")


if __name__ == "__main__":
    main()
