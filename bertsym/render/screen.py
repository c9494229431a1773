"""The screen that text is written for: its width, and the spelling of characters that it lacks."""

from __future__ import annotations

import re
from collections.abc import Callable

from bertsym.document import Inline
from bertsym.render import words
from bertsym.values import value

WIDTH = 100
"""The width for which lines are broken, at most."""

WIDEST = 120
"""The most columns that a table may need if its cells can be broken."""

LEAST = 20
"""The narrowest screen that is written for."""

Spell = Callable[[str], str]


@value
class Screen:
    """A terminal of `width` columns, or a file if it is None; `spell` writes out characters that it lacks."""

    spell: Spell = str
    width: int | None = None

    @property
    def line(self) -> int:
        """Return the width for which lines are broken."""
        return WIDTH if self.width is None else max(LEAST, min(WIDTH, self.width))

    @property
    def most(self) -> int:
        """Return the width that nothing in a table may exceed on a terminal."""
        return WIDEST if self.width is None else max(LEAST, self.width)

    @property
    def table(self) -> int:
        """Return the most columns that a table may need if its cells can be broken."""
        return WIDEST if self.width is None else max(LEAST, min(WIDEST, self.width))

    def inline(self, part: Inline) -> str:
        """Write a part of a line."""
        return self.spell(words.inline(part))

    def run(self, parts: tuple[Inline, ...]) -> str:
        """Write the parts of a line one after another."""
        return self.spell("".join(map(words.inline, parts)))


def columns(text: str) -> int:
    """Return the columns of a terminal that a text takes: two for a wide character, as Chinese has, none for a mark.

    >>> columns("12·L"), columns("1.1 亿参数")
    (4, 10)
    """
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width  # noqa: PLC0415  # most texts are narrow

    return sum(2 if east_asian_width(c) in "WF" else 0 if combining(c) else 1 for c in text)


def wrap(text: str, width: int, indent: str = "") -> list[str]:
    """Break a text at its blanks; a piece longer than a line is broken after a dot, a product sign or a slash."""
    import textwrap  # noqa: PLC0415  # only answers with running text pay for it

    width = max(LEAST // 2, width)
    pieces = [part for piece in text.split(" ") for part in _pieces(piece, width - len(indent))]
    glued = " ".join(pieces)
    lines = textwrap.wrap(glued, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return [line.replace(_SPLIT + " ", "").replace(_SPLIT, "") for line in lines]


_SPLIT = "\u2060"
"""A mark behind a part of a piece that goes on; it takes no room and is removed."""


_BORDERS = (r"[^.·/]*[.·/]?", r"[^.·/_-]*[.·/_-]?", r"[A-Z]*[^A-Z.·/_-]*[.·/_-]?")
"""The places where a long piece is broken: first behind signs, then within names, then before capitals of classes."""


def _pieces(piece: str, width: int) -> list[str]:
    """Return a piece without a blank in parts that fit the width, each with the mark but for the last."""
    if len(piece) <= width:
        return [piece]
    for borders in _BORDERS:
        split = [part for part in re.findall(borders, piece) if part]
        if max(map(len, split)) <= width:
            break
    parts = [""]
    for part in split:
        if parts[-1] and len(parts[-1]) + len(part) >= width:
            parts.append("")
        parts[-1] += part
    return [*(part + _SPLIT for part in parts[:-1]), parts[-1]]
