"""Markdown with $...$ mathematics, as GitHub and notebooks render it."""

from __future__ import annotations

import re

from bertsym.document import (
    Code,
    Document,
    Element,
    Equation,
    Heading,
    Inline,
    Paragraph,
    Remark,
    Result,
    Share,
    Table,
)
from bertsym.quantities import percent
from bertsym.render import mathtex, words

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|<>~$&])")


def inline(part: Inline) -> str:
    """One piece of text or a table cell; mathematics between dollar signs, counts as plain figures."""
    match part:
        case str():
            return _SPECIAL.sub(r"\\\1", words.inline(part))
        case Code():
            shown = words.inline(part)
            ticks = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
            return f"{ticks} {shown} {ticks}" if "`" in shown else f"{ticks}{shown}{ticks}".replace("|", r"\|")
        case Share(value, places):
            return percent(value, places)
        case _:
            return f"${mathtex.inline(part)}$"


def document(parts: Document) -> str:
    """Markdown blocks, ending in a newline."""
    return "\n\n".join(_element(part) for part in parts) + "\n"


def _element(element: Element) -> str:
    match element:
        case Heading(parts):
            return f"### {_run(parts)}"
        case Paragraph(parts):
            return _run(parts)
        case Remark(parts):
            return f"_{_run(parts)}_"
        case Equation(steps) | Result(steps):
            return "$$\n" + "\n= ".join(mathtex.inline(step) for step in steps) + "\n$$"
        case Table():
            return _table(element)


def _run(parts: tuple[Inline, ...]) -> str:
    return "".join(inline(part) for part in parts)


def _table(table: Table) -> str:
    lines = [_row(tuple(column.title for column in table.columns))]
    lines.append("|" + "|".join(" ---: " if column.right else " --- " for column in table.columns) + "|")
    lines += [_row(row) for row in table.rows]
    if table.footer:
        lines.append(_row(tuple(f"**{inline(c)}**" if c != "" else "" for c in table.footer), ready=True))
    return "\n".join(lines)


def _row(cells: tuple[Inline, ...], *, ready: bool = False) -> str:
    return "| " + " | ".join(str(cell) if ready else inline(cell) for cell in cells) + " |"
