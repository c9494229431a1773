"""Plain text for a terminal."""

from __future__ import annotations

from bertsym.document import Document, Element, Equation, Heading, Inline, Paragraph, Remark, Result, Table
from bertsym.render.words import inline

WIDTH = 100


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


def _wrap(text: str) -> list[str]:
    import textwrap  # noqa: PLC0415  # only answers with running text pay for it

    return textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def _steps(steps: list[str], indent: str) -> list[str]:
    first, *rest = steps
    return [indent + first, *(f"{indent}= {step}" for step in rest)]


def _table(table: Table) -> list[str]:
    rows = [[column.title for column in table.columns], *([inline(cell) for cell in row] for row in table.rows)]
    if table.footer:
        rows.append([inline(cell) for cell in table.footer])
    widths = [max(len(row[i]) for row in rows) for i in range(len(table.columns))]

    def line(cells: list[str]) -> str:
        padded = (
            cell.rjust(width) if column.right else cell.ljust(width)
            for cell, width, column in zip(cells, widths, table.columns, strict=True)
        )
        return "  ".join(padded).rstrip()

    rule = "─" * (sum(widths) + 2 * (len(widths) - 1))
    body = [line(row) for row in rows[1:]]
    if table.footer:
        body.insert(-1, rule)
    return [line(rows[0]), rule, *body]
