"""The layout of a table in a column of text: on single lines, with cells of two lines, or with formulas below rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bertsym.errors import TooNarrow
from bertsym.render.cells import Cell
from bertsym.render.metrics import POINT
from bertsym.render.sheet import Column
from bertsym.values import value

SLACK = POINT // 10

HINT = "pass a larger --width, --small or fewer --columns"

MOST_LINES = 2
"""The lines of a formula in its cell; a longer one stands below its row."""

INDENT = r"\quad "
"""The space before a formula below its row."""


@value
class Frame:
    """The space beside each column, on both sides; the outer edges of the table have it if `outer`."""

    gap: int
    outer: bool = True

    def room(self, column: Column, count: int) -> int:
        """Return the width that is left for the cells of so many columns."""
        return column.width - 2 * self.gap * (count if self.outer else count - 1)


# \tabcolsep as LaTeX sets it, without the outer spaces, and tightened.
FRAMES = (Frame(6 * POINT), Frame(6 * POINT, outer=False), Frame(3 * POINT, outer=False))


@value
class Plan:
    """The frame, the widths of the columns that wrap, 0 for others, and the columns that stand below their rows."""

    frame: Frame
    widths: tuple[int, ...]
    below: frozenset[int] = frozenset()


def plan(
    rows: Sequence[Sequence[Cell]],
    right: Sequence[bool],
    formulas: frozenset[int],
    column: Column | None,
    spans: Sequence[tuple[int, int, int]] = (),
) -> Plan:
    """Return the best layout that fits; raise `TooNarrow`.

    `formulas` are the columns of formulas. `spans` are headings over columns: the first column, the one after the last,
    and the width.
    """
    count = len(right)
    if column is None:
        return Plan(FRAMES[0], (0,) * count)
    natural = [max(row[i].natural for row in rows) + SLACK for i in range(count)]
    least = [natural[i] if right[i] else max(row[i].least for row in rows) + SLACK for i in range(count)]
    for first, stop, width in spans:
        needed = width - sum(natural[first:stop]) + SLACK
        natural[stop - 1] += max(0, needed)
        least[stop - 1] = max(least[stop - 1], natural[stop - 1] if needed > 0 else 0)
    options = list(_plans(rows, natural, least, formulas, column))
    if options:
        return min(options, key=lambda option: _height(option, rows, natural, column))
    main = [least[i] for i in range(count) if i not in formulas]
    tightest = FRAMES[-1]
    beside = sum(least) + column.width - tightest.room(column, count)
    below = sum(main) + column.width - tightest.room(column, len(main)) if formulas and main else beside
    raise TooNarrow("the table", -(-min(beside, below) // POINT), column.width // POINT, HINT)


def _plans(
    rows: Sequence[Sequence[Cell]], natural: list[int], least: list[int], formulas: frozenset[int], column: Column
) -> Iterator[Plan]:
    """Yield the layouts that fit: single lines are the best, then those with the fewest lines."""
    count = len(natural)
    for frame in FRAMES:
        if sum(natural) <= frame.room(column, count):
            yield Plan(frame, (0,) * count)
            return
    for frame in FRAMES:
        room = frame.room(column, count)
        if sum(least) <= room:
            widths = _shared(natural, least, room)
            if all(row[i].lines(widths[i], column.face) <= MOST_LINES for row in rows for i in formulas if widths[i]):
                yield Plan(frame, widths)
    main = [i for i in range(count) if i not in formulas]
    if not formulas or not main:
        return
    for frame in FRAMES:
        room = frame.room(column, len(main))
        if sum(least[i] for i in main) <= room:
            shared = _shared([natural[i] for i in main], [least[i] for i in main], room)
            widths = tuple(shared[main.index(i)] if i in main else 0 for i in range(count))
            yield Plan(frame, widths, formulas)


def _height(option: Plan, rows: Sequence[Sequence[Cell]], natural: list[int], column: Column) -> int:
    """Return the number of lines of a layout; a formula below its row fills the column."""
    across = column.width - column.width // 8
    return sum(
        max(cell.lines(width, column.face) for cell, width in zip(row, option.widths, strict=True))
        + sum(row[i].lines(across if natural[i] > across else 0, column.face) for i in option.below)
        for row in rows
    )


def _shared(natural: list[int], least: list[int], room: int) -> tuple[int, ...]:
    """Return the column widths: each its minimum, then the rest shared, the narrowest column first.

    A column that has its natural width does not wrap: its width is 0.
    """
    widths = list(least)
    spare = room - sum(least)
    wanting = sorted((i for i in range(len(widths)) if natural[i] > least[i]), key=lambda i: natural[i] - least[i])
    for index, i in enumerate(wanting):
        given = min(natural[i] - least[i], spare // (len(wanting) - index))
        widths[i] += given
        spare -= given
    return tuple(width if width < natural[i] else 0 for i, width in enumerate(widths))
