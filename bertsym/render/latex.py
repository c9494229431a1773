"""LaTeX: documents as fragments for the body of a paper. Needs no package."""

from __future__ import annotations

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
from bertsym.render.tex_prose import comment, prose


def inline(part: Inline) -> str:
    """One piece of text or a table cell."""
    match part:
        case str():
            return prose(part)
        case Code(text):
            return rf"\texttt{{{prose(text)}}}"
        case Share(value, places):
            return prose(percent(value, places))
        case _:
            return f"${mathtex.inline(part)}$"


def document(parts: Document) -> str:
    """A fragment for the body of a document, ending in a newline."""
    return "\n".join(_element(part) for part in parts) + "\n"


def _element(element: Element) -> str:
    match element:
        case Heading(parts):
            return rf"\subsection*{{{_run(parts)}}}"
        case Paragraph(parts):
            return f"\\noindent {_run(parts)}\\par"
        case Remark(parts):
            return "% " + comment("".join(words.inline(part) for part in parts))
        case Equation(steps):
            rest = (rf"\[ {{}} = {mathtex.inline(step)} \]" for step in steps[2:])
            first = " = ".join(mathtex.inline(step) for step in steps[:2])
            return "\n".join((rf"\[ {first} \]", *rest))
        case Result(steps):
            return " = ".join(mathtex.inline(step) for step in steps)
        case Table():
            return _table(element)


def _run(parts: tuple[Inline, ...]) -> str:
    return "".join(inline(part) for part in parts)


def _table(table: Table) -> str:
    alignment = "".join("r" if column.right else "l" for column in table.columns)
    head = _row(tuple(column.title for column in table.columns))
    lines = [rf"\begin{{tabular}}{{{alignment}}}", head, r"\hline", *(_row(row) for row in table.rows)]
    if table.footer:
        lines += [r"\hline", _row(table.footer)]
    return "\n".join([*lines, r"\end{tabular}"])


def _row(cells: tuple[Inline, ...]) -> str:
    return " & ".join(inline(cell) if cell != "" else "" for cell in cells) + r" \\"
