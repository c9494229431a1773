"""Tables of plain text: columns narrowed to the screen, cells folded, and columns left out that do not fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, zip_longest
from typing import TypeVar

from bertsym.document import Code, Column, Inline, Scaled, Shape, Table, dashed, groups
from bertsym.errors import printable
from bertsym.formulas.tree import Form
from bertsym.render.screen import Screen, columns, wrap
from bertsym.values import replace

T = TypeVar("T")

_PHASES = (("formula", 40), ("number", 0), ("words", 24), ("formula", 24), ("shape", 16), ("name", 30))
"""The kinds of columns that are narrowed, one after another: each to its least width, until the table fits.

A column of numbers never gets narrower than its numbers and the words of its title.
"""

_NARROW_PHASES = (("words", 12), ("formula", 12), ("shape", 10), ("name", 16))
"""The kinds that are narrowed further on a screen that is narrower than the table."""


def table_lines(table: Table, screen: Screen) -> list[str]:
    """Return the lines of a table, and a sentence about the columns that the screen has no room for."""
    whole = shown = dashed(table)
    lines = _lines(whole, screen)
    kept = list(range(len(whole.columns)))
    while screen.width is not None and len(kept) > 1 and max(map(columns, lines)) > screen.most:
        kept.remove(max(kept[1:], key=lambda index: (not whole.columns[index].stays, index)))
        shown = _with_columns(whole, kept)
        lines = _lines(shown, screen)
    if screen.width is not None and max(map(columns, lines)) > screen.most:
        lines = _lines(replace(shown, columns=tuple(replace(c, whole=False) for c in shown.columns)), screen)
    left_out = [screen.inline(c.title) or c.name for index, c in enumerate(whole.columns) if index not in kept]
    if not left_out:
        return lines
    named = f"the column {left_out[0]} has" if len(left_out) == 1 else f"the columns {', '.join(left_out)} have"
    advice = f"a wider terminal, --columns, --json or --csv shows {'it' if len(left_out) == 1 else 'them'}"
    return [*lines, *wrap(f"({named} no room in {screen.most} characters: {advice})", screen.line)]


def _with_columns(table: Table, kept: Sequence[int]) -> Table:
    """Return the table with the columns at these indices alone."""

    def shorter(cells: tuple[T, ...]) -> tuple[T, ...]:
        return tuple(cells[index] for index in kept) if cells else ()

    rows = tuple(map(shorter, table.rows))
    return replace(table, columns=shorter(table.columns), rows=rows, footer=shorter(table.footer))


def _lines(table: Table, screen: Screen) -> list[str]:
    """Return the lines of a table as narrow as its columns can be."""
    rows = [[screen.inline(column.title) for column in table.columns]]
    cells = [row for row in (*table.rows, table.footer) if row]
    aligned = [_aligned([row[index] for row in cells], screen) for index in range(len(table.columns))]
    rows += [list(row) for row in zip(*aligned, strict=True)]
    kinds = [_kind(column, [row[index] for row in table.rows]) for index, column in enumerate(table.columns)]
    widths = _widths(rows, kinds, screen)
    over = _grouped(table, widths, screen)
    folded = [[_folded(cell, width) for cell, width in zip(row, widths, strict=True)] for row in rows]
    # A piece that cannot be broken may need more, and broken lines less.
    widths = [max(widths[i], *(columns(line) for row in folded for line in row[i])) for i in range(len(widths))]
    rule = screen.spell("─") * (sum(widths) + 2 * (len(widths) - 1))
    first, *body = (
        [_line(pieces, widths, table.columns) for pieces in zip_longest(*row, fillvalue="")] for row in folded
    )
    below = {0, *table.rules, *((len(table.rows),) if table.footer else ())}
    ruled = ([rule, *row] if index in below else row for index, row in enumerate(body))
    return [*over, *first, *([] if body else [rule]), *chain.from_iterable(ruled)]


def _aligned(cells: Sequence[Inline], screen: Screen) -> list[str]:
    """Return the cells of a column; blanks stand for missing decimals, so that decimal points align."""
    places = [max(0, cell.places) if isinstance(cell, Scaled) else None for cell in cells]
    most = max((own for own in places if own is not None), default=0)
    missing = (0 if own is None or own == most else most - own + (own == 0) for own in places)
    return [screen.inline(cell) + " " * blanks for cell, blanks in zip(cells, missing, strict=True)]


def _grouped(table: Table, widths: list[int], screen: Screen) -> list[str]:
    """Return the line of the headings over several columns, and widen the last column of a group that is narrower."""
    over = groups(table.columns)
    cells = []
    start = 0
    for name, count in over:
        title = screen.spell(printable(name))
        stop = start + count
        widths[stop - 1] += max(0, len(title) - sum(widths[start:stop]) - 2 * (count - 1))
        cells.append(title.center(sum(widths[start:stop]) + 2 * (count - 1)))
        start = stop
    return ["  ".join(cells).rstrip()] if over else []


def _kind(column: Column, cells: Sequence[Inline]) -> str:
    """Return the kind of a column; one whose cells stay whole is never narrowed, and of numbers only the title is."""
    if column.right or column.whole:
        return "number" if column.right and not column.whole else ""
    for kind, of in (("formula", Form), ("shape", Shape), ("name", Code)):
        if any(isinstance(cell, of) for cell in cells):
            return kind
    return "words"


def _phases(screen: Screen) -> Iterator[tuple[str, int, int]]:
    """Yield the kinds of columns with their least widths and the width that the table is to have."""
    (first, least), *rest = _PHASES
    yield first, least, screen.line
    for kind, least in rest:
        yield kind, least, screen.table
    for kind, least in _NARROW_PHASES if screen.width is not None else ():
        yield kind, least, screen.most


def _widths(rows: list[list[str]], kinds: list[str], screen: Screen) -> list[int]:
    """Return the column widths; a table wider than a terminal narrows its widest columns, those of names last."""
    cells = list(zip(*rows, strict=True))
    widths = [max(map(columns, column)) for column in cells]
    floors = [_floor(column) if kind == "number" else 0 for column, kind in zip(cells, kinds, strict=True)]
    gaps = 2 * (len(widths) - 1)
    for kind, least, most in _phases(screen):
        while (excess := sum(widths) + gaps - most) > 0:
            free = [i for i in range(len(widths)) if kinds[i] == kind and widths[i] > max(least, floors[i])]
            if not free:
                break
            widest = max(free, key=widths.__getitem__)
            second = max((widths[index] for index in free if index != widest), default=0)
            widths[widest] = max(least, floors[widest], widths[widest] - excess, min(second, widths[widest] - 1))
    return widths


def _floor(column: Sequence[str]) -> int:
    """Return the width of a column of numbers whose title is broken between all its words."""
    title, *cells = column
    return max(map(columns, (*title.split(), *cells)), default=0)


def _folded(cell: str, width: int) -> list[str]:
    """Return a cell in lines of that width."""
    needed = columns(cell)
    return wrap(cell, width * len(cell) // needed) if needed > width else [cell]


def _line(pieces: Sequence[str], widths: list[int], shown: tuple[Column, ...]) -> str:
    padded = (
        blanks + piece if column.right else piece + blanks
        for piece, width, column in zip(pieces, widths, shown, strict=True)
        for blanks in (" " * (width - columns(piece)),)
    )
    return "  ".join(padded).rstrip()
