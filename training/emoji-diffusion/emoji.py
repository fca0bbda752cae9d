"""The training pictures and their captions.

`prepare.mjs` drew the emoji without a background; here they are put on one: a plain colour that the caption names, at a
random place, in one of three sizes, and mirrored where that changes nothing of what the thing is.
"""

import json
import os

import numpy as np

SIZE = 64
# Pixels to a side of what one latent stands for.
CELL = 4
COLOURS = {
    "white": (255, 255, 255),
    "black": (16, 16, 16),
    "grey": (150, 150, 150),
    "red": (214, 48, 49),
    "orange": (243, 146, 55),
    "yellow": (250, 219, 94),
    "green": (96, 178, 102),
    "teal": (64, 170, 170),
    "blue": (72, 122, 214),
    "purple": (138, 92, 196),
    "pink": (246, 164, 196),
    "brown": (140, 98, 66),
}
COLOUR_NAMES = list(COLOURS)
# What a mirrored picture of is still the same thing; the others may hold letters, hands or directions.
MIRRORED_GROUPS = {"nature", "food"}


# So many pairs of an object and a style are kept from training, to see what the model makes of what it was never shown.
HELD_OUT = 50


class Emoji:
    """The drawn emoji of a folder made by prepare.mjs.

    With `things` (a file of slugs) only those, less the pairs that are held out; this is what U-Net and text encoder learn.
    """

    def __init__(self, folder, things=None):
        with open(os.path.join(folder, "index.json")) as file:
            index = json.load(file)
        self.styles = index["styles"]
        self.sizes = index["sizes"]
        all_objects, pictures = index["objects"], index["pictures"]
        kept = list(range(len(all_objects)))
        if things:
            with open(things) as file:
                wanted = file.read().split()
            number = {thing["slug"]: i for i, thing in enumerate(all_objects)}
            missing = [slug for slug in wanted if slug not in number]
            if missing:
                raise ValueError(f"{things}: there is nothing like {', '.join(missing)} in {folder}")
            kept = [number[slug] for slug in wanted]
        self.objects = [all_objects[i] for i in kept]
        place = {old: new for new, old in enumerate(kept)}
        has = {(place[p["object"]], p["style"]) for p in pictures if p["object"] in place}
        self.held_out = self._choose_held_out(has) if things else []
        away = set(self.held_out)
        chosen = [
            i for i, p in enumerate(pictures) if p["object"] in place and (place[p["object"]], p["style"]) not in away
        ]
        self.object_of = np.array([place[pictures[i]["object"]] for i in chosen])
        self.style_of = np.array([pictures[i]["style"] for i in chosen])
        self.rows = np.array(chosen)
        self.drawn = [
            np.memmap(os.path.join(folder, f"pictures-{size}.rgba"), np.uint8, "r", shape=(len(pictures), size, size, 4))
            for size in self.sizes
        ]

    def _choose_held_out(self, has):
        """One style of each of 50 objects that all sets have."""
        rng = np.random.default_rng(12)
        whole = [o for o in range(len(self.objects)) if all((o, s) in has for s in range(len(self.styles)))]
        objects = sorted(rng.choice(whole, HELD_OUT, replace=False))
        return [(int(o), int(rng.integers(len(self.styles)))) for o in objects]

    def pictures_of(self, things):
        """The numbers of all pictures of the things that a file names."""
        with open(things) as file:
            wanted = set(file.read().split())
        return np.flatnonzero([self.objects[o]["slug"] in wanted for o in self.object_of])

    def __len__(self):
        return len(self.object_of)

    def compose(self, picture, colour, size=1, place=(0, 0), mirror=False):
        """uint8 [64, 64, 3]: the picture on a plain ground, `place` pixels from the middle."""
        drawn = self.drawn[size][self.rows[picture]]
        if mirror:
            drawn = drawn[:, ::-1]
        edge = self.sizes[size]
        top, left = ((SIZE - edge) // 2 + offset for offset in place)
        ground = np.empty((SIZE, SIZE, 3), np.float32)
        ground[:] = colour
        alpha = drawn[..., 3:].astype(np.float32) / 255
        there = ground[top : top + edge, left : left + edge]
        there[:] = there * (1 - alpha) + drawn[..., :3] * alpha
        return np.rint(ground).astype(np.uint8)

    def augmented(self, picture, rng, any_mirror=False, whole_cells=False):
        """A random composition and the name of its ground.

        `whole_cells` moves by whole cells of the latents (4 pixels) and leaves out the smallest size: to the U-Net a thing that
        has moved is then the same latents elsewhere, not other latents for every pixel of the way.
        """
        name = COLOUR_NAMES[rng.integers(len(COLOUR_NAMES))]
        colour = np.clip(np.array(COLOURS[name]) + rng.integers(-5, 6, 3), 0, 255)
        if whole_cells:
            size, step = len(self.sizes) - 1 - int(rng.random() < 0.4), CELL
        else:
            size, step = int(rng.integers(len(self.sizes))), 1
        room = (SIZE - self.sizes[size]) // 2 // step
        place = step * rng.integers(-room, room + 1, 2)
        may = any_mirror or self.objects[self.object_of[picture]]["group"] in MIRRORED_GROUPS
        mirror = bool(may and rng.random() < 0.5)
        return self.compose(picture, colour, size, place, mirror), name

    def phrase_of(self, object_index, rng):
        """What a caption calls the thing: its name, mostly, with or without an article or keywords."""
        thing = self.objects[object_index]
        name, words = thing["name"], thing["keywords"]
        dice = rng.random()
        if dice < 0.05 and len(words) >= 3:
            return " ".join(rng.choice(words, 3, replace=False))
        if dice < 0.2 and words:
            return f"{name}, {rng.choice(words)}"
        if dice < 0.6:
            return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
        return name

    def caption(self, picture, colour, rng):
        """A caption of a composition; a white ground may go unnamed, as may the style."""
        style = self.styles[self.style_of[picture]]
        thing = self.phrase_of(int(self.object_of[picture]), rng)
        ground = None
        if colour != "white" or rng.random() < 0.5:
            ground = rng.choice([f"on {colour}", f"on a {colour} background", f"{colour} background"])
        manner = rng.choice([f"{style} style", f"{style}", f"in {style} style"]) if rng.random() < 0.93 else None
        dice = rng.random()
        if ground and ground.startswith("on ") and dice < 0.5:
            return ", ".join(part for part in (f"{thing} {ground}", manner) if part)
        if manner and not manner.startswith("in ") and dice < 0.75:
            return ", ".join(part for part in (f"{manner} {thing}", ground) if part)
        parts = [part for part in (manner, ground) if part]
        rng.shuffle(parts)
        return ", ".join([thing, *parts])


def canonical_caption(name, style, colour):
    """The form in which the figures are measured: "a red apple on blue, flat style"."""
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name} on {colour}, {style} style"
