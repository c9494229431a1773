"""Markdown with $...$ mathematics, as GitHub and notebooks render it."""

from __future__ import annotations

import re

from bertsym.document import (
    Alignment,
    Code,
    Column,
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
    Scaled,
    Share,
    Table,
    Title,
    dashed,
)
from bertsym.formulas.tree import Name, Named, Sum
from bertsym.render import derivations, displays, mathtex, words
from bertsym.render.notation import BERT, Notation
from bertsym.render.sheet import Sheet

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|<>~$&])")


def inline(part: Inline, notation: Notation = BERT) -> str:
    """Return one piece of text or a table cell; mathematics between dollar signs, counts as plain figures."""
    match part:
        case str():
            return _SPECIAL.sub(r"\\\1", words.inline(part))
        case Code():
            shown = words.inline(part)
            ticks = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
            return f"{ticks} {shown} {ticks}" if "`" in shown else f"{ticks}{shown}{ticks}".replace("|", r"\|")
        case Count() | Decimal() | Rounded() | Scaled() | Share():
            return words.inline(part)
        case _:
            return f"${mathtex.inline(part, notation)}$"


def document(parts: Document, notation: Notation = BERT) -> str:
    """Return Markdown blocks, ending in a newline."""
    return "\n\n".join(_element(part, notation) for part in parts) + "\n"


def _element(element: Element, notation: Notation) -> str:
    match element:
        case Title(parts):
            return f"## {_run(parts, notation)}"
        case Heading(parts, clause):
            return f"### {_run((*parts, *(clause or ())), notation)}"
        case Alignment(lines):
            return _aligned(" \\\\\n".join(derivations.rows(lines, Sheet(notation))))
        case Equation((Name(), Sum((Named(), *_)), *_)) | Equation((Sum((Named(), *_)), *_)):
            return _aligned(displays.parts_aligned(Result(element.steps), notation))
        case Paragraph(parts):
            return _run(parts, notation)
        case Remark(parts):
            return f"_{_run(parts, notation)}_"
        case Result((Sum((Named(), *_)), *_)):
            return _aligned(displays.parts_aligned(element, notation))
        case Equation(steps) | Result(steps):
            first, *rest = steps
            further = (f"\n{mathtex.relation(step)} {mathtex.inline(step, notation)}" for step in rest)
            return f"$$\n{mathtex.inline(first, notation)}{''.join(further)}\n$$"
        case Table():
            return _table(element, notation)


def _aligned(rows: str) -> str:
    return f"$$\n\\begin{{aligned}}\n{rows}\n\\end{{aligned}}\n$$"


def _run(parts: tuple[Inline, ...], notation: Notation) -> str:
    return "".join(inline(part, notation) for part in parts)


def _table(table: Table, notation: Notation) -> str:
    table = dashed(table)
    lines = [_row(tuple(map(_title, table.columns)), notation)]
    lines.append("|" + "|".join(" ---: " if column.right else " --- " for column in table.columns) + "|")
    lines += [_row(row, notation) for row in table.rows]
    if table.footer:
        cells = (f"**{inline(cell, notation)}**" if cell != "" else "" for cell in table.footer)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _title(column: Column) -> Inline:
    """Return the heading of a column, with the one over it: Markdown has no cells over several columns."""
    return f"{column.group} {words.inline(column.title)}".rstrip() if column.group else column.title


def _row(cells: tuple[Inline, ...], notation: Notation) -> str:
    return "| " + " | ".join(inline(cell, notation) for cell in cells) + " |"
