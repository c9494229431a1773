"""Running text in a column: words, names of code and formulas, and the pieces of it in which no line ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from bertsym.document import Citation, Code, Inline, Numeral
from bertsym.render import cells, mathtex, words
from bertsym.render.metrics import Face
from bertsym.render.metrics import words as set_width
from bertsym.render.sheet import Column, Sheet

ROMAN = 100
BOLD = 120
"""The width of bold type in percent of the roman: at most 117 in Computer Modern, 113 in Times."""
SUBSECTION = 120 * BOLD // 100
SECTION = 144 * BOLD // 100


def run(parts: Sequence[Inline], sheet: Sheet) -> str:
    """Return the TeX of running text; in a column, a long word may end a line as a name of code does."""
    breakable = sheet.column is not None
    return "".join(cells.inline(part, sheet, breakable=breakable) for part in parts)


def check(what: str, parts: Sequence[Inline], sheet: Sheet, scale: int = ROMAN) -> None:
    """Raise `TooNarrow` if a piece of the text, set in type of that scale in percent, is wider than the column."""
    if sheet.column is not None:
        sheet.column.check(what, max(_unbroken(parts, sheet, sheet.column)) * scale // 100)


def _unbroken(parts: Sequence[Inline], sheet: Sheet, column: Column) -> Iterator[int]:
    """Yield the widths of the stretches in which no line ends."""
    width = 0
    for part in parts:
        for piece, ends in _pieces(part, sheet, column.face):
            width += piece
            if ends:
                yield width
                width = 0
    yield width


def _pieces(part: Inline, sheet: Sheet, face: Face) -> Iterator[tuple[int, bool]]:
    """Yield the widths of the pieces of a part, each with True if a line may end behind it."""
    match part:
        case Citation():
            yield 0, False  # only LaTeX knows how wide it is
        case Code(text):
            yield from _words(text, cells.name_pieces, partial(set_width, face=face, typewriter=True))
        case str():
            yield from _words(words.inline(part), cells.word_pieces, partial(set_width, face=face))
        case _ if isinstance(part, Numeral):
            yield cells.figure_width(words.inline(part), face), False
        case _:
            *most, last = _operands(mathtex.inline(part, sheet.notation, sheet.encoding))
            yield from ((cells.line_width(piece, face), True) for piece in most)
            yield cells.line_width(last, face), False


def _words(text: str, cut: Callable[[str], list[str]], width: Callable[[str], int]) -> Iterator[tuple[int, bool]]:
    for index, word in enumerate(text.split(" ")):
        if index:
            yield 0, True
        *most, last = cut(word) or [""]
        yield from ((width(piece), True) for piece in most)
        yield width(last), False


def _operands(math: str) -> list[str]:
    r"""Return the pieces of a formula: TeX ends a line behind an operator that no braces hold.

    >>> print(*_operands(r"d = \frac{H + 1}{A}(k + 1)"), sep="; ")
    d =; \frac{H + 1}{A}(k +; 1)
    """
    pieces, depth = [""], 0
    marks = cells.MARKS.findall(math)
    for before, mark in zip(["", *marks], marks, strict=False):
        depth += (mark in ("{", r"\left")) - (mark in ("}", r"\right"))
        if depth == 0 and mark == " " and before in cells.OPERATORS:
            pieces.append("")
        else:
            pieces[-1] += mark
    return pieces
