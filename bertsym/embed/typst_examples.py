"""Markers in Typst that are comments: a comment inside raw text is an example.

Raw text stands between backticks: one on each side, or three or more. A block comment may hold others. A link, such as
`https://example.org`, is no comment.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

_SPECIAL = re.compile(r"\\.|https?://[^\s)\]\"]*|//|/\*|`+", re.DOTALL)
_BLOCK = re.compile(r"/\*|\*/")
_RAW = 3  # backticks that begin raw text of several lines; two are empty raw text
_LOADED = re.compile(r"""\#?\b(?:include|import)\s+"([^"\n\\]+\.typ)\"""")


def live(lines: Sequence[str], marker: re.Pattern[str]) -> set[tuple[int, int]]:
    """Return the markers that are comments: the index of the line, and the index within the line.

    >>> mark = re.compile(r"(?://|/[*]) bertsym:")
    >>> sorted(live(["// bertsym: a", "`// bertsym: b` /* bertsym: c */1/* bertsym: d */"], mark))
    [(0, 0), (1, 1), (1, 2)]
    """
    found = set()
    for index, column in _comments(lines):
        if marker.match(lines[index], column):
            found.add((index, sum(match.start() < column for match in marker.finditer(lines[index]))))
    return found


def inputs(lines: Sequence[str]) -> list[tuple[int, str]]:
    """Return the files that the lines include or import, outside comments that begin the line."""
    return [
        (index, match[1])
        for index, line in enumerate(lines)
        for match in _LOADED.finditer(line)
        if not line.lstrip().startswith("//")
    ]


def _comments(lines: Sequence[str]) -> list[tuple[int, int]]:
    """Return the line and the column of each comment."""
    text = "\n".join(lines)
    starts: list[int] = []
    place = 0
    while found := _SPECIAL.search(text, place):
        piece, place = found.group(), found.end()
        if piece == "//":
            starts.append(found.start())
            end = text.find("\n", place)
            place = len(text) if end < 0 else end
        elif piece == "/*":
            starts.append(found.start())
            place = _past_block(text, place)
        elif piece.startswith("`"):
            place = _past_raw(text, piece, place)
    begins = [0, *accumulate(len(line) + 1 for line in lines)]
    places = []
    for start in starts:
        index = bisect_right(begins, start) - 1
        places.append((index, start - begins[index]))
    return places


def _past_block(text: str, place: int) -> int:
    """Return the place after a block comment, which may hold others."""
    depth = 1
    while depth:
        found = _BLOCK.search(text, place)
        if found is None:
            return len(text)
        depth += 1 if found.group() == "/*" else -1
        place = found.end()
    return place


def _past_raw(text: str, ticks: str, place: int) -> int:
    """Return the place after raw text that these backticks begin."""
    if len(ticks) == _RAW - 1:
        return place
    end = text.find(ticks, place)
    return len(text) if end < 0 else end + len(ticks)
