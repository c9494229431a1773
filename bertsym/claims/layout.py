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
    r"^#{1,6} (?P<markdown>[^\n]*)|\\(?:sub)*section\*?\{(?P<tex>[^{}\n]*)\}"
    r"|^(?P<ruled>[^\n]{1,200})\n(?:={3,}|-{3,}|~{3,})[^\S\n]*$",
    re.MULTILINE,
)


class Layout:
    """An index of a text: where its sentences and paragraphs begin, and its headings."""

    def __init__(self, text: str) -> None:
        self.text = text
        borders = {0, len(text)}
        for match in _BORDER.finditer(text):
            borders.add(match.end())
        for match in _SENTENCE.finditer(text):
            if _ABBREVIATION.search(text, max(match.start() - 12, 0), match.start()) is None:
                borders.add(match.end())
        self.borders = sorted(borders)
        self.paragraphs = sorted({0, len(text), *(match.end() for match in _PARAGRAPH.finditer(text))})
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

    def earlier(self, position: int) -> str:
        """Return what stands before the sentence in its paragraph."""
        start, _ = self.paragraph(position)
        stop, _ = self.sentence(position)
        return self.text[start:stop]


def _between(borders: list[int], position: int) -> tuple[int, int]:
    index = max(bisect_right(borders, position), 1)
    start = borders[index - 1]
    stop = borders[index] if index < len(borders) else start
    return (start, stop) if stop > start else (borders[bisect_left(borders, start) - 1], stop)
