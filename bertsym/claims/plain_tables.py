"""The tables of plain texts and of reStructuredText: with columns aligned by blanks, or drawn with `+`, `-` and `|`."""

from __future__ import annotations

import re
from collections.abc import Iterator

Row = tuple[int, list[str]]

# Fewer columns than that are running text in which somebody typed two blanks.
MIN_COLUMNS = 3

_RULE = re.compile(r"\s*[-=_+|\s]*[-=_]{3,}[-=_+|\s]*")
_BORDER = re.compile(r"\s*\+(?:[-=]+\+)+\s*")
_GAP = re.compile(r"\t+|\s{2,}")


def plain_tables(text: str) -> Iterator[list[Row]]:
    """Yield the tables of a text: lines in a row with as many columns each; a rule between them is skipped."""
    rows: list[Row] = []
    drawn = False
    for number, line in enumerate([*text.splitlines(), ""], start=1):
        if _BORDER.fullmatch(line):
            drawn = True
            rows.append((number, []))
            continue
        if drawn and line.lstrip().startswith("|"):
            rows.append((number, [cell.strip() for cell in line.strip().strip("|").split("|")]))
            continue
        if drawn:
            yield list(_joined(rows))
            rows, drawn = [], False
        if _RULE.fullmatch(line):
            continue
        cells = [cell for cell in _GAP.split(line.strip()) if cell]
        if len(cells) < MIN_COLUMNS or (rows and len(cells) != len(rows[0][1])):
            if len(rows) > 1:
                yield rows
            rows = []
        if len(cells) >= MIN_COLUMNS:
            rows.append((number, cells))


def _joined(rows: list[Row]) -> Iterator[Row]:
    """Yield the rows of a drawn table; the lines between two borders are one row."""
    line, cells = 0, [""]
    for number, pieces in rows:
        if not pieces:
            if any(cells):
                yield line, cells
            line, cells = 0, [""]
        elif any(cells) and len(pieces) == len(cells):
            cells = [f"{above} {below}".strip() for above, below in zip(cells, pieces, strict=True)]
        else:
            line, cells = number, pieces
