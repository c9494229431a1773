"""A table of sizes and counts in CSV, TSV, Markdown or LaTeX, as rows of known sizes and one stated number."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from types import MappingProxyType

from sympy import Symbol

from bertsym.algebra import Value
from bertsym.claims.cells import Cells, cells_of
from bertsym.claims.headings import Heading, read_headings
from bertsym.claims.numerals import numeral
from bertsym.claims.precisions import Precision, precision_in, stored_problem
from bertsym.errors import BadFile, echo
from bertsym.model import Model
from bertsym.quantities import Stated
from bertsym.values import replace, value

LEAST_COUNT = 100_000
"""The smallest number in a grid of sizes that is read as a count of parameters without being called one."""

MAX_FILE_BYTES = 2_000_000
"""The bytes of a file, which a stranger may have made."""

_POWER = re.compile(r"[\d.]+\s*(?:[eE]|[x×*·]\s*10\^?)[-+−]?\d+")
_WORDS = re.compile(r"\s*(?:parameters|params?\.?)$", re.IGNORECASE)
_BYTES = re.compile(r"(?<![A-Za-z])[KMGT]i?B(?![A-Za-z])")
_FOOTNOTE = re.compile(r"(?:\s*(?:\[\d+\]|[*†‡]+|\\footnote\{[^{}]*\}))+$")


@value
class SizedRow:
    """A row of the table: its line in the file, the sizes of one model, and the number stated for it.

    `steps` are those of sizes that are rounded, as a vocabulary of 128K is. `beside` is the text next to the
    label, which may be the size in a table of families. `unit` is the number of bytes in the number's unit if it counts
    the bytes of a checkpoint, else 0.
    """

    line: int
    label: str
    sizes: Mapping[Symbol, Value]
    text: str
    stated: Stated
    steps: Mapping[Symbol, int] = MappingProxyType({})
    beside: str = ""
    unit: int = 0


@value
class SizedTable:
    """The rows that state a number, the sizes that have a column, and the headings that mean nothing here.

    `words` say what the numbers count, such as `encoder`; they are empty for all parameters. `notes` say which headings
    were left aside, and why. `beside` are the same rows with the numbers of further columns. `stored` are the rows with
    the sizes of their checkpoints, at a `precision` if the heading names one.
    """

    rows: tuple[SizedRow, ...]
    columns: tuple[Symbol, ...]
    ignored: tuple[str, ...]
    words: str = ""
    notes: tuple[str, ...] = ()
    beside: tuple[SizedTable, ...] = ()
    title: str = ""
    stored: tuple[SizedTable, ...] = ()
    precision: Precision | None = None


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


def counted(cells: Cells, where: Mapping[str, str] | None = None) -> bool:
    """Return True if a heading, above a column or beside a row, says that numbers count parameters, or for a grid."""
    beside = (row[0] for _, row in cells.rows if row)
    if any(heading.counts for heading in read_headings((*cells.heading, *beside), None, where)):
        return True
    grid = _grid(cells, None, where)
    return grid is not None and all(row.stated.value >= LEAST_COUNT for row in grid.rows)


def table_of(path: str, cells: Cells, model: Model | None = None, where: Mapping[str, str] | None = None) -> SizedTable:
    """Read cells as rows of sizes and counts; raises `BadFile` if no column counts parameters.

    A title may be a name of the model's own, such as a field of its configuration, or be explained by `where`. Models
    may be columns, and the cells of a grid are counts at the sizes of their row and column.
    """
    grid = _grid(cells, model, where)
    if grid is not None:
        return grid
    upright = _upright(cells, model, where)
    headings = read_headings(upright.heading, model, where)
    counts = [place for place, heading in enumerate(headings) if heading.counts]
    if not counts:
        raise BadFile(path, "no column of counts: one heading has to say parameters, params or count")
    whole = [place for place in counts if not headings[place].words] or counts
    first, *others = [*whole, *(place for place in counts if place not in whole)]
    main = _column(path, upright, headings, first)
    beside = tuple(_column(path, upright, headings, place) for place in others)
    stored = () if main.columns else tuple(_stored(upright, headings, main))
    titles = {column.title for column in stored}
    ignored = tuple(title for title in main.ignored if title not in titles)
    return replace(main, beside=beside, stored=stored, ignored=ignored)


def _stored(cells: Cells, headings: Sequence[Heading], main: SizedTable) -> Iterator[SizedTable]:
    """Yield the rows with the sizes of checkpoints in each column that has them, in the unit of its cells or heading.

    `Size (MB)` and `440 MB` under `Size` are sizes of checkpoints; memory and data are not.
    """
    texts = dict(cells.rows)
    for at, heading in enumerate(headings):
        if heading.counts or heading.symbol is not None or stored_problem(heading.title):
            continue
        unit = _BYTES.search(heading.title)
        rows = []
        for row in main.rows:
            text = texts[row.line][at] if at < len(texts[row.line]) else ""
            bare = text.strip().lstrip("~≈≃∼ ")
            plain = unit is not None and re.fullmatch(r"[\d.,]+", bare) is not None
            number = numeral(f"{bare} {unit.group()}" if plain and unit is not None else bare)
            if number is not None and number.unit:
                rows.append(replace(row, text=text, stated=number.stated, unit=number.unit))
            elif not _is_blank(text):
                rows = []
                break
        if rows:
            yield SizedTable(tuple(rows), (), (), title=heading.title, precision=precision_in(heading.title))


def _upright(cells: Cells, model: Model | None, where: Mapping[str, str] | None) -> Cells:
    """Return the table with one model in each row: transposed if models are columns."""
    if any(heading.counts for heading in read_headings(cells.heading, model, where)):
        return cells
    beside = tuple(row[0] if row else "" for _, row in cells.rows)
    if not any(heading.counts for heading in read_headings(beside, model, where)):
        return cells
    line = next(at for (at, _), title in zip(cells.rows, beside, strict=True) if _counts(title, where))
    columns = zip_longest(*(row for _, row in cells.rows), fillvalue="")
    return Cells(tuple((line, tuple(column)) for column in columns))


def _counts(title: str, where: Mapping[str, str] | None) -> bool:
    return read_headings([title], None, where)[0].counts


def _column(path: str, cells: Cells, headings: Sequence[Heading], at: int) -> SizedTable:
    """Return the rows that state a number in one column of counts; raises `BadFile`."""
    symbols = {place: heading for place, heading in enumerate(headings) if heading.symbol is not None}
    rows = []
    for line, row in cells.rows[1:]:
        if at < len(row) and row[at] and not _is_blank(row[at]):
            rows.append(_row(path, line, row, symbols, (at, headings)))
    if not rows:
        raise BadFile(path, f"no row states a number under {headings[at].title}")
    ignored = tuple(h.title for place, h in enumerate(headings) if place not in symbols and not h.counts and h.title)
    columns = tuple(dict.fromkeys(h.symbol for h in symbols.values() if h.symbol is not None))
    notes = tuple(heading.note for heading in headings if heading.note)
    return SizedTable(tuple(rows), columns, ignored, headings[at].words, notes, (), headings[at].title)


def _row(
    path: str,
    line: int,
    row: Sequence[str],
    symbols: Mapping[int, Heading],
    column: tuple[int, Sequence[Heading]],
) -> SizedRow:
    at, headings = column
    sizes: dict[Symbol, Value] = {}
    spans: dict[Symbol, int] = {}
    for place, heading in symbols.items():
        cell = row[place] if place < len(row) else ""
        if heading.symbol is None or not cell or _is_blank(cell):
            continue
        stated = _number(cell, heading.scale)
        if stated is None and cell.strip() != "0":
            raise BadFile(path, f"line {line}: under {heading.title}: expected a size such as 768, got {echo(cell)}")
        sizes[heading.symbol] = 0 if stated is None else stated.value
        if stated is not None and stated.steps[0] > 1:
            spans[heading.symbol] = stated.steps[0]
    counted_cell = _number(row[at], headings[at].scale)
    if counted_cell is None:
        problem = f"expected a number of parameters such as 110M, got {echo(row[at])}"
        raise BadFile(path, f"line {line}: under {headings[at].title}: {problem}")
    others = (cell for place, cell in enumerate(row) if place not in symbols and not headings[place].counts)
    texts = [cell for cell in others if re.search(r"[^\W\d_]", cell) and not _POWER.fullmatch(cell)]
    label, beside = (*texts[:2], "", "")[:2]
    return SizedRow(line, label, sizes, row[at], counted_cell, spans, beside)


def _number(cell: str, scale: int) -> Stated | None:
    """Return the number of a cell under a heading with a unit; None if it is none."""
    text = _FOOTNOTE.sub("", _WORDS.sub("", cell.strip().lstrip("~≈≃∼")).strip()).strip()
    alone = numeral(text)
    if alone is not None and (scale == 1 or re.search(r"[^\W\d_]", text)):
        return None if alone.unit else alone.stated
    power = len(str(scale)) - 1
    scaled = numeral(f"{text}e{power}") if scale > 1 and text[-1:].isdecimal() else None
    return None if scaled is None else scaled.stated


def _is_blank(cell: str) -> bool:
    """Return True for a cell that states nothing: a dash, n/a."""
    return cell.strip().casefold() in ("", "-", "–", "—", "--", "n/a", "na", "?", "n.a.", "/")


def _grid(cells: Cells, model: Model | None, where: Mapping[str, str] | None) -> SizedTable | None:
    """Read a grid: the sizes of its columns in the first row, those of its rows in the first column, counts inside.

    A size is named in each of its cells (`H=128`), or all are named in the corner (`L / H`). None if there is no grid.
    """
    corner = [piece for piece in re.split(r"[\\\\/|,]|\bby\b|\bvs\.?\b|×|→", cells.heading[0]) if piece.strip()]
    across = [_sized_heading(cell, corner[1:2], model, where) for cell in cells.heading[1:]]
    down = [_sized_heading(row[0], corner[:1], model, where) for _, row in cells.rows[1:]]
    if len(across) < 2 or not all(across) or not all(down):
        return None
    rows = []
    for (line, row), beside in zip(cells.rows[1:], down, strict=True):
        for cell, above in zip(row[1:], across, strict=False):
            if beside is None or above is None or _is_blank(cell):
                continue
            stated = _number(cell, 1)
            if stated is None:
                return None
            sizes: dict[Symbol, Value] = dict([beside, above])
            rows.append(SizedRow(line, ", ".join(f"{s} = {n:,}" for s, n in sizes.items()), sizes, cell, stated))
    if not rows:
        return None
    columns = tuple(dict.fromkeys(symbol for row in rows for symbol in row.sizes))
    return SizedTable(tuple(rows), columns, ())


def _sized_heading(
    cell: str, corner: Sequence[str], model: Model | None, where: Mapping[str, str] | None
) -> tuple[Symbol, int] | None:
    """Return the size and its value in a heading such as `H=128`, or `128` if the corner of the grid names the size."""
    name, sign, number = cell.rpartition("=")
    titles = [name] if sign else list(corner)
    symbol = next((heading.symbol for heading in read_headings(titles, model, where)), None)
    stated = _number(number, 1)
    return None if symbol is None or stated is None else (symbol, stated.value)
