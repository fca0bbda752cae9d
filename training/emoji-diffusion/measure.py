"""Measures a pipeline and draws the sheets of its card. Nothing is picked by hand: everything follows from the seeds.

    python measure.py --data data --work run --model run/pipeline --out run/figures
"""

import argparse
import json
import os

import numpy as np
import torch

from classifier import autoencoded, load_judge
from emoji import COLOUR_NAMES, COLOURS, Emoji, canonical_caption
from sample import draw, load_pipeline, sheet
from vae import to_input


def features_of(judge, pictures):
    with torch.no_grad():
        parts = [judge(to_input(torch.from_numpy(pictures[i : i + 200]))) for i in range(0, len(pictures), 200)]
    return torch.cat([p[0] for p in parts]), torch.cat([p[1] for p in parts]).argmax(1)


def ground_of(picture):
    """The name of the colour that is nearest to the median of the picture's outermost pixels."""
    edge = np.concatenate([picture[:2].reshape(-1, 3), picture[-2:].reshape(-1, 3), picture[:, :2].reshape(-1, 3), picture[:, -2:].reshape(-1, 3)])
    distance = [np.square(np.median(edge, 0) - np.array(COLOURS[name])).sum() for name in COLOUR_NAMES]
    return COLOUR_NAMES[int(np.argmin(distance))]


def ranked_objects(features, known, owners, count=5):
    """For each picture the `count` nearest training objects, each once, nearest first."""
    order = (features @ known.T).argsort(1, descending=True).numpy()
    return [list(dict.fromkeys(owners[row[: 40 * count]]))[:count] for row in order]


def captions_of(emoji, count, rng):
    """Captions as training draws them, with what they ask for."""
    wanted = []
    while len(wanted) < count:
        picture = int(rng.integers(len(emoji)))
        colour = COLOUR_NAMES[rng.integers(len(COLOUR_NAMES))]
        caption = emoji.caption(picture, colour, rng)
        style = emoji.styles[emoji.style_of[picture]]
        wanted.append(
            dict(
                caption=caption,
                object=int(emoji.object_of[picture]),
                style=int(emoji.style_of[picture]) if style in caption.split() or f"{style}," in caption.split() else None,
                ground=colour if colour in caption else "white",
            )
        )
    return wanted


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--things", default="things.txt")
    parser.add_argument("--work", required=True, help="where the judge is")
    parser.add_argument("--model", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="the main figures only")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    os.makedirs(args.out, exist_ok=True)
    emoji, judge, pipeline = Emoji(args.data, args.things), load_judge(args.work), load_pipeline(args.model)
    known = np.stack([emoji.compose(p, COLOURS["white"]) for p in range(len(emoji))])
    known, _ = features_of(judge, known)
    wanted = captions_of(emoji, args.count, np.random.default_rng(10))
    captions = [w["caption"] for w in wanted]

    def judged(pictures, wanted=wanted):
        features, styles = features_of(judge, pictures)
        ranks = ranked_objects(features, known, emoji.object_of)
        style = [(int(s), w["style"]) for s, w in zip(styles, wanted) if w["style"] is not None]
        return dict(
            top1=float(np.mean([r[0] == w["object"] for r, w in zip(ranks, wanted)])),
            top5=float(np.mean([w["object"] in r for r, w in zip(ranks, wanted)])),
            style=float(np.mean([a == b for a, b in style])),
            ground=float(np.mean([ground_of(p) == w["ground"] for p, w in zip(pictures, wanted)])),
        )

    pictures = draw(pipeline, captions)
    figures = dict(shipped=judged(pictures), count=args.count, named_styles=sum(w["style"] is not None for w in wanted))
    sheet(pictures[:100], 20, os.path.join(args.out, "samples.png"))
    print(figures, flush=True)
    if not args.quick:
        # Captions and noise that no setting was chosen by.
        others = captions_of(emoji, args.count, np.random.default_rng(20))
        figures["other_captions"] = judged(draw(pipeline, [w["caption"] for w in others], seed=1), others)
        strong = draw(pipeline, captions, guidance=4.0, rescale=0.0)
        figures["guidance4"] = judged(strong)
        # The same judge on the training pictures as the autoencoder gives them back: what a perfect U-Net would reach.
        by_caption = []
        rng = np.random.default_rng(10)
        for w in wanted:
            fits = [p for p in np.flatnonzero(emoji.object_of == w["object"]) if w["style"] in (None, emoji.style_of[p])]
            by_caption.append(emoji.compose(int(rng.choice(fits)), COLOURS[w["ground"]]))
        back = autoencoded(pipeline.vae, to_input(torch.from_numpy(np.stack(by_caption))), reduced=False)
        back = np.rint((back.permute(0, 2, 3, 1).numpy() + 1) * 127.5).astype(np.uint8)
        figures["autoencoded"] = judged(back)
        plain = draw(pipeline, captions, guidance=1.0)
        figures["guidance1"] = judged(plain)
        figures["guidance_difference"] = float(np.abs(plain.astype(int) - strong).mean())
        against = draw(pipeline, captions[:50], negative="red")
        figures["negative_red_difference"] = float(np.abs(against.astype(int) - pictures[:50]).mean())
        figures["negative_red_change_of_red_share"] = [redness(pictures[:50]), redness(against)]
        rows = np.concatenate([plain[:10], pictures[:10], strong[:10], against[:10]])
        sheet(rows, 10, os.path.join(args.out, "guidance.png"))
        rng = np.random.default_rng(11)
        chosen = emoji.held_out
        grounds = [COLOUR_NAMES[rng.integers(len(COLOUR_NAMES))] for _ in chosen]
        unseen = [canonical_caption(emoji.objects[o]["name"], emoji.styles[s], g) for (o, s), g in zip(chosen, grounds)]
        never = draw(pipeline, unseen)
        sheet(never, 10, os.path.join(args.out, "unseen.png"))
        ranks = ranked_objects(features_of(judge, never)[0], known, emoji.object_of)
        figures["unseen"] = dict(
            top1=float(np.mean([r[0] == o for r, (o, _) in zip(ranks, chosen)])),
            top5=float(np.mean([o in r for r, (o, _) in zip(ranks, chosen)])),
            style=float(np.mean([int(a) == s for a, (_, s) in zip(features_of(judge, never)[1], chosen)])),
        )
        with open(os.path.join(args.out, "captions.json"), "w") as file:
            json.dump(dict(samples=captions[:100], guidance=captions[:10], unseen=unseen), file, indent=1)
    with open(os.path.join(args.out, "figures.json"), "w") as file:
        json.dump(figures, file, indent=1)
    print(json.dumps(figures, indent=1))


def redness(pictures):
    """Mean of red less the mean of green and blue, in 0 to 255."""
    values = pictures.astype(float)
    return float((values[..., 0] - values[..., 1:].mean(-1)).mean())


if __name__ == "__main__":
    main()
