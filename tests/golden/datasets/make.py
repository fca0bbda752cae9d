"""Writes small PNG and JPEG files of every pixel format, and what Pillow decodes and resizes them to.

Run: pip install -r requirements.txt && python make.py
"""

from pathlib import Path

import numpy
import PIL
import safetensors.torch
import torch
from PIL import Image

assert PIL.__version__ == "13.0.0", PIL.__version__

HERE = Path(__file__).parent
WIDTH, HEIGHT = 23, 17


def smooth(channels: int, seed: int) -> numpy.ndarray:
    """Waves of random direction, so that a wrong stride or a wrong filter shows."""
    random = numpy.random.default_rng(seed)
    y, x = numpy.mgrid[0:HEIGHT, 0:WIDTH]
    planes = [128 + 127 * numpy.sin(x * random.uniform(0.1, 0.9) + y * random.uniform(0.1, 0.9) + c) for c in range(channels)]
    return numpy.stack(planes, -1).astype(numpy.uint8)


def crop(image: Image.Image, width: int, height: int) -> Image.Image:
    """torchvision's Resize to the size that just covers, then CenterCrop."""
    factor = max(width / image.width, height / image.height)
    scaled = image.resize((max(width, int(image.width * factor)), max(height, int(image.height * factor))), Image.BILINEAR)
    left, top = round((scaled.width - width) / 2), round((scaled.height - height) / 2)
    return scaled.crop((left, top, left + width, top + height))


if __name__ == "__main__":
    rgb = Image.fromarray(smooth(3, 1), "RGB")
    rgba = Image.fromarray(smooth(4, 2), "RGBA")
    gray = Image.fromarray(smooth(1, 3)[..., 0], "L")
    indexed = rgb.quantize(13)
    files = {
        "rgb.png": (rgb, {}),
        "rgba.png": (rgba, {}),
        "gray.png": (gray, {}),
        "gray-alpha.png": (Image.merge("LA", (gray, rgba.getchannel("A"))), {}),
        "one-bit.png": (gray.convert("1"), {}),
        "sixteen-bit.png": (Image.fromarray((smooth(1, 4)[..., 0].astype(numpy.uint16) * 257)), {}),
        "indexed-4-bit.png": (indexed, {"bits": 4, "transparency": 2}),
        "color-key.png": (rgb, {"transparency": rgb.getpixel((5, 4))}),
        "rgb.jpg": (rgb, {"quality": 98, "subsampling": 0}),
    }
    arrays = {}
    for name, (image, options) in files.items():
        image.save(HERE / name, **options)
        decoded = Image.open(HERE / name)
        if name == "sixteen-bit.png":
            decoded = Image.fromarray((numpy.asarray(decoded) / 257).round().astype(numpy.uint8), "L")
        arrays[name] = numpy.asarray(decoded.convert("RGBA"))
    for name, resized in {
        "shrink": rgb.resize((9, 5), Image.BILINEAR),
        "grow": rgb.resize((40, 29), Image.BILINEAR),
        "mixed": rgb.resize((40, 5), Image.BILINEAR),
        "crop-square": crop(rgb, 8, 8),
        "crop-tall": crop(rgb, 6, 12),
        "crop-larger": crop(rgb, 30, 30),
    }.items():
        arrays[name] = numpy.asarray(resized)
    tensors = {name: torch.from_numpy(array.astype(numpy.float32)).contiguous() for name, array in arrays.items()}
    safetensors.torch.save_file(tensors, HERE / "pictures.safetensors")
