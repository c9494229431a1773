"""Plain text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, zip_longest

from bertsym.document import Column, Document, Element, Equation, Heading, Inline, Paragraph, Remark, Result, Table
from bertsym.forms import Form
from bertsym.render.words import inline

WIDTH = 100
NARROWEST = 40


def document(parts: Document) -> str:
    """The answer for a terminal, ending in a newline."""
    lines: list[str] = []
    before: Element | None = None
    for part in parts:
        block = _element(part)
        if lines and (isinstance(part, Heading | Table) or isinstance(before, Table)):
            lines.append("")
        before = part
        lines.extend(block)
    return "\n".join(lines) + "\n"


def _element(element: Element) -> list[str]:
    match element:
        case Heading(parts):
            title = _run(parts)
            return [title, "─" * len(title)]
        case Paragraph(parts) | Remark(parts):
            return _wrap(_run(parts))
        case Equation(steps):
            return _steps([inline(step) for step in steps], indent="    ")
        case Result(steps):
            return _steps([inline(step) for step in steps], indent="")
        case Table():
            return _table(element)


def _run(parts: tuple[Inline, ...]) -> str:
    return "".join(inline(part) for part in parts)


def _wrap(text: str, width: int = WIDTH) -> list[str]:
    import textwrap  # noqa: PLC0415  # only answers with running text pay for it

    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)


def _steps(steps: list[str], indent: str) -> list[str]:
    first, *rest = steps
    return [indent + first, *(f"{indent}= {step}" for step in rest)]


def _table(table: Table) -> list[str]:
    rows = [[column.title for column in table.columns], *([inline(cell) for cell in row] for row in table.rows)]
    if table.footer:
        rows.append([inline(cell) for cell in table.footer])
    formulas = [any(isinstance(row[place], Form) for row in table.rows) for place in range(len(table.columns))]
    widths = _widths(rows, formulas)

    def lines(cells: list[str]) -> list[str]:
        folded = [_folded(cell, width) for cell, width in zip(cells, widths, strict=True)]
        return [_line(pieces, widths, table.columns) for pieces in zip_longest(*folded, fillvalue="")]

    rule = "─" * (sum(widths) + 2 * (len(widths) - 1))
    head, *body = map(lines, rows)
    if table.footer:
        body.insert(-1, [rule])
    return [*head, rule, *chain.from_iterable(body)]


def _widths(rows: list[list[str]], formulas: list[bool]) -> list[int]:
    """How wide the columns are: of a table wider than a terminal the widest gives way, if it is one of formulas."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    widest = widths.index(max(widths))
    others = sum(widths) - widths[widest] + 2 * (len(widths) - 1)
    if formulas[widest]:
        widths[widest] = min(widths[widest], max(WIDTH - others, NARROWEST))
    return widths


def _folded(cell: str, width: int) -> list[str]:
    """A cell in lines of that width; what has no blank is never broken."""
    return _wrap(cell, width) if len(cell) > width else [cell]


def _line(pieces: Sequence[str], widths: list[int], columns: tuple[Column, ...]) -> str:
    padded = (
        piece.rjust(width) if column.right else piece.ljust(width)
        for piece, width, column in zip(pieces, widths, columns, strict=True)
    )
    return "  ".join(padded).rstrip()
