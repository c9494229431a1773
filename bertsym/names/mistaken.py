"""Advice for a text that names no model: it is a number of parameters, or a size with its value."""

from __future__ import annotations

import re

from bertsym.errors import Unreadable
from bertsym.quantities import parse_count

_SIZE = re.compile(r"\s*[A-Za-z][\w .-]*?\s*=[\w.,=/ ]*")


def advice(text: str) -> str:
    """Return what to type for a number or a size in the place of a model; an empty text for anything else.

    >>> advice("110M")
    'a number of parameters: `bertsym solve --target 110M` finds sizes, `bertsym audit 110M` checks it'
    >>> advice("H=768"), advice("bertt")
    ('a size: write `--at H=768`', '')
    """
    compact = "".join(text.split())
    for count in (compact, compact.upper().replace("G", "B")):
        try:
            parse_count(count)
        except Unreadable:
            continue
        # A number without a unit and below ten thousand is rather a size.
        if count.isdecimal() and len(count) < 5:
            return f"a number: `--at H={count}` sets a size, and `bertsym models` lists the names"
        commands = f"`bertsym solve --target {count}` finds sizes, `bertsym audit {count}` checks it"
        return f"a number of parameters: {commands}"
    size = _SIZE.fullmatch(text) if len(text) <= 60 else None
    if size is not None:
        return f"a size: write `--at {compact}`"
    return ""
