"""Tiny models with random weights, saved by transformers and diffusers, with their inputs and outputs.

    pip install -r requirements.txt && python make.py [part …]
"""

import importlib
import sys

for part in sys.argv[1:] or ["clip_text", "unet", "autoencoder", "controlnet", "depth", "published"]:
    importlib.import_module(part)
