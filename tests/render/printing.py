"""Printed documents in every syntax and layout, each formula as the text that a reader meets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any

from sympy import Symbol

from bertsym.document import (
    Alignment,
    Code,
    Count,
    Decimal,
    Equation,
    Inline,
    Result,
    Rounded,
    Scaled,
    Shape,
    Share,
    Table,
)
from bertsym.errors import TooNarrow
from bertsym.formulas.tree import Form
from bertsym.render import jsontext, latex, markdown, text, words
from bertsym.render.notation import BERT, Notation
from bertsym.render.sheet import COLUMNS, Layout, Sheet, column
from bertsym.report import Report
from bertsym.values import replace
from tests.render.reading import Tree, of_tex, of_text

_DISPLAYS = (Layout.EQUATION, Layout.SPLIT, Layout.ALIGN)
SHEETS = (
    Sheet(),
    Sheet(layout=Layout.INLINE),
    *(Sheet(layout=layout) for layout in _DISPLAYS),
    *(Sheet(layout=layout, column=COLUMNS[name]) for layout, name in product(_DISPLAYS, COLUMNS)),
    Sheet(layout=Layout.EQUATION, column=column("90pt")),  # fractions and products on several lines
)
_TEXT = (str, Code, Count, Decimal, Rounded, Scaled, Share)  # numbers take the font of the text around them
_SHORT = re.compile(r"\\,\([\d.]+(?:\\,\\textnormal\{.\})?\)| \([\d.]+[KMBTQ]?\)$", re.MULTILINE)
# The name of a part at the right of its line; a formula has no two blanks in a row.
_LABEL = re.compile(
    r" && \\text\{[^{}]*\}| \\quad \(\\text\{[^{}]*\}(?: \\\\\n& \\quad \\text\{[^{}]*\})*\)|(?<=\S)  +[a-z][a-z -]*$",
    re.MULTILINE,
)


def names(symbols: Iterable[Symbol], notation: Notation = BERT) -> Mapping[str, str]:
    """Return the symbol of each printed name; no two symbols may be printed alike."""
    found: dict[str, str] = {}
    for symbol in symbols:
        other = found.setdefault(notation.name(symbol).replace(" ", ""), str(symbol))
        assert other == str(symbol), f"{other} and {symbol} are both {notation.name(symbol)} in {notation.title}"
    return found


class Reader:
    """Reads what is printed of answers over these symbols, in the text of a terminal and in TeX."""

    def __init__(self, symbols: Iterable[Symbol], notation: Notation = BERT) -> None:
        self.notation = notation
        self.names = names(symbols, notation)

    def chain(self, element: Equation | Result, sheets: Iterable[Sheet] = SHEETS) -> Iterator[tuple[str, list[Tree]]]:
        """The sides of a chain of equalities as read in every syntax, each with its text."""
        printed = _SHORT.sub("", _LABEL.sub("", text.document((element,))))
        yield printed, of_text(printed)
        for sheet in sheets:
            if isinstance(element, Equation) and sheet.layout in (Layout.INLINE, Layout.EQUATION):
                continue
            try:
                left = "" if isinstance(element, Result) and element.left else None
                shown = latex.document((element,), replace(sheet, notation=self.notation, left=left))
                lines = shown.replace("$%\n", "$\n").splitlines()  # the end of the line is no blank
            except TooNarrow:
                continue
            printed = _SHORT.sub("", _LABEL.sub("", "\n".join(line for line in lines if not line.startswith("%"))))
            yield printed, of_tex(printed, self.names)
        printed = _SHORT.sub("", _LABEL.sub("", markdown.document((element,), self.notation)).replace("P ={}&", ""))
        yield printed, of_tex(printed, self.names)

    def lines(self, alignment: Alignment, sheets: Iterable[Sheet]) -> Iterator[tuple[str, list[Tree]]]:
        """The steps of each line of a derivation, with the product before them, as read in every syntax."""
        for line in alignment.lines:
            alone = Alignment((replace(line, label=("x",)),))
            printed = text.document((alone,)).strip().removeprefix("x")
            yield printed, of_text(printed)
            documents = [markdown.document((alone,), self.notation)]
            for sheet in sheets:
                if sheet.layout in (None, Layout.ALIGN):
                    try:
                        documents.append(latex.document((alone,), replace(sheet, notation=self.notation)))
                    except TooNarrow:
                        continue
            for document in documents:
                printed = "\n".join(row for row in document.splitlines() if not row.startswith("%"))
                printed = re.sub(r"(& )?\\text\{x\} (&:|:\{\}|:)|\\phantom\{\{\}=\{\}\}", "", printed)
                yield printed, of_tex(printed, self.names)

    def cells(self, table: Table) -> Iterator[tuple[str, Form, Tree]]:
        """The formulas and the sides of shapes in a table, as printed and read in every syntax.

        Of what a terminal shows only the last column is read, where all of it is formulas.
        """
        rows = [row for row in (*table.rows, table.footer) if row]
        last = [cell for *_, cell in rows if isinstance(cell, Form)]
        if len(last) == len(rows):
            for whole, printed in zip(last, _last(text.document((table,))), strict=True):
                yield printed, whole, only(of_text(printed))
        cells = [cell for row in rows for cell in row if cell != "" and not isinstance(cell, _TEXT)]
        sheet = Sheet(self.notation)
        for document in (latex.document((table,), sheet), markdown.document((table,), self.notation)):
            # A multiplication sign in prose is mathematics of its own.
            segments = re.findall(r"(?<!\\)\$([^$]*)\$", document.replace(r"{$\times$}", ""))
            assert len(segments) == len(cells), document
            for cell, tex in zip(cells, segments, strict=True):
                sides: tuple[Inline, ...] = cell.sides if isinstance(cell, Shape) else (cell,)
                pieces = tex.split(r" \times ") if isinstance(cell, Shape) else [tex]
                if sides == ():
                    assert pieces == [r"\textnormal{scalar}"]
                    continue
                for side, piece in zip(sides, pieces, strict=True):
                    if isinstance(side, Form):
                        yield piece, side, only(of_tex(piece, self.names))
        for shape in (cell for row in rows for cell in row if isinstance(cell, Shape) and cell.sides):
            for side, piece in zip(shape.sides, words.inline(shape).split(" × "), strict=True):
                yield piece, side, only(of_text(piece))

    def json(self, report: Report) -> Iterator[tuple[str, list[Tree]]]:
        """The `expression` and the `latex` of a report in `--json`, and those of its rows, in order."""
        for record in _records(json.loads(jsontext.document(report, self.notation))):
            plain = str(record["expression"])  # a number stands as one
            yield plain, of_text(plain)
            yield record["latex"], of_tex(record["latex"], self.names)


def only(sides: list[Tree]) -> Tree:
    """The one formula that is there."""
    (side,) = sides
    return side


def _records(found: Any) -> Iterator[dict[str, Any]]:
    """The objects with an expression in what JSON holds."""
    if isinstance(found, dict):
        if "expression" in found:
            yield found
        for inside in found.values():
            yield from _records(inside)
    elif isinstance(found, list):
        for inside in found:
            yield from _records(inside)


def _last(printed: str) -> list[str]:
    """The cells of the last column of a table for a terminal, folded lines put together again."""
    head, _, *body = printed.splitlines()
    column = re.search(r"\S+$", head)
    assert column is not None
    found: list[str] = []
    for line in body:
        if set(line) == {"─"}:
            continue
        if line[: column.start()].strip():
            found.append(line[column.start() :])
        else:
            found[-1] += " " + line[column.start() :]
    return found
