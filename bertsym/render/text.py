"""Plain text for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain, zip_longest

from bertsym.document import Column, Document, Element, Equation, Heading, Inline, Paragraph, Remark, Result, Table
from bertsym.errors import printable
from bertsym.formulas.tree import Form
from bertsym.render import words

WIDTH = 100
NARROWEST = 40


Spell = Callable[[str], str]


def document(parts: Document, spell: Spell = str) -> str:
    """Return the answer for a terminal, ending in a newline; `spell` writes out characters that the terminal lacks."""
    lines: list[str] = []
    before: Element | None = None
    for part in parts:
        block = _element(part, spell)
        if lines and (isinstance(part, Heading | Table) or isinstance(before, Table)):
            lines.append("")
        before = part
        lines.extend(block)
    return "\n".join(lines) + "\n"


def _element(element: Element, spell: Spell) -> list[str]:
    rule = spell("─")
    match element:
        case Heading(parts):
            title = _run(parts, spell)
            return [title, rule * len(title)]
        case Paragraph(parts) | Remark(parts):
            return _wrap(_run(parts, spell))
        case Equation(steps):
            return _steps([_inline(step, spell) for step in steps], indent="    ")
        case Result(steps):
            return _steps([_inline(step, spell) for step in steps], indent="")
        case Table():
            return _table(element, spell)


def _inline(part: Inline, spell: Spell) -> str:
    return spell(words.inline(part))


def _run(parts: tuple[Inline, ...], spell: Spell) -> str:
    return spell("".join(map(words.inline, parts)))


def _wrap(text: str, width: int = WIDTH) -> list[str]:
    import textwrap  # noqa: PLC0415  # only answers with running text pay for it

    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)


def _steps(steps: list[str], indent: str) -> list[str]:
    first, *rest = steps
    return [indent + first, *(f"{indent}= {step}" for step in rest)]


def _table(table: Table, spell: Spell) -> list[str]:
    rows = [[spell(printable(column.title)) for column in table.columns]]
    rows += [[_inline(cell, spell) for cell in row] for row in (*table.rows, table.footer) if row]
    formulas = [any(isinstance(row[index], Form) for row in table.rows) for index in range(len(table.columns))]
    widths = _widths(rows, formulas)

    def lines(cells: list[str]) -> list[str]:
        folded = [_folded(cell, width) for cell, width in zip(cells, widths, strict=True)]
        return [_line(pieces, widths, table.columns) for pieces in zip_longest(*folded, fillvalue="")]

    rule = spell("─") * (sum(widths) + 2 * (len(widths) - 1))
    head, *body = map(lines, rows)
    if table.footer:
        body.insert(-1, [rule])
    return [*head, rule, *chain.from_iterable(body)]


def _widths(rows: list[list[str]], formulas: list[bool]) -> list[int]:
    """Return the column widths; a table wider than a terminal narrows its widest column if that holds formulas."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    widest = widths.index(max(widths))
    others = sum(widths) - widths[widest] + 2 * (len(widths) - 1)
    if formulas[widest]:
        widths[widest] = min(widths[widest], max(WIDTH - others, NARROWEST))
    return widths


def _folded(cell: str, width: int) -> list[str]:
    """Return a cell in lines of that width; a piece without a blank is never broken."""
    return _wrap(cell, width) if len(cell) > width else [cell]


def _line(pieces: Sequence[str], widths: list[int], columns: tuple[Column, ...]) -> str:
    padded = (
        piece.rjust(width) if column.right else piece.ljust(width)
        for piece, width, column in zip(pieces, widths, columns, strict=True)
    )
    return "  ".join(padded).rstrip()
