"""Typst: documents as markup for the body of a paper, which needs no package."""

from __future__ import annotations

import re

from bertsym.document import (
    Code,
    Count,
    Decimal,
    Document,
    Element,
    Equation,
    Heading,
    Inline,
    Paragraph,
    Remark,
    Result,
    Rounded,
    Share,
    Table,
)
from bertsym.errors import Conflict, Unreadable
from bertsym.render import boxes, words
from bertsym.render.mathtypst import math, quoted
from bertsym.render.sheet import Sheet

PLAIN = Sheet()

# A sign at the beginning begins a heading or a list, two hyphens are a dash, and two slashes a comment.
_SPECIAL = re.compile(r"[\\`*_\[\]#$<>@~]|^[-+=/]|(?<=^[0-9])\.|-(?=[-?])|/(?=[/*])")
_LABEL = re.compile(r"[A-Za-z0-9:._-]+", re.ASCII)


def document(parts: Document, sheet: Sheet = PLAIN) -> str:
    """Return markup, ending in a newline; a remark is a comment. Raises `Conflict` or `Unreadable`."""
    kinds = [type(part) for part in parts]
    if sheet.caption and Table not in kinds:
        raise Conflict("--caption", "the answer", "only a table has a caption")
    if sheet.label and not _LABEL.fullmatch(sheet.label):
        raise Unreadable("--label", sheet.label, "for Typst letters, digits and the marks : . _ -")
    if sheet.label and sum(kind in (Table, Result) for kind in kinds) != 1:
        raise Conflict("--label", "the answer", "it has no formula or table of its own, or several")
    return "\n".join(_element(part, sheet) for part in parts) + "\n"


def inline(part: Inline, sheet: Sheet = PLAIN) -> str:
    """Return one piece of text or a table cell: numbers as text, formulas as mathematics."""
    match part:
        case Count() | Rounded() | Share() | Decimal():
            return words.inline(part).replace("-", "−")
        case str():
            return prose(part)
        case Code():
            return f"#raw({quoted(words.inline(part))})"
        case _:
            return math(boxes.inline(part, sheet.notation))


def prose(text: str) -> str:
    r"""Return markup that shows exactly this text.

    >>> print(prose("#let x = [a_1] // no"))
    \#let x = \[a\_1\] \// no
    """
    return _SPECIAL.sub(r"\\\g<0>", words.inline(text))


def _element(element: Element, sheet: Sheet) -> str:
    match element:
        case Heading(parts):
            return f"=== {_run(parts, sheet)}\n"
        case Paragraph(parts):
            return f"{_run(parts, sheet)}\n"
        case Remark(parts):
            return "// " + "".join(words.inline(part) for part in parts)
        case Equation(steps):
            return math(boxes.chain(steps, sheet.notation), display=True)
        case Result():
            return math(boxes.result(element, sheet), display=True) + _label(sheet)
        case Table():
            return _table(element, sheet)


def _run(parts: tuple[Inline, ...], sheet: Sheet) -> str:
    return "".join(inline(part, sheet) for part in parts)


def _label(sheet: Sheet) -> str:
    return f" <{sheet.label}>" if sheet.label else ""


def _table(table: Table, sheet: Sheet) -> str:
    """Return a table with three rules; it floats as a figure if it has a caption or a label."""
    sides = ", ".join("right" if column.right else "left" for column in table.columns)
    titles = tuple(column.title for column in table.columns)
    rows = [f"table.header{_cells(titles, sheet)},", "table.hline(stroke: 0.05em),"]
    rows += [f"{_cells(row, sheet, fenced=False)}," for row in table.rows]
    if table.footer:
        rows += ["table.hline(stroke: 0.05em),", f"{_cells(table.footer, sheet, fenced=False)},"]
    body = "\n".join(
        (
            f"table(columns: {len(table.columns)}, align: ({sides},), stroke: none,",
            "table.hline(stroke: 0.08em),",
            *rows,
            "table.hline(stroke: 0.08em),",
            ")",
        )
    )
    if not sheet.caption and not sheet.label:
        return f"#{body}"
    caption = f"caption: figure.caption(position: top, [{prose(sheet.caption)}]),\n" if sheet.caption else ""
    return f"#figure({caption}{body}){_label(sheet)}"


def _cells(cells: tuple[Inline, ...], sheet: Sheet, *, fenced: bool = True) -> str:
    written = ", ".join(f"[{inline(cell, sheet)}]" for cell in cells)
    return f"({written})" if fenced else written
