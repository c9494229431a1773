"""The layout of a table in a column of text: on single lines, with cells of two lines, or with cells above or below."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from bertsym.render.cells import Cell
from bertsym.render.mathwidth import formula
from bertsym.render.metrics import POINT
from bertsym.render.sheet import Column
from bertsym.values import replace, value

SLACK = POINT // 10

HINT = "pass a larger --width or fewer --columns"

MOST_LINES = 2
"""The lines of a formula in a narrow cell; a longer one stands below its row."""

INDENT = r"\quad "
"""The space before a formula below its row, and before the cells below the first of their row."""


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
    """The frame, the widths of the columns that wrap, 0 for others, and the columns that stand below their rows.

    If `stacked`, the first cell of a row stands above the others. `height` is the number of lines.
    """

    frame: Frame
    widths: tuple[int, ...]
    below: frozenset[int] = frozenset()
    height: int = 0
    stacked: bool = False

    @property
    def beside(self) -> tuple[int, ...]:
        """Return the columns that stand side by side."""
        return tuple(i for i in range(int(self.stacked), len(self.widths)) if i not in self.below)


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
    natural, least = _measured(rows, right)
    every = tuple(range(count))
    main = tuple(i for i in every if i not in formulas)
    beside = _Widths.of(every, natural, least, spans)
    below = _Widths.of(main, natural, least, spans) if formulas and main else None
    options = [
        replace(option, height=_height(option, rows, natural, column))
        for option in _plans(rows, beside, below, formulas, column)
    ]
    if options:
        return min(options, key=lambda option: option.height)
    needed = min(widths.needed() for widths in (beside, below) if widths is not None)
    raise column.too_narrow("the table", needed, HINT)


def stacked(
    rows: Sequence[Sequence[Cell]],
    right: Sequence[bool],
    formulas: frozenset[int],
    lowered: Sequence[frozenset[int]],
    column: Column,
    spans: Sequence[tuple[int, int, int]] = (),
) -> Plan:
    """Return the best layout with the first cell of each row above the others; raise `TooNarrow`.

    `lowered` are the sets of columns that may stand below the rows too. Those of formulas are broken there as displays.
    """
    natural, least = _measured(rows, right)
    indent = formula(INDENT, column.face)
    plans, needed = [], []
    for below in lowered:
        main = tuple(i for i in range(1, len(right)) if i not in below)
        if not main:
            continue
        widths = _Widths.of(main, natural, least, spans)
        alone = max([least[0], *(indent + least[i] for i in below - formulas)])
        needed.append(max(alone, indent + widths.needed()))
        for frame in FRAMES[1:]:
            room = frame.room(column, len(main)) - indent
            if alone <= column.width and sum(widths.least) <= room:
                shared = dict(zip(main, _shared(widths.natural, widths.least, room), strict=True))
                plans.append(Plan(frame, tuple(shared.get(i, 0) for i in range(len(right))), below, stacked=True))
    if not plans:
        raise column.too_narrow("the table", min(needed, default=least[0]), HINT)
    return min((replace(p, height=_height(p, rows, natural, column)) for p in plans), key=lambda plan: plan.height)


def _measured(rows: Sequence[Sequence[Cell]], right: Sequence[bool]) -> tuple[list[int], list[int]]:
    """Return the natural widths of the columns, and the least if they wrap, which numbers do not."""
    natural = [max(row[i].natural for row in rows) + SLACK for i in range(len(right))]
    least = [natural[i] if right[i] else max(row[i].least for row in rows) + SLACK for i in range(len(right))]
    return natural, least


@value
class _Widths:
    """The widths of the columns that stand side by side: natural, and the least if they wrap."""

    columns: tuple[int, ...]
    natural: tuple[int, ...]
    least: tuple[int, ...]

    @classmethod
    def of(
        cls, columns: tuple[int, ...], natural: list[int], least: list[int], spans: Sequence[tuple[int, int, int]]
    ) -> _Widths:
        """Return the widths of some columns; TeX widens the last column below a heading that is too wide for them."""
        whole, narrow = list(natural), list(least)
        for first, stop, width in spans:
            below = [i for i in columns if first <= i < stop]
            for widths in (whole, narrow) if below else ():
                widths[below[-1]] += max(0, width + SLACK - sum(widths[i] for i in below))
        return cls(columns, tuple(whole[i] for i in columns), tuple(narrow[i] for i in columns))

    def needed(self) -> int:
        """Return the width of the narrowest table of these columns."""
        return sum(self.least) + 2 * FRAMES[-1].gap * (len(self.columns) - 1)


def _plans(
    rows: Sequence[Sequence[Cell]],
    beside: _Widths,
    below: _Widths | None,
    formulas: frozenset[int],
    column: Column,
) -> Iterator[Plan]:
    """Yield the layouts that fit: single lines are the best, then those with the fewest lines."""
    count = len(beside.columns)
    for frame in FRAMES:
        if sum(beside.natural) <= frame.room(column, count):
            yield Plan(frame, (0,) * count)
            return
    words_whole = tuple(beside.least[i] if i in formulas else beside.natural[i] for i in range(count))
    for frame, least in product(FRAMES, (words_whole, beside.least) if formulas else (beside.least,)):
        room = frame.room(column, count)
        if sum(least) <= room:
            widths = _shared(beside.natural, least, room)
            wrapped = [i for i in formulas if widths[i]]
            if all(
                row[i].lines(widths[i], column.face) <= _most_lines(widths[i], column) for row in rows for i in wrapped
            ):
                yield Plan(frame, widths)
    if below is None:
        return
    for frame in FRAMES:
        room = frame.room(column, len(below.columns))
        if sum(below.least) <= room:
            shared = dict(zip(below.columns, _shared(below.natural, below.least, room), strict=True))
            yield Plan(frame, tuple(shared.get(i, 0) for i in range(count)), formulas)


def _most_lines(width: int, column: Column) -> int:
    """Return the lines that a formula may take in a cell of that width; a wide cell may have one more."""
    return MOST_LINES + (3 * width >= column.width)


def _height(option: Plan, rows: Sequence[Sequence[Cell]], natural: list[int], column: Column) -> int:
    """Return the number of lines of a layout; a formula below its row fills the column."""
    across = column.width - column.width // 8
    alone = {*option.below, *((0,) if option.stacked else ())}
    return sum(
        max(cell.lines(width, column.face) for cell, width in zip(row, option.widths, strict=True))
        + sum(row[i].lines(across if natural[i] > across else 0, column.face) for i in alone)
        for row in rows
    )


def _shared(natural: Sequence[int], least: Sequence[int], room: int) -> tuple[int, ...]:
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
