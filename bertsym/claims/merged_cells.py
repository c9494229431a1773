r"""Cells of a table that reach over several columns or rows, and headings of several rows, as one plain grid.

`\multirow`, `\multicolumn`, `colspan` and `rowspan` repeat a cell's text in every place that it covers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bertsym.claims.headings import read_headings
from bertsym.claims.numerals import numeral
from bertsym.values import value

# Bounds on hostile input: the columns and rows that one cell covers, and the rows of a heading.
MAX_COLUMNS = 64
MAX_ROWS = 100
MAX_HEADING_ROWS = 4

_UNIT = re.compile(r"[(\[（].*[)\]）]|[#×x]?\s*(?:10\^?\{?\d+\}?|[KMBG])")
_SPAN = re.compile(r"\\(?P<kind>multirow|multicolumn)\*?\s*(?:\[[^\[\]]*\]\s*)?(?=\{)")


@value
class SpanCell:
    """A cell with its text and the columns and rows that it covers."""

    text: str
    columns: int = 1
    rows: int = 1


def spread(rows: Sequence[Sequence[SpanCell]]) -> list[list[str]]:
    """Return the rows with the text of a cell in each place that it covers.

    >>> spread([[SpanCell("Model", 1, 2), SpanCell("Size", 2)], [SpanCell("L"), SpanCell("H")]])
    [['Model', 'Size', 'Size'], ['Model', 'L', 'H']]
    """
    pending: dict[int, tuple[int, str]] = {}
    grid: list[list[str]] = []
    for row in rows:
        line: list[str] = []
        for cell in row:
            line += from_above(len(line), pending)
            for _ in range(min(cell.columns, MAX_COLUMNS)):
                if cell.rows > 1:
                    pending[len(line)] = (min(cell.rows, MAX_ROWS) - 1, cell.text)
                line.append(cell.text)
        line += from_above(len(line), pending)
        grid.append(line)
    return grid


def from_above(place: int, pending: dict[int, tuple[int, str]]) -> Iterator[str]:
    """Yield the texts of the cells above that cover the next columns of a row.

    `pending` has, for the index of a column, the number of further rows that a cell covers, and its text.
    """
    while place in pending:
        rows, text = pending.pop(place)
        if rows > 1:
            pending[place] = (rows - 1, text)
        place += 1
        yield text


def latex_row(row: str) -> list[SpanCell]:
    r"""Return the cells of a row of LaTeX; an empty cell below `\multirow` is covered by it.

    >>> latex_row(r"\multirow{2}{*}{Model} & \multicolumn{2}{c|}{Size} & 5")[1]
    SpanCell(text='Size', columns=2, rows=1)
    """
    return [_latex_cell(cell) for cell in re.split(r"(?<!\\)&", row)]


def _latex_cell(cell: str) -> SpanCell:
    match = _SPAN.search(cell)
    if match is None:
        return SpanCell(cell.strip())
    arguments: list[str] = []
    at = match.end()
    while len(arguments) < 3 and at < len(cell) and cell[at] == "{":
        stop = closing(cell, at)
        arguments.append(cell[at + 1 : stop])
        at = stop + 1
        at += len(cell[at:]) - len(cell[at:].lstrip()) if len(arguments) < 3 else 0
    if len(arguments) < 3:
        return SpanCell(cell.strip())
    count = re.fullmatch(r"\s*-?(\d{1,3})\s*", arguments[0])
    inside = _latex_cell(cell[: match.start()] + arguments[2] + cell[at:])
    covered = max(int(count.group(1)), 1) if count else 1
    if match["kind"] == "multicolumn":
        return SpanCell(inside.text, covered, inside.rows)
    return SpanCell(inside.text, inside.columns, covered)


def closing(text: str, at: int) -> int:
    """Return the position of the brace that closes the one at a position, or the end of the text."""
    depth = 0
    for index in range(at, len(text)):
        depth += (text[index] == "{") - (text[index] == "}")
        if depth == 0:
            return index
    return len(text)


def without_covered(rows: Sequence[Sequence[SpanCell]]) -> list[list[SpanCell]]:
    r"""Return rows of LaTeX without the empty cells that `\multirow` covers, which LaTeX wants written."""
    covered: dict[int, int] = {}
    result: list[list[SpanCell]] = []
    for row in rows:
        kept, place = [], 0
        for cell in row:
            for column in range(place, place + cell.columns):
                covered[column] = covered.get(column, 0) - 1
            below = covered[place] >= 0 and not cell.text
            if not below:
                kept.append(cell)
                for column in range(place, place + cell.columns):
                    covered[column] = cell.rows - 1
            place += cell.columns
        result.append(kept)
    return result


def heading_rows(rows: Sequence[Sequence[SpanCell]]) -> int:
    """Return how many rows the cells of the first row say that the heading has; a row of numbers is none."""
    if not rows:
        return 0
    said = max((max(cell.rows, 1 + (cell.columns > 1)) for cell in rows[0]), default=1)
    numbered = next((i for i, row in enumerate(rows) if i and any(numeral(cell.text) for cell in row)), len(rows))
    return max(1, min(said, numbered, MAX_HEADING_ROWS))


def one_heading(rows: Sequence[tuple[int, list[str]]], count: int) -> list[tuple[int, list[str]]]:
    """Return a table whose first `count` rows are joined to one heading."""
    if count <= 1 or len(rows) <= count:
        return list(rows)
    heads = [row for _, row in rows[:count]]
    width = max(map(len, heads))
    joined = [_title([row[place] if place < len(row) else "" for row in heads]) for place in range(width)]
    return [(rows[0][0], joined), *rows[count:]]


def _title(cells: Sequence[str]) -> str:
    """Return the heading of a column: its lowest title, with those above if they say what is counted or the unit."""
    distinct = [cell.strip() for cell in dict.fromkeys(cells) if cell.strip()]
    title = distinct[-1] if distinct else ""
    for above in reversed(distinct[:-1]):
        counted = any(heading.counts for heading in read_headings([above, title]))
        if counted or _UNIT.fullmatch(title) is not None:
            title = f"{above} {title}"
    return title
