"""Bars beside the shares of a total, for plain text: each as long as the share that stands before it.

A bar has eighths of a cell if the encoding has the characters for them, halves or whole cells otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from bertsym.document import Column, Document, Inline, Share, Table
from bertsym.errors import Conflict
from bertsym.values import replace

CELLS = 20
"""The cells of the bar of the whole: a cell is five percent, and an eighth of a cell five eighths of a percent."""

LEAST = 8
"""The fewest cells of the bar of the whole. On a terminal of fewer than 100 columns it takes a fifth of them."""

_GLYPHS = ("▏▎▍▌▋▊▉█", "▌█", "#")
"""The parts of a cell in increasing order, the whole cell last; the first row that the encoding has is used."""

Spell = Callable[[str], str]


def bar(share: Fraction, spell: Spell = str, cells: int = CELLS) -> str:
    """Return the bar of a share between 0 and 1, rounded to the nearest part of a cell, halves up.

    `spell` writes out the characters that an encoding lacks, so that the bar is drawn with others.

    >>> bar(Fraction(1, 4), cells=5), bar(Fraction(1, 4), lambda text: text.encode("ascii", "replace").decode(), 5)
    ('█▎', '#')
    """
    glyphs = next(row for row in _GLYPHS if spell(row) == row)
    parts = (2 * share.numerator * cells * len(glyphs) + share.denominator) // (2 * share.denominator)
    whole, rest = divmod(parts, len(glyphs))
    return glyphs[-1] * whole + (glyphs[rest - 1] if rest else "")


def with_bars(document: Document, spell: Spell = str, width: int | None = None) -> Document:
    """Return the document with a bar behind each share of a total, for a terminal of that width.

    Raises `Conflict` if there are no such shares.
    """
    cells = CELLS if width is None else max(LEAST, min(CELLS, width // 5))
    barred = tuple(_barred(element, spell, cells) if isinstance(element, Table) else element for element in document)
    if barred == document:
        raise Conflict("--bars", "the answer", "it has no shares of a total; give its open sizes with --at")
    return barred


def _barred(table: Table, spell: Spell, length: int) -> Table:
    """Return the table with a column of bars behind the column of shares that the footer sums to 1, if there is one."""
    of_total = (index for index, cell in enumerate(table.footer) if isinstance(cell, Share) and cell.value == 1)
    at = next(of_total, None)
    if at is None:
        return table

    def longer(cells: Sequence[Inline]) -> tuple[Inline, ...]:
        share = cells[at]
        shown = bar(share.value, spell, length) if isinstance(share, Share) else ""
        return (*cells[: at + 1], shown, *cells[at + 1 :])

    columns = (*table.columns[: at + 1], Column("", whole=True, name="bars", stays=True), *table.columns[at + 1 :])
    return replace(table, columns=columns, rows=tuple(map(longer, table.rows)), footer=longer(table.footer))
