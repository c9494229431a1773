"""Advice for a text that names no model: it is a number of parameters, or a size with its value."""

from __future__ import annotations

import re

from bertsym.errors import Unreadable
from bertsym.quantities import meant_count, parse_count

_SIZE = re.compile(r"\s*[^\W\d][\w .-]*?\s*=[\w.,=/ ]*")
_BETWEEN = frozenset(("vs", "vs.", "versus", "and", "with", "&", "与", "和"))
_ORIGINAL = frozenset(
    f"{before}{name}{after}"
    for before in ("", "the ", "vanilla ", "original ")
    for name in ("transformer", "transformers", "vaswani", "attention is all you need")
    for after in ("", " base", " big", " model")
)
_PARTS = {
    **dict.fromkeys(("attention", "self-attention", "multi-head attention", "mha", "注意力"), "attention"),
    **dict.fromkeys(("feed-forward", "feedforward", "ffn", "mlp", "前馈"), "feed-forward"),
    **dict.fromkeys(("embeddings", "embedding", "嵌入", "词嵌入"), "embeddings"),
    "pooler": "pooler",
}
_UNITS = frozenset(("k", "m", "b", "t", "%", "gb", "gib", "million", "billion", "亿", "万"))


def count(text: str) -> str:
    """Return a number of parameters in the spelling that `--target` takes, or an empty text."""
    meant = meant_count(text)
    try:
        return meant if meant and parse_count(meant) else ""
    except Unreadable:
        return ""


def advice(text: str) -> str:
    """Return what to type for a number or a size in the place of a model; an empty text for anything else.

    >>> advice("110M")
    'a number of parameters: `bertsym solve --target 110M` finds sizes, `bertsym audit 110M` checks it'
    >>> advice("H=768"), advice("bertt")
    ('a size: write `--at H=768`', '')
    >>> advice("ffn")
    'a part of a model: write `--only feed-forward`, as in `bertsym explain bert --only feed-forward`'
    """
    compact = "".join(text.split())
    if text.casefold() in _BETWEEN:
        return "models stand one after another, as in `bertsym compare bert-base-uncased gpt2`"
    if text.casefold() in _UNITS:
        return "a unit: write it behind its number without a blank, as in --target 110M"
    if re.sub(r"[\W_]+", " ", text).strip().casefold() in _ORIGINAL:
        return "no class of transformers is that of Vaswani et al. 2017: marian and t5 are like it, bert is its encoder"
    if part := _PARTS.get(text.casefold()):
        return f"a part of a model: write `--only {part}`, as in `bertsym explain bert --only {part}`"
    if number := count(text):
        # A number without a unit and below ten thousand is rather a size.
        if number.isdecimal() and len(number) < 5:
            return f"a number: `--at H={number}` sets a size, and `bertsym models` lists the names"
        commands = f"`bertsym solve --target {number}` finds sizes, `bertsym audit {number}` checks it"
        return f"a number of parameters: {commands}"
    size = _SIZE.fullmatch(text) if len(text) <= 60 else None
    if size is not None:
        return f"a size: write `--at {compact}`"
    return ""
