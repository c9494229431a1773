"""Everything the command line can print as LaTeX, and a pdfLaTeX that says which of it is too wide."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

from bertsym.zoo import NAMES

RENAMED = ("--rename", r"H=d_{\mathrm{model}}", "--rename", r"L=\ell", "--rename", r"heads=\mathcal{A}_k")
NOTATIONS: list[tuple[str, ...]] = [
    *(("--notation", name) for name in ("bert", "vaswani", "kaplan", "megatron")),
    RENAMED,
]
COLUMNS = {"acl": (11, "219.08pt"), "ieee": (10, "252pt"), "neurips": (10, "397.48pt"), "300pt@12": (12, "300pt")}
MODELS = [
    ("bert",),
    ("bert-base-uncased",),
    ("bert-large-uncased", "--head", "pretraining"),
    ("bert", "--at", "F=3000"),
]
FORMS: tuple[str, ...] = ("expanded", "collected", "factored", "dominant", "components")
SOLVED: list[tuple[str, ...]] = [
    ("solve", "--target", "110M", "--for", "H"),
    ("solve", "bert-base-uncased", "--target", "110M", "--for", "H"),
    ("solve", "bert-base-uncased", "--target", "110M", "--for", "L", "--explain"),
    ("solve", "bert-base-uncased", "--target", "110M", "--for", "H,L", "--top", "3", "--multiple-of", "64"),
]
TRADED: list[tuple[str, ...]] = [
    ("tradeoff", "bert-base-uncased"),
    ("tradeoff", "llama-7b", "--for", "F", "--against", "L", "--layout", "booktabs"),
]
COMPARED: list[tuple[str, ...]] = [
    ("compare", "bert-base-uncased", "bert-large-uncased"),
    ("compare", "bert-base-uncased", "bert-large-uncased", "--layout", "booktabs"),
    ("compare", "bert-tiny", "albert-base", "gpt2-small", "--values", "count,share,ratio", "--layout", "booktabs"),
    ("compare", "bert", "albert", "--legend"),
    ("models", "bert-tiny", "albert-base", "--table", "L,H,A,E,F,parameters,sharing,class"),
]
AUDITED: list[tuple[str, ...]] = [
    ("audit", "12LH^2 + 13LH + (V + N)H", "--at", "ffn_ratio=4"),
    ("audit", "110M", "--model", "bert-base-uncased"),
    ("audit", r"12 n_{layer} d_{model}^2"),
]
COSTS: list[tuple[str, ...]] = [
    *(("total", "bert-base-uncased", "--of", of, "--layout", "equation") for of in ("flops", "states", "memory")),
    ("total", "llama-7b", "--of", "cache", "--layout", "equation"),
    ("total", "bert-base-uncased", "--of", "lora", "--at", "r=8", "--layout", "equation"),
    ("roofline", "llama-7b", "--device", "a100-sxm-80gb", "--at", "B=1,S=2048"),
]
RULES: list[tuple[str, ...]] = [(), ("--layout", "booktabs")]
CHAINS: list[tuple[str, ...]] = [(), ("--layout", "align"), ("--layout", "split")]
CONDITIONS = ("convnext", "inkling_text", "canary", "aimv2")  # of the atlas: conditions of several parts, roundings
DISPLAYS: tuple[str, ...] = ("equation", "split", "align")

PACKAGES = r"\usepackage{amsmath}\usepackage{booktabs}"


def runs() -> Iterator[tuple[str, ...]]:
    """Command lines without a width: every command, form, notation, layout and model."""
    for model, form, notation in product(MODELS, FORMS, NOTATIONS):
        yield ("total", *model, "--form", form, *notation, "--layout", "equation")
    for model, form, layout in product(MODELS, FORMS, ("inline", "split", "align", "equation")):
        yield ("total", *model, "--form", form, "--layout", layout, "--legend")
    for by, order, form in product(("V", "H", "L", "heads", "ffn_ratio", "F"), ("1", "2"), FORMS[:4]):
        yield ("diff", "bert-base-uncased", "--by", by, "--order", order, "--form", form, "--layout", "equation")
    for model, by, rules in product(MODELS, ("component", "role", "layer"), RULES):
        yield ("show", *model, "--by", by, *rules, *NOTATIONS[hash_of(*model, by) % len(NOTATIONS)])
    for model, chain in product(MODELS, CHAINS):
        yield ("explain", *model, *chain, "--legend")
    for name, form in product(NAMES, FORMS):
        yield ("total", name, "--form", form, "--layout", "equation", "--legend")
    for name, notation in product(NAMES, NOTATIONS[:4]):
        yield ("show", name, *notation, "--by", "layer")
    for name in NAMES:
        yield ("explain", name)
        yield ("tensors", name)
    for name, form in product(CONDITIONS, FORMS):
        yield ("total", name, "--form", form, "--layout", "equation", "--legend")
    for name in CONDITIONS:
        yield ("explain", name)
        yield ("tensors", name)
    yield from SOLVED
    yield from TRADED
    yield from AUDITED
    yield from COMPARED
    yield from COSTS
    yield ("tensors", "bert-tiny", "--head", "pretraining")
    yield ("models",)
    yield ("symbols",)
    yield ("symbols", *RENAMED)


def runs_in(column: str) -> Iterator[tuple[str, ...]]:
    """Command lines for one column."""
    width = ("--width", column)
    for model, form, notation, layout in product(MODELS, FORMS, NOTATIONS, DISPLAYS):
        yield ("total", *model, "--form", form, *notation, "--layout", layout, *width)
    for form, layout in product(FORMS[:4], DISPLAYS):
        yield ("diff", "bert-large-uncased", "--by", "H", "--form", form, "--layout", layout, *width, "--legend")
    for model, by in product(MODELS, ("component", "role", "layer")):
        table = ("--layout", "booktabs", "--caption", "Where they are", "--label", "tab:x")
        yield ("show", *model, "--by", by, *table, *width)
    for model, chain in product(MODELS, CHAINS):
        yield ("explain", *model, *chain, *width)
    for name, form in product(NAMES, FORMS if column == "acl" else FORMS[3:]):
        yield ("total", name, "--form", form, *NOTATIONS[hash_of(name, form) % len(NOTATIONS)], *width)
    for name in NAMES if column in ("acl", "neurips") else ():
        yield ("show", name, *width)
        yield ("explain", name, *width)
    for command in (("tensors",), ("models",), ("symbols",), *SOLVED, *TRADED, *COSTS):
        yield (*command, *width)


def runs_with_conditions(width: str) -> Iterator[tuple[str, ...]]:
    """Command lines whose formulas have long conditions, for one width."""
    for name, form, layout in product(CONDITIONS, FORMS[:4], DISPLAYS):
        yield ("total", name, "--form", form, "--layout", layout, "--width", width)
    for name in ("convbert", *CONDITIONS):
        yield ("tensors", name, "--width", width)


def hash_of(*words: str) -> int:
    """The same number in every run."""
    return sum(map(ord, "".join(words)))


def document(fragments: list[str], size: int, width: str, packages: str = PACKAGES) -> str:
    """One document of all the fragments, each on pages of its own after a line that names it in the log."""
    head = [
        rf"\documentclass[{size}pt]{{article}}",
        packages,
        rf"\setlength{{\textwidth}}{{{width}}}\setlength{{\columnwidth}}{{{width}}}\setlength{{\textheight}}{{9000pt}}",
        r"\hfuzz=0.1pt\vbadness=10000\hbadness=10000\pagestyle{empty}\begin{document}",
    ]
    body = [f"\\typeout{{FRAGMENT {i}}}\n{fragment}\\clearpage" for i, fragment in enumerate(fragments)]
    return "\n".join([*head, *body, r"\end{document}"]) + "\n"


def overfull(log: str) -> dict[int, str]:
    """The fragments with an overfull line, and TeX's word on it."""
    found: dict[int, str] = {}
    current = -1
    for line in log.splitlines():
        if match := re.match(r"FRAGMENT (\d+)", line):
            current = int(match.group(1))
        elif line.startswith("Overfull \\hbox"):
            found[current] = line
    return found
