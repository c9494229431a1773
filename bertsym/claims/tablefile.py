"""A table of sizes and counts in CSV, TSV, Markdown or LaTeX, as rows of known sizes and one stated number."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from sympy import Symbol

from bertsym.claims.cells import Cells, cells_of
from bertsym.claims.names import meaning, plain
from bertsym.errors import BadFile, BertsymError
from bertsym.model import Model
from bertsym.quantities import Stated, parse_count, parse_stated
from bertsym.spellings import in_columns
from bertsym.symbols import BY_NAME, Kind
from bertsym.values import value

MAX_FILE_BYTES = 2_000_000
"""The bytes of a file, which a stranger may have made."""

_COUNT = re.compile(r"param|\bcount|#\s*p\b", re.IGNORECASE)


@value
class SizedRow:
    """A row of the table: its line in the file, the sizes of one model, and the number stated for it."""

    line: int
    label: str
    sizes: Mapping[Symbol, int]
    text: str
    stated: Stated


@value
class SizedTable:
    """The rows that state a number, the sizes that have a column, and the headings that mean nothing here."""

    rows: tuple[SizedRow, ...]
    columns: tuple[Symbol, ...]
    ignored: tuple[str, ...]


def read_text(path: str) -> str:
    """Read the text of a file of bounded size; raises `BadFile`."""
    file = Path(path)
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            raise BadFile(path, f"larger than {MAX_FILE_BYTES:,} bytes")
        return file.read_text(encoding="utf-8", errors="replace").removeprefix("\ufeff")
    except OSError as error:
        raise BadFile(path, error.strerror or "cannot be read") from None


def read_table(path: str, model: Model | None = None) -> SizedTable:
    """Read the first table in a file that has a column of counts, by the file's suffix; raises `BadFile`."""
    tables = cells_of(path, read_text(path), Path(path).suffix.lower())
    if not tables:
        raise BadFile(path, "no table with a heading and a row")
    return table_of(path, next((cells for cells in tables if counted(cells)), tables[0]), model)


def counted(cells: Cells) -> bool:
    """Return True if a heading of the table says that its column counts parameters."""
    return any(_COUNT.search(title) for title in cells.heading)


def table_of(path: str, cells: Cells, model: Model | None = None) -> SizedTable:
    """Read cells as rows of sizes and counts; raises `BadFile` if no column counts parameters.

    A title may be a name of the model's own, such as a field of its configuration.
    """
    heading = cells.heading
    counts = [place for place, title in enumerate(heading) if _COUNT.search(title)]
    if not counts:
        raise BadFile(path, "no column of counts: one heading has to say parameters, params or count")
    at = counts[0]
    symbols = {
        place: symbol for place, title in enumerate(heading) if (symbol := _symbol(title, model)) and place != at
    }
    rows = []
    for line, row in cells.rows[1:]:
        if at < len(row) and row[at]:
            rows.append(_row(path, line, row, symbols, at))
    if not rows:
        raise BadFile(path, "no row states a number of parameters")
    ignored = tuple(t for place, t in enumerate(heading) if place not in symbols and place != at)
    return SizedTable(tuple(rows), tuple(dict.fromkeys(symbols.values())), ignored)


def _symbol(title: str, model: Model | None) -> Symbol | None:
    """Return the size that a title names: in the model at hand, else in tables at large."""
    raw = plain(title)
    if model is not None and model.architecture.has_own(raw):
        try:
            size = model.size(raw)
        except BertsymError:
            return None
        return None if size.kind is Kind.SWITCH else size.symbol
    folded = re.sub(r"[\s-]+", "_", plain(title.replace(" ", "_")).strip("_#")).casefold()
    name = in_columns().get(folded) or meaning(raw if len(raw) == 1 else folded)
    return BY_NAME[name].symbol if name else None


def _row(path: str, line: int, row: Sequence[str], symbols: Mapping[int, Symbol], at: int) -> SizedRow:
    try:
        cells = {symbol: row[place] for place, symbol in symbols.items() if place < len(row) and row[place]}
        sizes = {symbol: 0 if cell == "0" else parse_count(cell) for symbol, cell in cells.items()}
        text = re.sub(r"\s+|params?$|parameters$", "", row[at].lstrip("~≈"))
        stated = parse_stated(text)
    except BertsymError as error:
        raise BadFile(path, f"line {line}: {error}") from None
    label = next((cell for place, cell in enumerate(row) if place not in symbols and place != at and cell), "")
    return SizedRow(line, label, sizes, row[at], stated)
