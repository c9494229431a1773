"""Markdown with mathematics in TeX, between the delimiters that GitHub, Hugging Face or a notebook renders."""

from __future__ import annotations

import re
from enum import Enum

from bertsym.document import (
    Alignment,
    Citation,
    Code,
    Column,
    Document,
    Element,
    Equation,
    Heading,
    Inline,
    Numeral,
    Paragraph,
    Remark,
    Result,
    Table,
    Title,
    dashed,
)
from bertsym.errors import member
from bertsym.formulas.tree import Name, Named, Sum
from bertsym.render import derivations, displays, mathtex, words
from bertsym.render.notation import BERT, Notation
from bertsym.render.sheet import Sheet

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|<>~$&])")


class Flavor(Enum):
    r"""A host of Markdown, by the delimiters of its mathematics.

    - GitHub: `` $`...`$ `` and a block of code in the language `math`. Between plain dollars, `_` and `\,` are markup.
    - Hugging Face, in a model card: `\\(...\\)` and `$$`, taken out before the Markdown is read. One dollar is text.
    - Jupyter, as pandoc and mkdocs: `$...$` and `$$`.
    """

    GITHUB = "github"
    HF = "hf"
    JUPYTER = "jupyter"

    @classmethod
    def named(cls, name: str) -> Flavor:
        """Return the member of that name; raise `UnknownName`."""
        return member(cls, "flavor", name)

    def within(self, tex: str) -> str:
        """Return mathematics within a line."""
        match self:
            case Flavor.GITHUB:
                return f"$`{tex}`$"
            case Flavor.HF:
                return rf"\\({tex}\\)"
            case Flavor.JUPYTER:
                return f"${tex}$"

    def displayed(self, tex: str) -> str:
        """Return mathematics in a block of its own."""
        return f"```math\n{tex}\n```" if self is Flavor.GITHUB else f"$$\n{tex}\n$$"


def inline(part: Inline, notation: Notation = BERT, flavor: Flavor = Flavor.JUPYTER) -> str:
    """Return one piece of text or a table cell; formulas are mathematics, counts plain figures."""
    match part:
        case str():
            return _SPECIAL.sub(r"\\\1", words.inline(part))
        case Code():
            shown = words.inline(part)
            ticks = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
            return f"{ticks} {shown} {ticks}" if "`" in shown else f"{ticks}{shown}{ticks}".replace("|", r"\|")
        case _ if isinstance(part, Citation | Numeral):
            return words.inline(part)
        case _:
            return flavor.within(mathtex.inline(part, notation))


def document(parts: Document, notation: Notation = BERT, flavor: Flavor = Flavor.JUPYTER) -> str:
    """Return Markdown blocks, ending in a newline."""
    return "\n\n".join(_element(part, notation, flavor) for part in parts) + "\n"


def _element(element: Element, notation: Notation, flavor: Flavor) -> str:
    match element:
        case Title(parts):
            return f"## {_run(parts, notation, flavor)}"
        case Heading():
            return f"### {_run(element.line, notation, flavor)}"
        case Paragraph(parts):
            return _run(parts, notation, flavor)
        case Remark(parts):
            return f"_{_run(parts, notation, flavor)}_"
        case Alignment() | Equation() | Result():
            return flavor.displayed(display(element, notation))
        case Table():
            return _table(element, notation, flavor)


def display(element: Alignment | Equation | Result, notation: Notation) -> str:
    """Return the TeX of a display, which MathJax and KaTeX set."""
    match element:
        case Alignment(lines):
            return _aligned(" \\\\\n".join(derivations.rows(lines, Sheet(notation))))
        case Equation((Name(), Sum((Named(), *_)), *_)) | Equation((Sum((Named(), *_)), *_)):
            return _aligned(displays.parts_aligned(Result(element.steps), notation))
        case Result((Sum((Named(), *_)), *_)):
            return _aligned(displays.parts_aligned(element, notation))
        case Equation(steps) | Result(steps):
            first, *rest = steps
            further = (f"\n{mathtex.relation(step)} {mathtex.inline(step, notation)}" for step in rest)
            return mathtex.inline(first, notation) + "".join(further)


def _aligned(rows: str) -> str:
    return f"\\begin{{aligned}}\n{rows}\n\\end{{aligned}}"


def _run(parts: tuple[Inline, ...], notation: Notation, flavor: Flavor) -> str:
    return "".join(inline(part, notation, flavor) for part in parts)


def _table(table: Table, notation: Notation, flavor: Flavor) -> str:
    table = dashed(table)
    lines = [_row(tuple(map(_title, table.columns)), notation, flavor)]
    lines.append("|" + "|".join(" ---: " if column.right else " --- " for column in table.columns) + "|")
    lines += [_row(row, notation, flavor) for row in table.rows]
    if table.footer:
        cells = (f"**{inline(cell, notation, flavor)}**" if cell != "" else "" for cell in table.footer)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _title(column: Column) -> Inline:
    """Return the heading of a column, with the one over it: Markdown has no cells over several columns."""
    return f"{column.group} {words.inline(column.title)}".rstrip() if column.group else column.title


def _row(cells: tuple[Inline, ...], notation: Notation, flavor: Flavor) -> str:
    return "| " + " | ".join(inline(cell, notation, flavor) for cell in cells) + " |"
