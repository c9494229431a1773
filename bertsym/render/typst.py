"""Typst: documents as markup for the body of a paper, which needs no package."""

from __future__ import annotations

import re

from bertsym.document import (
    Alignment,
    Citation,
    Code,
    Document,
    Element,
    Equation,
    Heading,
    Inline,
    Line,
    Numeral,
    Paragraph,
    Remark,
    Result,
    Table,
    Title,
    cites,
    dashed,
    groups,
)
from bertsym.errors import Unreadable
from bertsym.render import boxes, words
from bertsym.render.effects import check
from bertsym.render.mathtypst import math, quoted, written
from bertsym.render.sheet import Sheet

PLAIN = Sheet()

_BREAKS = re.compile(r"(?<=[._])(?=[A-Za-z0-9*])")
ZERO_WIDTH_SPACE = r"\u{200b}"

MOST_ON_LINE = 60
"""The characters of a display on one line: Typst keeps what is longer on a line too, over the margin."""

MOST_UNBROKEN = 90
"""The characters of a line of a display that still fits a page; a longer one has no sum to break it at."""

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
    check(parts, sheet)
    if sheet.label and not _LABEL.fullmatch(sheet.label):
        raise Unreadable("--label", sheet.label, "for Typst letters, digits and the marks : . _ -")
    notes = ["// requires: #bibliography with the entry that `bertsym --citation` prints"] if cites(parts) else []
    return "\n".join((*notes, *(_element(part, sheet) for part in parts))) + "\n"


def inline(part: Inline, sheet: Sheet = PLAIN) -> str:
    """Return one piece of text or a table cell: numbers as text, formulas as mathematics."""
    match part:
        case _ if isinstance(part, Numeral):
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
        case Heading():
            return f"=== {_run(element.line, sheet)}\n"
        case Alignment(lines):
            return "$ " + " \\\n".join(_line(line, sheet) for line in lines) + " $"
        case Paragraph(parts):
            return f"{_run(parts, sheet)}\n"
        case Remark(parts):
            return "// " + "".join(words.inline(part) for part in parts)
        case Equation(steps):
            return _displayed(boxes.steps(steps, sheet.notation))
        case Result():
            return _displayed(boxes.result(element, sheet), _label(sheet))
        case Table():
            return _table(element, sheet)


def _displayed(steps: list[boxes.Step], label: str = "") -> str:
    """Return a display: on one line if it is short, else a line for each step, broken further between terms.

    Typst breaks no display itself. A formula with a term that is too long is a paragraph, which Typst breaks anywhere,
    unless a label needs the number of a display.
    """
    whole = boxes.chain(steps)
    if boxes.length(whole) <= MOST_ON_LINE:
        return math(whole, display=True) + label
    broken = [boxes.split(step.box, MOST_ON_LINE) for step in steps]
    if not label and any(boxes.length(line) > MOST_UNBROKEN for lines in broken for line in lines):
        return f"#block[{math(whole)}]"
    beside = len(steps) > 1 and boxes.length(steps[0].box) <= SHORT
    lines: list[str] = []
    for step, (first, *further) in zip(steps[beside:], broken[beside:], strict=True):
        sign = "" if step.sign is None else f"{written(step.sign)} "
        lines += [f"& {sign}{written(first)}", *(f'& quad "" {written(line)}' for line in further)]
    if beside:
        lines[0] = f"{written(steps[0].box)} {lines[0]}"
    return "$ " + " \\\n".join(lines) + " $" + label


def _line(line: Line, sheet: Sheet) -> str:
    """Return a line of an alignment: its label at a colon, its product at the sign, and its steps."""
    start = "" if line.start is None else f"{written(boxes.boxes(line.start, sheet.notation))} "
    chain = written(boxes.chain(boxes.steps(line.steps, sheet.notation)))
    sign = "=" if start else "#hide($=$)"
    return f"{written(boxes.label(line, sheet.notation))} &: & {start}& {sign} {chain}"


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
