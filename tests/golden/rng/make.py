"""Draws from torch's CPU generator, written to goldens.json beside this file.

Run on an x86-64 machine with AVX2 or AVX-512: elsewhere torch.randn differs in the last bits.
Small draws are kept whole (base64 of little-endian values), large ones as a SHA-256 of the same bytes.
"""

import base64
import hashlib
import json
import os
import pathlib
import subprocess
import sys

import numpy
import torch

VERSION = "2.13.0"
KEPT_WHOLE = 80


def encode(values):
    array = values.contiguous().numpy()
    array = array.astype("<f4") if array.dtype == numpy.float32 else array.astype("<f8")
    data = array.tobytes()
    if array.size <= KEPT_WHOLE:
        return {"base64": base64.b64encode(data).decode()}
    return {"sha256": hashlib.sha256(data).hexdigest()}


def draw(generator, op, *args):
    if op == "randn":
        return torch.randn(args[0], generator=generator)
    if op == "rand":
        return torch.rand(args[0], generator=generator)
    if op == "randint":
        return torch.randint(args[0], args[1], (args[2],), generator=generator)
    if op == "randperm":
        return torch.randperm(args[0], generator=generator)
    raise ValueError(op)


def sequence(name, seed, draws):
    generator = torch.Generator().manual_seed(seed)
    return {
        "name": name,
        "seed": str(seed),
        "draws": [{"op": op, "args": args, **encode(draw(generator, op, *args))} for op, *args in draws],
    }


def without_vectors():
    """torch's portable path, for the size of the difference between CPUs."""
    code = (
        "import torch, sys; g = torch.Generator().manual_seed(7);"
        "sys.stdout.buffer.write(torch.randn(4096, generator=g).numpy().tobytes())"
    )
    env = dict(os.environ, ATEN_CPU_CAPABILITY="default")
    data = subprocess.run([sys.executable, "-c", code], env=env, check=True, capture_output=True).stdout
    return {"seed": "7", "count": 4096, "base64": base64.b64encode(data).decode()}


def main():
    if torch.__version__.split("+")[0] != VERSION:
        sys.exit(f"torch {VERSION} is wanted, this is {torch.__version__}")
    if torch.backends.cpu.get_cpu_capability() not in ("AVX2", "AVX512"):
        sys.exit("A CPU with AVX2 is wanted.")

    sequences = [sequence(f"randn({n}), fresh generator", 42, [("randn", n)]) for n in range(1, 65)]
    sequences += [sequence(f"rand({n}), fresh generator", 42, [("rand", n)]) for n in (1, 2, 15, 16, 17, 64, 5000)]

    seeds = [0, 1, 42, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**32 + 1, 2**53 - 1, 2**53, 2**63 - 1, 2**63, 2**64 - 1, -1, -(2**63)]
    seeds += [123456789, 987654321987654321]
    for seed in seeds:
        sequences.append(sequence(f"seed {seed}", seed, [("randn", 3), ("randn", 33), ("rand", 5), ("randint", 0, 1000, 8)]))

    latent = 4 * 64 * 64
    for count in (latent, 128 * 28 * 28, 3 * 17 * 31, 1 * 5 * 7 * 11, 2 * latent + 1, 65, 100, 624, 625, 1001):
        sequences.append(sequence(f"randn({count}) and what follows", 31337, [("randn", count), ("randn", 5), ("rand", 4)]))

    mixed = []
    for count in (1, 17, 1, 2, 16, 3, 15, 15, 32, 7, 100, 1, 31, 4, 1, 64, 13, 2000, 1, 1):
        mixed.append(("randn", count))
    mixed += [("rand", 9), ("randn", 1), ("randint", 0, 10, 3), ("randn", 1), ("randperm", 10), ("randn", 2), ("randn", 2)]
    sequences.append(sequence("mixed sizes, the kept normal survives other draws", 2024, mixed))
    sequences.append(sequence("an ancestral sampler: a latent at each of 20 steps", 5, [("randn", latent)] * 20 + [("rand", 2)]))

    ranges = [
        (0, 1000), (0, 1), (0, 2), (-5, 5), (10, 11), (0, 2**16), (3, 2**28 + 2), (3, 2**28 + 3), (0, 2**28),
        (0, 2**31), (-(2**31), 2**31), (0, 2**32 - 1), (0, 2**32), (0, 2**32 + 1), (-7, 2**40), (0, 2**53 - 1), (-(2**52), 2**52 - 1),
    ]  # fmt: skip
    for low, high in ranges:
        sequences.append(sequence(f"randint({low}, {high})", 99, [("randint", low, high, 40), ("rand", 3)]))
    sequences.append(sequence("timesteps of a training batch", 3, [("randn", 128 * 28 * 28), ("randint", 0, 1000, 128)] * 3))

    for n in (0, 1, 2, 3, 10, 64, 1000, 4096, 29999, 30000, 60000, 70001):
        sequences.append(sequence(f"randperm({n})", 11, [("randperm", n), ("rand", 3)]))

    path = pathlib.Path(__file__).with_name("goldens.json")
    content = {"torch": VERSION, "sequences": sequences, "withoutVectors": without_vectors()}
    path.write_text(json.dumps(content, separators=(",", ":")) + "\n")
    print(path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
