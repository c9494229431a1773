"""Pages of figures, compiled by pdfLaTeX, and what is seen on them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import need_module, need_program
from tests.typesetting import Typeset

# Of TeX, in points of PDF.
TEX_POINT = 72 / 72.27


@dataclass(frozen=True)
class Word:
    """A word on a page and its box in points of TeX, from the upper left corner of the page."""

    text: str
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class Page:
    """A compiled page: the log of TeX, the words, and the left and right end of all ink in points of TeX."""

    log: str
    words: tuple[Word, ...]
    ink: tuple[float, float]

    @property
    def text(self) -> str:
        """The words line by line, each from left to right."""
        return " ".join(word.text for word in sorted(self.words, key=lambda word: (round(word.bottom), word.left)))


def words_of(pdf: Path) -> tuple[Word, ...]:
    """The words of a PDF with their boxes, by poppler."""
    done = subprocess.run([need_program("pdftotext"), "-bbox", str(pdf), "-"], capture_output=True, check=True)
    boxes = re.findall(
        r'<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">(.*?)</word>', done.stdout.decode()
    )
    return tuple(Word(unescape(text), *(float(end) / TEX_POINT for end in box)) for *box, text in boxes)


def ink_of(pdf: Path) -> tuple[float, float]:
    """The left and right end of all ink on a page, from a picture of four dots a point."""
    command = [need_program("pdftoppm"), "-gray", "-r", "288", str(pdf)]
    picture = subprocess.run(command, capture_output=True, check=True).stdout
    header = re.match(rb"P5\s(\d+) (\d+)\s255\s", picture)
    assert header is not None
    width, height = int(header.group(1)), int(header.group(2))
    rows = picture[header.end() :]
    columns = [x for x in range(width) if min(rows[x : width * height : width]) < 128]
    return columns[0] / 4 / TEX_POINT, (columns[-1] + 1) / 4 / TEX_POINT


@pytest.fixture
def page(typeset: Callable[[str], Typeset]) -> Callable[[str], Page]:
    """Compile a whole document of one page."""

    def compiled(source: str) -> Page:
        document = typeset(source)
        return Page(document.log, words_of(document.pdf), ink_of(document.pdf))

    return compiled


@pytest.fixture
def matplotlib() -> Any:
    """The library that draws pictures."""
    return need_module("matplotlib")


def lightness(colour: str) -> float:
    """The lightness L* of RRGGBB in print without colour (CIE 1976, IEC 61966-2-1)."""
    channels = (int(colour[i : i + 2], 16) / 255 for i in (0, 2, 4))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return 116 * luminance ** (1 / 3) - 16 if luminance > 216 / 24389 else luminance * 24389 / 27
