"""The ways to set a table in a column that it is too wide for: stacked, folded, smaller, with headings on two lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bertsym.document import Code, Inline, Shape, Table
from bertsym.render.sheet import Sheet, TypeSize
from bertsym.values import replace, value

Cells = tuple[Inline, ...]


@value
class Way:
    """A way to set a table: the size, the first cell of a row above the others, and the cells on a second line.

    The last `fold` numbers of each row stand below those before them.
    """

    size: TypeSize
    is_stacked: bool = False
    fold: int = 0


def ways(table: Table, sheet: Sheet) -> Iterator[Way]:
    """Yield the ways to set a table, the best first.

    Names of code are so long that a stack reads best; other tables are set smaller first. A size that the author chose
    stays.
    """
    yield Way(sheet.size)
    if sheet.column is None:
        return
    sizes = tuple(TypeSize) if sheet.size is TypeSize.NORMAL else (sheet.size,)
    stacks = (False, True) if len(table.columns) > 1 and not table.columns[0].right else (False,)
    names = any(isinstance(row[0], Code) for row in table.rows)
    if not names and len(sizes) > 1:
        yield Way(TypeSize.SMALL)
    folds = range(_numbers_at_end(table) // 2 + 1)
    yield from (Way(size, is_stacked, fold) for size in sizes for is_stacked in stacks for fold in folds)


def arranged(table: Table, way: Way) -> tuple[Table, list[tuple[Cells, ...]]]:
    """Return the table with its rows as the way has them, and the lines of headings that may stand above it."""
    if way.is_stacked:
        table = _without_empty_columns(table)
    titles = tuple(column.title for column in table.columns)
    if way.fold:
        return _folded(table, way.fold), [_cut(titles, way.fold)]
    return table, [(titles,), _two_lines(titles, [column.right for column in table.columns])]


def _numbers_at_end(table: Table) -> int:
    """Return the number of last columns that are numbers, in a table whose rows may be folded."""
    if table.footer or any(column.group for column in table.columns):
        return 0
    texts = [i for i, column in enumerate(table.columns) if not column.right]
    return len(table.columns) - 1 - max(texts, default=0)


def body(table: Table) -> tuple[Cells, ...]:
    """Return the rows, the footer among them."""
    return (*table.rows, *((table.footer,) if table.footer else ()))


def _cut(cells: Cells, fold: int) -> tuple[Cells, Cells]:
    """Return a row on two lines, the last cells below those before them."""
    stay = len(cells) - fold
    return cells[:stay], (*("" for _ in range(stay - fold)), *cells[stay:])


def _folded(table: Table, fold: int) -> Table:
    return replace(
        table,
        columns=table.columns[: len(table.columns) - fold],
        rows=tuple(line for row in table.rows for line in _cut(row, fold)),
        rules=tuple(2 * index for index in table.rules),
    )


def _without_empty_columns(table: Table) -> Table:
    """Return the table without the columns that have a heading alone, such as `tied to` if no tensor is tied."""
    kept = [i for i in range(len(table.columns)) if i == 0 or any(line[i] != "" for line in body(table))]
    return replace(
        table,
        columns=tuple(table.columns[i] for i in kept),
        rows=tuple(tuple(row[i] for i in kept) for row in table.rows),
        footer=tuple(table.footer[i] for i in kept if table.footer),
    )


def _two_lines(titles: Cells, right: Sequence[bool]) -> tuple[Cells, Cells]:
    """Return the headings on two lines: those of numbers are broken at the blank that makes them narrowest."""
    above: list[Inline] = []
    below: list[Inline] = []
    for title, number in zip(titles, right, strict=True):
        words = title.split() if isinstance(title, str) and number else []
        cuts = [(" ".join(words[:cut]), " ".join(words[cut:])) for cut in range(1, len(words))]
        first, last = min(cuts, key=lambda cut: max(map(len, cut)), default=("", title))
        above.append(first)
        below.append(last)
    return tuple(above), tuple(below)


def lowered(table: Table, formulas: frozenset[int]) -> tuple[frozenset[int], ...]:
    """Return the sets of columns that may stand below the rows of a stack: names of code, then formulas and shapes."""

    def having(kind: type) -> frozenset[int]:
        return frozenset(i for row in body(table) for i, part in enumerate(row) if i and isinstance(part, kind))

    names, shapes = having(Code), having(Shape)
    return tuple(dict.fromkeys((frozenset(), names, names | formulas - {0}, names | shapes | formulas - {0})))
