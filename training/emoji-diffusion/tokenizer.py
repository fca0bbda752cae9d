"""A byte-pair vocabulary of the captions, in CLIP's file format (vocab.json, merges.txt).

    python tokenizer.py --data data --out run/tokenizer
"""

import argparse
import json
import os
import re

import numpy as np
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

from emoji import Emoji

MERGES = 2400
MAX_LENGTH = 32
START, END = "<|startoftext|>", "<|endoftext|>"
# CLIP's pattern: contractions, letters, single digits, everything else.
PATTERN = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    emoji = Emoji(args.data)
    rng = np.random.default_rng(0)

    def captions():
        for _ in range(4):
            for picture in range(len(emoji)):
                yield emoji.caption(picture, emoji_colour(rng), rng)
        for thing in emoji.objects:
            yield from thing["keywords"]

    tokenizer = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(PATTERN), "removed", invert=True), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=len(alphabet) * 2 + MERGES, initial_alphabet=alphabet, end_of_word_suffix="</w>", show_progress=False
    )
    tokenizer.train_from_iterator(captions(), trainer)
    merges = [tuple(m.split(" ")) if isinstance(m, str) else tuple(m) for m in json.loads(tokenizer.to_str())["model"]["merges"]]
    merges = merges[:MERGES]
    words = [*alphabet, *(letter + "</w>" for letter in alphabet), *("".join(pair) for pair in merges), START, END]
    vocabulary = {word: i for i, word in enumerate(dict.fromkeys(words))}
    os.makedirs(args.out, exist_ok=True)
    with open(os.path.join(args.out, "vocab.json"), "w") as file:
        json.dump(vocabulary, file, ensure_ascii=False)
    with open(os.path.join(args.out, "merges.txt"), "w") as file:
        file.write("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges))
    special = {"bos_token": START, "eos_token": END, "pad_token": END, "unk_token": END}
    with open(os.path.join(args.out, "tokenizer_config.json"), "w") as file:
        json.dump(
            {**special, "model_max_length": MAX_LENGTH, "tokenizer_class": "CLIPTokenizer", "do_lower_case": True, "errors": "replace"},
            file,
            indent=2,
        )
    with open(os.path.join(args.out, "special_tokens_map.json"), "w") as file:
        json.dump(special, file, indent=2)

    # transformers must read what was written, and give back what went in.
    from transformers import CLIPTokenizer

    clip = CLIPTokenizer.from_pretrained(args.out)
    for text in ["a red apple on blue, flat style", "grinning face, glossy style", "zebra xylophone 123 é"]:
        ids = clip(text)["input_ids"]
        back = re.sub(r"\s+", " ", clip.decode(ids, skip_special_tokens=True)).strip()
        print(f"{text!r}: {len(ids)} tokens, back {back!r}")
    print(f"{len(vocabulary)} tokens, {len(merges)} merges; longest canonical caption:", longest(clip, emoji))


def emoji_colour(rng):
    from emoji import COLOUR_NAMES

    return COLOUR_NAMES[rng.integers(len(COLOUR_NAMES))]


def longest(clip, emoji):
    from emoji import canonical_caption

    return max(len(clip(canonical_caption(o["name"], "cartoon", "yellow"))["input_ids"]) for o in emoji.objects)


if __name__ == "__main__":
    main()
