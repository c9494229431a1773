"""The tables of a text as cells: in CSV, TSV, Markdown or LaTeX, each row with its line, without rules and markup."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

from bertsym.claims.merged_cells import (
    MAX_HEADING_ROWS,
    SpanCell,
    closing,
    heading_rows,
    latex_row,
    one_heading,
    spread,
    without_covered,
)
from bertsym.claims.plain_tables import plain_tables
from bertsym.claims.summaries import summary_tables
from bertsym.errors import BadFile
from bertsym.values import value

# Bounds on hostile input. Every row and column costs each hypothesis a polynomial.
MAX_ROWS = 500
MAX_COLUMNS = 64
MAX_TABLES = 200
SUMMARY_SUFFIX = ".summary"
"""The suffix under which only the summaries of programs are found in a text, fenced ones too."""

_RULES = re.compile(r"\\(?:hline|toprule|midrule|bottomrule|cline\{[^{}]*\}|cmidrule(?:\([^()]*\))?\{[^{}]*\})")
_ABOVE = re.compile(rf"(?:\s|{_RULES.pattern})*")
_DRESS = re.compile(
    r"\\(?:textbf|textit|emph|mathbf|text|mathrm|texttt|textsc|makecell|thead|shortstack)(?:\[[^\[\]]{0,9}\])?\{([^{}]*)\}"
)
_TABULAR = re.compile(r"\\begin\{(?P<name>tabular[xy*]?|longtable\*?|NiceTabular)\}(?:\[[^\[\]]{0,20}\])?")
_STACKED = re.compile(r"\\(?:makecell|thead|shortstack)(?:\[[^\[\]]{0,9}\])?\{[^{}]{0,200}\}")
MAX_SPECIFICATION = 400
"""The characters of the columns of a tabular."""


@value
class Cells:
    """The rows of a table, the heading first: for each row its line in the text and its cells."""

    rows: tuple[tuple[int, tuple[str, ...]], ...]

    @property
    def heading(self) -> tuple[str, ...]:
        """Return the cells of the first row."""
        return self.rows[0][1] if self.rows else ()

    @property
    def line(self) -> int:
        """Return the line on which the table begins."""
        return self.rows[0][0] if self.rows else 0


def cells_of(path: str, text: str, suffix: str) -> tuple[Cells, ...]:
    """Return every table of a text with a heading and a row; raises `BadFile` beyond the bounds on a table."""
    if suffix in (".csv", ".tsv"):
        tables: Iterator[list[tuple[int, list[str]]]] = iter([list(separated(path, text, suffix))])
    elif suffix == SUMMARY_SUFFIX:
        tables = summary_tables(text)
    elif suffix in (".tex", ".latex"):
        tables = latex_tables(text)
    elif suffix in (".txt", ".rst"):
        tables = (rows for rows in (*_with_bars(text), *plain_tables(text)) if rows)
    else:
        tables = markdown_tables(text)
    result = []
    for rows in tables:
        filled = tuple((line, tuple(row)) for line, row in rows if any(row))
        if len(filled) > MAX_ROWS or any(len(row) > MAX_COLUMNS for _, row in filled):
            raise BadFile(path, f"a table of more than {MAX_ROWS:,} rows or {MAX_COLUMNS} columns")
        if len(filled) > 1:
            result.append(Cells(filled))
        if len(result) > MAX_TABLES:
            raise BadFile(path, f"more than {MAX_TABLES} tables")
    return tuple(result)


def _with_bars(text: str) -> Iterator[list[tuple[int, list[str]]]]:
    """Yield the tables of Markdown in a plain text; a line between rules of `+` is part of a drawn table."""
    return iter(()) if re.search(r"^\s*\+[-=]+\+", text, re.MULTILINE) else markdown_tables(text)


def separated(path: str, text: str, suffix: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a file of values separated by commas or tabs; raises `BadFile`."""
    reader = csv.reader(text.splitlines(), delimiter="\t" if suffix == ".tsv" else ",")
    try:
        for row in reader:
            yield reader.line_num, [cell.strip() for cell in row]
    except csv.Error as error:
        raise BadFile(path, f"line {reader.line_num}: {error}") from None


def markdown_tables(text: str) -> Iterator[list[tuple[int, list[str]]]]:
    """Yield the tables of Markdown: lines in a row that have a bar. The rows above a rule are the heading."""
    rows: list[tuple[int, list[str]]] = []
    heads = 1
    for number, line in enumerate(text.splitlines(), start=1):
        row = [cell.strip().strip("*`") for cell in line.strip().strip("|").split("|")] if "|" in line else []
        if row and not all(re.fullmatch(r":?-+:?", cell) for cell in row):
            rows.append((number, row))
        elif row and rows:
            heads = len(rows) if 1 < len(rows) <= MAX_HEADING_ROWS and heads == 1 else heads
        elif not row and rows:
            yield one_heading(rows, heads)
            rows, heads = [], 1
    if rows:
        yield one_heading(rows, heads)


def latex_tables(text: str) -> Iterator[list[tuple[int, list[str]]]]:
    """Yield the rows of each tabular, without rules and formatting commands."""
    position = 0
    while (begin := _TABULAR.search(text, position)) is not None:
        start = begin.end()
        while text[start : start + 1] == "{":
            start = closing(text[: start + MAX_SPECIFICATION], start) + 1
        end = text.find(rf"\end{{{begin['name']}", start)
        if end < 0:
            return
        position = start
        lines: list[int] = []
        rows: list[list[SpanCell]] = []
        heads = 0
        for row in _STACKED.sub(_in_one_line, text[start:end]).split(r"\\"):
            number = text.count("\n", 0, position + len(_leading(row))) + 1
            position += len(row) + 2
            heads = len(rows) if not heads and r"\midrule" in row else heads
            bare = _DRESS.sub(r"\1", _RULES.sub("", row)).replace(r"\#", "#").replace(r"\%", "%").replace("$", "")
            lines.append(number)
            rows.append(latex_row(re.sub(r"\{,\}|\\,|~", "", bare)))
        grid = list(zip(lines, spread(without_covered(rows)), strict=True))
        filled = [(line, row) for line, row in grid if any(row)]
        blank = len([row for _, row in grid[:heads] if not any(row)])
        yield one_heading(filled, max(heads - blank, heading_rows([row for row in rows if any(c.text for c in row)])))
        position = end


def _leading(row: str) -> str:
    r"""Return the blanks and rules before the first cell of a row, such as `\midrule`."""
    match = _ABOVE.match(row)
    return match.group() if match else ""


def _in_one_line(match: re.Match[str]) -> str:
    r"""Return a stacked cell without its line breaks, as long as it was."""
    return match.group().replace(r"\\", "  ")
