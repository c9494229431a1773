"""Widths of formulas and words in TeX, by its own rules (The TeXbook, appendix G) and its fonts' metrics.

Lengths are integers in units of 1e-8 pt: a glyph's width in millionths of an em times a size in hundredths of a point.
All TeX that this package prints is covered. If TeX chooses a delimiter by height, the width is that of the widest
candidate.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from bertsym.values import value

POINT = 10**8
_DESIGN = (5, 6, 7, 8, 9, 10, 12)


def tex_length(length: int) -> str:
    """Write a length for TeX, rounded down to hundredths of a point.

    >>> tex_length(21_908_000_000)
    '219.08pt'
    """
    return f"{length // POINT}.{length % POINT * 100 // POINT:02d}pt"


@value
class Font:
    """The metrics of one font, in millionths of its size."""

    widths: Mapping[str, int]
    italics: Mapping[str, int]
    kerns: Mapping[str, int]
    space: int
    quad: int


@cache
def font(name: str) -> Font:
    """Return a font of the table that tools/glyphs.py derives from the TFM files."""
    return Font(**_table()[name])


@cache
def _nearest(family: str, size: int) -> Font:
    """Return the font that LaTeX scales to that size: the largest design size that is not larger."""
    designs = [design for design in _DESIGN if f"{family}{design}" in _table()]
    return font(f"{family}{max((design for design in designs if design * 100 <= size), default=designs[0])}")


@cache
def _table() -> dict[str, dict[str, Any]]:
    text = files("bertsym.render").joinpath("glyphs.json").read_text(encoding="utf-8")
    return json.loads(text)["fonts"]  # type: ignore[no-any-return]


@value
class Face:
    """The fonts of a document: `sizes` are hundredths of a point for text, script and scriptscript."""

    sizes: tuple[int, int, int]
    times: bool = False

    @property
    def skips(self) -> tuple[int, int, int]:
        """Return thin, medium and thick space in halves of a mathematical unit; mathptmx sets them tighter."""
        return (4, 5, 8) if self.times else (6, 8, 10)

    def roman(self, level: int) -> tuple[Font, int]:
        """Return the upright math font at that script level, and its size."""
        return self._font("zptmcm7t", "cmr", level)

    def italic(self, level: int) -> tuple[Font, int]:
        """Return the math italic."""
        return self._font("zptmcm7m", "cmmi", level)

    def symbols(self, level: int) -> tuple[Font, int]:
        """Return the math symbols; their quad is the unit of math spacing."""
        return self._font("zptmcm7y", "cmsy", level)

    def text(self, level: int = 0) -> tuple[Font, int]:
        """Return the roman of running text, or that of words in an index."""
        size = self.sizes[min(level, 2)]
        return font("ptmr7t") if self.times else _nearest("cmr", size), size

    def typewriter(self) -> tuple[Font, int]:
        """Return the typewriter face of running text."""
        return _nearest("cmtt", self.sizes[0]), self.sizes[0]

    def smaller(self, steps: int) -> Face:
        r"""Return the fonts after `\small` (one step) or `\footnotesize` (two), as the standard classes size them.

        >>> TEN.smaller(1) == NINE, TWELVE.smaller(2) == TEN
        (True, True)
        """
        ladder = _TIMES if self.times else _MODERN
        return ladder[max(0, ladder.index(self) - steps)]

    def _font(self, times: str, modern: str, level: int) -> tuple[Font, int]:
        size = self.sizes[min(level, 2)]
        if self.times:
            return font(times), size
        return _nearest(modern, size), size


# The sizes of LaTeX (fontdef.dtx) and of mathptmx, from 6 to 12 points.
EIGHT = Face((800, 600, 500))
NINE = Face((900, 600, 500))
TEN = Face((1000, 700, 500))
ELEVEN = Face((1095, 800, 600))
TWELVE = Face((1200, 800, 600))
_MODERN = (Face((600, 500, 500)), Face((700, 500, 500)), EIGHT, NINE, TEN, ELEVEN, TWELVE)
TIMES_EIGHT = Face((800, 600, 500), times=True)
TIMES_NINE = Face((900, 700, 500), times=True)
TIMES_TEN = Face((1000, 740, 600), times=True)
TIMES_ELEVEN = Face((1095, 800, 600), times=True)
TIMES_TWELVE = Face((1200, 900, 700), times=True)
_TIMES = (
    Face((600, 500, 500), times=True),
    Face((700, 500, 500), times=True),
    TIMES_EIGHT,
    TIMES_NINE,
    TIMES_TEN,
    TIMES_ELEVEN,
    TIMES_TWELVE,
)


def words(text: str, face: Face, *, typewriter: bool = False, level: int = 0) -> int:
    """Return the width of a line of prose, or of words in an index; a character outside the table counts one em."""
    metrics, size = face.typewriter() if typewriter else face.text(level)
    glyphs = list(text) if typewriter else _ligatures(text, metrics)
    total = 0
    for here, after in zip(glyphs, [*glyphs, ""][1:], strict=True):
        width = metrics.space if here == " " else metrics.widths.get(here, metrics.quad)
        total += (width + metrics.kerns.get(f"{here} {after}", 0)) * size
    return total


def _ligatures(text: str, metrics: Font) -> list[str]:
    return [
        glyph
        for run in re.findall(r"ffi|ffl|ff|fi|fl|.", text, re.DOTALL)
        for glyph in ([run] if run in metrics.widths else list(run))
    ]
