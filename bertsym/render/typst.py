"""Typst: documents as markup for the body of a paper, which needs no package."""

from __future__ import annotations

import re

from bertsym.document import (
    Alignment,
    Citation,
    Code,
    Count,
    Decimal,
    Document,
    Element,
    Equation,
    Heading,
    Inline,
    Line,
    Paragraph,
    Remark,
    Result,
    Rounded,
    Scaled,
    Share,
    Table,
    Title,
    dashed,
    groups,
)
from bertsym.errors import Conflict, Unreadable
from bertsym.render import boxes, words
from bertsym.render.mathtypst import math, quoted, written
from bertsym.render.sheet import Sheet

PLAIN = Sheet()

_BREAKS = re.compile(r"(?<=[._])(?=[A-Za-z0-9*])")
ZERO_WIDTH_SPACE = r"\u{200b}"

MOST_ON_LINE = 60
"""The characters of a display on one line: Typst keeps what is longer on a line too, over the margin."""

THICK, THIN = "table.hline(stroke: 0.08em),", "table.hline(stroke: 0.05em),"

SHORT = 8
"""The characters of a left side that the first step stands beside."""

LONG_NAME = 20
"""The characters of a name of code that may be broken at a dot or an underscore."""

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
        case Count() | Decimal() | Rounded() | Scaled() | Share():
            return words.inline(part)
        case str():
            return prose(part)
        case Citation(key):
            return f"~#cite(<{key}>)"
        case Code():
            return _code(words.inline(part))
        case _:
            return math(boxes.inline(part, sheet.notation))


def _code(name: str) -> str:
    """Return a name of code; a long one may end a line after a dot or an underscore."""
    shown = quoted(name)
    if len(name) > LONG_NAME:
        shown = _BREAKS.sub(lambda _: ZERO_WIDTH_SPACE, shown)
    return f"#raw({shown})"


def prose(text: str) -> str:
    r"""Return markup that shows exactly this text.

    >>> print(prose("#let x = [a_1] // no"))
    \#let x = \[a\_1\] \// no
    """
    return _SPECIAL.sub(r"\\\g<0>", words.inline(text))


def _element(element: Element, sheet: Sheet) -> str:
    match element:
        case Title(parts):
            return f"== {_run(parts, sheet)}\n"
        case Heading(parts, clause):
            return f"=== {_run((*parts, *(clause or ())), sheet)}\n"
        case Alignment(lines):
            return "\n".join(f"- {_line(line, sheet)}" for line in lines) + "\n"
        case Paragraph(parts):
            return f"{_run(parts, sheet)}\n"
        case Remark(parts):
            return "// " + "".join(words.inline(part) for part in parts)
        case Equation(steps):
            return _displayed(boxes.steps(steps, sheet.notation))
        case Result():
            return _displayed(boxes.result(element, sheet)) + _label(sheet)
        case Table():
            return _table(element, sheet)


def _line(line: Line, sheet: Sheet) -> str:
    """Return a line of a derivation: its label, and its steps as one formula."""
    steps = line.steps if line.start is None else (line.start, *line.steps)
    return f"{_run(line.label, sheet)}: {math(boxes.chain(boxes.steps(steps, sheet.notation)))}"


def _displayed(steps: list[boxes.Step]) -> str:
    """Return a display: on one line if it is short, else a line for each step, broken further between terms.

    Typst breaks no display itself.
    """
    whole = boxes.chain(steps)
    if boxes.length(whole) <= MOST_ON_LINE:
        return math(whole, display=True)
    first, *rest = steps
    beside = rest and boxes.length(first.box) <= SHORT
    lines = [] if beside else [f"& {written(line)}" for line in boxes.split(first.box, MOST_ON_LINE)]
    for step in rest:
        broken = [written(line) for line in boxes.split(step.box, MOST_ON_LINE)]
        sign = "" if step.sign is None else written(step.sign)
        lines += [f"& {sign} {broken[0]}", *(f"& quad {line}" for line in broken[1:])]
    if beside:
        lines[0] = f"{written(first.box)} {lines[0]}"
    return "$ " + " \\\n".join(lines) + " $"


def _run(parts: tuple[Inline, ...], sheet: Sheet) -> str:
    return "".join(inline(part, sheet) for part in parts)


def _label(sheet: Sheet) -> str:
    return f" <{sheet.label}>" if sheet.label else ""


def _table(table: Table, sheet: Sheet) -> str:
    """Return a table with three rules; it floats as a figure if it has a caption or a label."""
    table = dashed(table)
    sides = ", ".join("right" if column.right else "left" for column in table.columns)
    titles = _cells(tuple(column.title for column in table.columns), sheet)
    if over := groups(table.columns):
        spans = (f"table.cell(colspan: {span}, align: center)[{prose(name)}]" for name, span in over)
        titles = f"{', '.join(spans)}, {titles}"
    rows = [f"table.header({titles}),", THIN]
    for index, row in enumerate(table.rows):
        rows += [THIN] if index in table.rules and index else []
        rows.append(f"{_cells(row, sheet)},")
    if table.footer:
        rows += [THIN, f"{_cells(table.footer, sheet)},"]
    body = "\n".join(
        (
            f"table(columns: {len(table.columns)}, align: ({sides},), stroke: none,",
            THICK,
            *rows,
            THICK,
            ")",
        )
    )
    if not sheet.caption and not sheet.label:
        return f"#{body}"
    caption = f"caption: figure.caption(position: top, [{prose(sheet.caption)}]),\n" if sheet.caption else ""
    return f"#figure({caption}{body}){_label(sheet)}"


def _cells(cells: tuple[Inline, ...], sheet: Sheet) -> str:
    return ", ".join(f"[{inline(cell, sheet)}]" for cell in cells)
