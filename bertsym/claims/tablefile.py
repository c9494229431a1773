"""A table of sizes and counts in CSV, TSV, Markdown or LaTeX, as rows of known sizes and one stated number."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from sympy import Symbol

from bertsym.claims.names import meaning, plain
from bertsym.errors import BadFile, BertsymError
from bertsym.model import Model
from bertsym.quantities import Stated, parse_count, parse_stated
from bertsym.spellings import in_columns
from bertsym.symbols import BY_NAME, Kind
from bertsym.values import value

# Bounds on hostile input. Every row and column costs each hypothesis a polynomial.
MAX_FILE_BYTES = 2_000_000
MAX_ROWS = 500
MAX_COLUMNS = 64

_COUNT = re.compile(r"param|\bcount|#\s*p\b", re.IGNORECASE)
_RULES = re.compile(r"\\(?:hline|toprule|midrule|bottomrule|cline\{[^{}]*\}|cmidrule(?:\([^()]*\))?\{[^{}]*\})")
_DRESS = re.compile(r"\\(?:textbf|textit|emph|mathbf|text|mathrm|texttt)\{([^{}]*)\}")


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
    """Read the table in a file, by its suffix; raises `BadFile` if no table has a column of counts.

    A title may be a name of the model's own, such as a field of its configuration.
    """
    text = read_text(path)
    suffix = Path(path).suffix.lower()
    if suffix in (".md", ".markdown"):
        lines = _markdown(text)
    elif suffix in (".tex", ".latex"):
        lines = _latex(text)
    else:
        lines = _separated(text, "\t" if suffix == ".tsv" else ",", path)
    cells = [(number, row) for number, row in lines if any(row)]
    if len(cells) > MAX_ROWS or any(len(row) > MAX_COLUMNS for _, row in cells):
        raise BadFile(path, f"a table of more than {MAX_ROWS:,} rows or {MAX_COLUMNS} columns")
    if len(cells) < 2:
        raise BadFile(path, "no table with a heading and a row")
    return _table(path, cells, model)


def _separated(text: str, mark: str, path: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(text.splitlines(), delimiter=mark)
    try:
        for row in reader:
            yield reader.line_num, [cell.strip() for cell in row]
    except csv.Error as error:
        raise BadFile(path, f"line {reader.line_num}: {error}") from None


def _markdown(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of the first table that has a column of counts."""
    inside = False
    for number, line in enumerate(text.splitlines(), start=1):
        row = [cell.strip().strip("*`") for cell in line.strip().strip("|").split("|")] if "|" in line else []
        if not inside and row and any(_COUNT.search(cell) for cell in row):
            inside = True
        elif inside and not row:
            return
        if inside and not all(re.fullmatch(r":?-+:?", cell) for cell in row):
            yield number, row


def _latex(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of the first tabular, without rules and formatting commands."""
    begin = re.search(r"\\begin\{tabular[x*]?\}(?:\{[^{}]*\})*", text)
    end = text.find(r"\end{tabular", begin.end()) if begin else -1
    if begin is None or end < 0:
        return
    position = begin.end()
    for row in text[begin.end() : end].split(r"\\"):
        number = text.count("\n", 0, position + len(row) - len(row.lstrip())) + 1
        position += len(row) + 2
        bare = _DRESS.sub(r"\1", _RULES.sub("", row)).replace(r"\#", "#").replace("$", "")
        yield number, [re.sub(r"\{,\}|\\,|~", "", cell).strip() for cell in bare.split("&")]


def _table(path: str, cells: Sequence[tuple[int, list[str]]], model: Model | None) -> SizedTable:
    heading = cells[0][1]
    counts = [place for place, title in enumerate(heading) if _COUNT.search(title)]
    if not counts:
        raise BadFile(path, "no column of counts: one heading has to say parameters, params or count")
    at = counts[0]
    symbols = {
        place: symbol for place, title in enumerate(heading) if (symbol := _symbol(title, model)) and place != at
    }
    rows = []
    for line, row in cells[1:]:
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
