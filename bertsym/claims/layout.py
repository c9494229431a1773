"""The sentences, paragraphs and headings of a text, each found from a position without another pass."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right

# A blank line, a new item of a list, a row of a table and a heading end what stands before them.
_BORDER = re.compile(
    r"\n[^\S\n]*\n|\n(?=[^\S\n]*(?:[-*+•]|\d{1,3}[.)])[^\S\n])|\n(?=[^\S\n]*\|)|\n(?=#{1,6} )|\\item\b"
    r"|\\(?:sub)*(?:section|paragraph)\*?\{|(?:(?<=\n)|\A)#{1,6} [^\n]*\n|\\\\"
)
_PARAGRAPH = re.compile(r"\n[^\S\n]*\n")
_SENTENCE = re.compile(r"(?<=[.!?])[)\"'”*_`]*\s+(?=[A-Z\\(\[`$*\"'“]|\d+\s)|(?<=[。！？])")
_ABBREVIATION = re.compile(
    r"(?:\b(?:approx|ca|vs|cf|eq|fig|tab|sec|no|al|mio|mrd|tsd|bzw|resp|e\.g|i\.e|z\.B|d\.h)\.|\b[A-Z]\.)\Z",
    re.IGNORECASE,
)
_HEADING = re.compile(
    r"^#{1,6} (?P<markdown>[^\n]{0,1000})|\\(?:sub)*section\*?\{(?P<tex>[^{}\n]{0,1000})\}"
    r"|^(?P<ruled>[^\n]{1,200})\n(?:={3,}|-{3,}|~{3,})[^\S\n]*$",
    re.MULTILINE,
)

LONGEST_SENTENCE = 3_000
LONGEST_PARAGRAPH = 12_000
"""Characters. Every claim is read with its sentence and its paragraph, so a text without a full stop is cut."""


class Layout:
    """An index of a text: where its sentences and paragraphs begin, and its headings.

    Sentences and paragraphs beyond `LONGEST_SENTENCE` and `LONGEST_PARAGRAPH` are cut at a blank.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        borders = {0, len(text)}
        for match in _BORDER.finditer(text):
            borders.add(match.end())
        for match in _SENTENCE.finditer(text):
            if _ABBREVIATION.search(text, max(match.start() - 12, 0), match.start()) is None:
                borders.add(match.end())
        self.borders = _cut(text, borders, LONGEST_SENTENCE)
        paragraphs = {0, len(text), *(match.end() for match in _PARAGRAPH.finditer(text))}
        self.paragraphs = _cut(text, paragraphs, LONGEST_PARAGRAPH)
        self.headings = [(match.start(), match.group(match.lastgroup or 0)) for match in _HEADING.finditer(text)]
        self.heading_starts = [start for start, _ in self.headings]

    def sentence(self, position: int) -> tuple[int, int]:
        """Return the start and the end of the sentence, the item or the row at a position."""
        return _between(self.borders, position)

    def paragraph(self, position: int) -> tuple[int, int]:
        """Return the start and the end of the paragraph at a position."""
        return _between(self.paragraphs, position)

    def heading(self, position: int) -> str:
        """Return the last heading before a position, or an empty text."""
        index = bisect_right(self.heading_starts, position) - 1
        return self.headings[index][1] if index >= 0 else ""


def _cut(text: str, borders: set[int], longest: int) -> list[int]:
    """Return the borders in order, with others between those that are further apart than `longest`."""
    found: list[int] = []
    for border in sorted(borders):
        while found and border - found[-1] > longest:
            last = found[-1]
            blank = text.rfind(" ", last + 1, last + longest)
            found.append(blank + 1 if blank >= 0 else last + longest)
        found.append(border)
    return found


def _between(borders: list[int], position: int) -> tuple[int, int]:
    index = max(bisect_right(borders, position), 1)
    start = borders[index - 1]
    stop = borders[index] if index < len(borders) else start
    return (start, stop) if stop > start else (borders[bisect_left(borders, start) - 1], stop)
