"""Nothing from a file, a claim or the command line steers a terminal: drawn at every place where text comes in."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.checkpoints.files import header_of, write

pytestmark = pytest.mark.slow

Run = Callable[..., Any]
SEEDS, DRAWS = 6, 36

PARTS = ["\x1b[31m", "\x1b]0;owned\x07", "\x9b2J", "\x85", "\x00", "\x7f", "\r", "\b\b", "\n", "\t", "\v", "\x1b(0"]
PARTS += ["\u202e", "\u2066", "\u200f", "\u2028", "\u2029", "\ufeff", "\U000e0041", "\ud800", "\udcff", "\u061c"]
PLAIN = [
    "bert",
    "H",
    "12LH",
    "encoder.layer.0",
    "a b",
    "768",
    "=",
    ",",
    "²",
    "日本",
    "é",
    "|",
    "`",
    "<b>",
    "\\",
    "%",
    "{",
]
ATLAS = Path(__file__).parents[2] / "bertsym" / "atlas" / "models"


def hostile(random: Random, *, on_disk: bool = False) -> str:
    """A text with something in it that must not be printed; one that a file or an argument may hold has no NUL."""
    parts = [random.choice(PLAIN) for _ in range(random.randrange(3))] + [random.choice(PARTS)]
    random.shuffle(parts)
    text = "".join([*parts, random.choice(PLAIN)])
    return "".join(c for c in text if c not in "\x00\ud800/") if on_disk else text


def harmless(text: str) -> bool:
    """Return True if a terminal shows the text and does nothing else."""
    return all(c == "\n" or c.isprintable() or c in "\u200c\u200d\u00a0\u202f\u3000" for c in text)


OPTIONS = {
    "total": ["--at", "--head", "--convention", "--only", "--without", "--form", "--keep", "--notation", "--rename"],
    "show": ["--by", "--layout", "--width", "--caption", "--label", "--math-font", "--tex-encoding"],
    "tensors": ["--at", "--only"],
    "explain": ["--component", "--form"],
    "diff": ["--by", "--order"],
    "solve": ["--target", "--for", "--range", "--where", "--tie", "--at-most", "--multiple-of", "--tolerance"],
    "compare": ["--head"],
    "macros": ["--prefix", "--rename"],
    "audit": ["--of", "--where", "--formula", "--notation", "--model"],
    "verify": ["--model", "--at", "--head"],
}
OUTPUTS = [[], ["--json"], ["--latex"], ["--markdown"], ["--legend"]]


def typed(random: Random, _folder: Path) -> list[str]:
    """A command line with something strange in one place of it."""
    command = random.choice(list(OPTIONS))
    words = {"solve": ["bert", "--target", "110M"], "audit": ["12LH^2"], "compare": ["bert", "gpt2"]}.get(
        command, ["bert"]
    )
    strange = hostile(random, on_disk=True)
    kind = random.randrange(4)
    if kind == 0:
        words = [strange, *words[1:]]
    elif kind == 1:
        words = [*words, f"--{strange}"]
    else:
        option = random.choice(OPTIONS[command])
        words = [*words, option, random.choice(["", "H=", "size=", "a="]) + strange]
    return [command, *words, *random.choice(OUTPUTS)]


def _mutated(random: Random, found: Any, *, keys: bool = True) -> Any:
    """The JSON with one of its texts, or of the names of its fields, made strange."""
    places = list(_places(found))
    path = random.choice([place for place in places if keys or not isinstance(place[-1], tuple)])
    made = json.loads(json.dumps(found))
    inner = made
    for step in path[:-1]:
        inner = inner[step]
    last = path[-1]
    if isinstance(last, tuple):
        inner[last[0] + hostile(random)] = inner.pop(last[0])
    else:
        inner[last] = hostile(random)
    return made


def _places(found: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    for key, inner in found.items() if isinstance(found, dict) else enumerate(found):
        if isinstance(found, dict):
            yield (*path, (key,))
        if isinstance(inner, dict | list):
            yield from _places(inner, (*path, key))
        else:
            yield (*path, key)


def config(random: Random, folder: Path) -> list[str]:
    """A config.json that is strange in one place."""
    plain = {
        "model_type": random.choice(["bert", "gpt2", "llama"]),
        "architectures": ["BertForMaskedLM"],
        "_name_or_path": "somebody/bert",
        "hidden_size": 768,
        "position_embedding_type": "absolute",
        "hidden_act": "gelu",
    }
    inside = folder / hostile(random, on_disk=True)
    inside.mkdir(exist_ok=True)
    (inside / "config.json").write_text(json.dumps(_mutated(random, plain)), encoding="utf-8")
    command = random.choice(["total", "show", "tensors", "explain", "macros", "verify"])
    return [command, str(inside), *(random.choice(OUTPUTS) if command not in ("macros", "verify") else [])]


def checkpoint(random: Random, folder: Path) -> list[str]:
    """A checkpoint with strange names of tensors, or a strange header."""
    shapes = {f"encoder.layer.{n}.attention.self.query.{what}": [8, 8] for n in range(2) for what in ("weight", "bias")}
    header = {"__metadata__": {"format": "pt"}, **header_of(shapes)}
    for _ in range(random.randrange(1, 3)):
        header = _mutated(random, header)
    path = folder / (hostile(random, on_disk=True) + ".safetensors")
    text = json.dumps(header).encode()
    write(path, text, data=1024)
    return ["verify", str(path), *random.choice([["--infer"], ["--model", "bert"], []]), *random.choice(OUTPUTS[:4])]


def saved(random: Random, folder: Path) -> list[str]:
    """A saved model that is strange in one place."""
    plain = json.loads((ATLAS / random.choice(["blip.json", "bit.json", "opt.json", "clap.json"])).read_text())
    path = folder / (hostile(random, on_disk=True) + ".json")
    path.write_text(json.dumps(_mutated(random, plain)), encoding="utf-8")
    command = random.choice(["total", "show", "tensors", "explain"])
    return [command, str(path), *random.choice(OUTPUTS)]


def claims(random: Random, folder: Path) -> list[str]:
    """A formula, a table or a text with a claim, strange somewhere."""
    kind = random.randrange(4)
    if kind == 0:
        return ["audit", hostile(random, on_disk=True) + random.choice(["12LH^2", ": 12LH^2", "= 110M"])]
    cells = (
        ["model", "H", "L", "parameters", "note"],
        ["bert", "768", "12", "110M", "x"],
        ["b", "1024", "24", "340M", ""],
    )
    rows = [list(row) for row in cells]
    row = random.choice(rows)
    row[random.randrange(5)] += "".join(c for c in hostile(random, on_disk=True) if c not in "\ud800\udcff")
    suffix = random.choice([".csv", ".md", ".tex"])
    path = folder / ("".join(c for c in hostile(random, on_disk=True) if c != "\udcff") + suffix)
    if suffix == ".csv":
        text = "\n".join(",".join(row) for row in rows)
    elif suffix == ".md":
        text = "\n".join("|" + "|".join(row) + "|" for row in [rows[0], ["---"] * 5, *rows[1:]])
    else:
        text = f"BERT has ${row[0]} 12LH^2$ parameters, {''.join(row)} 110M parameters in all."
    path.write_text(text + "\n", encoding="utf-8", errors="surrogateescape")
    return ["audit", str(path), *(["--table"] if kind == 1 and suffix != ".csv" else []), *random.choice(OUTPUTS[:4])]


def paper(random: Random, folder: Path) -> list[str]:
    """A paper with something strange in a marker, in a fragment or in its name."""
    strange = "".join(c for c in hostile(random, on_disk=True) if c != "\udcff")
    marker = random.choice([f"total bert {strange}", f"total {strange}", "total bert", "show bert", f"{strange}"])
    body = random.choice(["", f"old {strange}\n"])
    path = folder / (hostile(random, on_disk=True) + ".tex")
    text = f"{strange}\n% bertsym: {marker}\n{body}% bertsym: end\n{strange}\n"
    path.write_text(text, encoding="utf-8", newline="")
    return ["embed", str(path), *random.choice([["--diff", "--check"], ["--check"], []])]


CHANNELS = [typed, config, checkpoint, saved, claims, paper]


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda channel: channel.__name__)
@pytest.mark.parametrize("seed", range(SEEDS))
def test_nothing_steers_the_terminal(
    seed: int, channel: Callable[[Random, Path], list[str]], bertsym: Run, tmp_path: Path
) -> None:
    random = Random(f"{channel.__name__} {seed}")
    for number in range(DRAWS // SEEDS):
        folder = tmp_path / str(number)
        folder.mkdir()
        try:
            words = channel(random, folder)
        except OSError:  # a name that this file system does not take
            continue
        ran = bertsym(*words)
        shown = [words, ran.code, ran.out, ran.err]
        assert harmless(ran.out + ran.err), f"seed {seed}: {shown}"
        assert ran.code in (0, 1, 2), f"seed {seed}: {shown}"
        if ran.code == 2 and not ran.out:  # an audit that read nothing has an answer, and code 2
            last = ran.err.split("\n")[-2]
            assert last.startswith(("bertsym: ", "Error: ")), f"seed {seed}: {shown}"
        if "--json" in words and ran.code != 2:
            json.loads(ran.out)
