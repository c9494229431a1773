"""LaTeX: documents as fragments for the body of a paper; no package needed unless a `% requires:` line names it."""

from __future__ import annotations

from bertsym.document import (
    Citation,
    Document,
    Element,
    Equation,
    Heading,
    Inline,
    Paragraph,
    Remark,
    Result,
    Sizes,
    Table,
)
from bertsym.errors import Conflict
from bertsym.formulas.tree import Name
from bertsym.render import cells, displays, mathtex, tables, words
from bertsym.render.fragment import Fragment, joined, required
from bertsym.render.metrics import POINT
from bertsym.render.sheet import Layout, Sheet
from bertsym.render.tex_prose import beyond_pdflatex, comment

PLAIN = Sheet()

_USES: dict[Layout, frozenset[type]] = {
    Layout.BARE: frozenset({Result}),
    Layout.INLINE: frozenset({Result}),
    Layout.EQUATION: frozenset({Result}),
    Layout.STARRED: frozenset({Result}),
    Layout.SPLIT: frozenset({Result, Equation}),
    Layout.ALIGN: frozenset({Result, Equation}),
    Layout.BOOKTABS: frozenset({Table}),
}


def document(parts: Document, sheet: Sheet = PLAIN) -> str:
    """Return a fragment for the body of a document, or a whole document, ending in a newline.

    Raises `Conflict` for a choice that changes nothing in the answer, `TooNarrow` for a piece wider than the column.
    """
    _check(parts, sheet)
    alone = sum(not isinstance(part, Remark) for part in parts) == 1
    whole = joined(_element(part, sheet, alone=alone) for part in parts)
    requires = whole.requires | required(whole.tex)
    if sheet.standalone:
        return standalone(whole.tex, sorted(requires), sheet)
    notes = [f"% requires: {line}" for line in sorted(requires)]
    if any(isinstance(part, Citation) for element in parts if isinstance(element, Paragraph) for part in element.parts):
        notes.append("% requires: the entry that `bertsym --citation` prints, in the bibliography")
    strange = beyond_pdflatex(whole.tex)
    if strange:
        notes.append(f"% requires: XeLaTeX or LuaLaTeX, and a font that has {strange[:20]}")
    # A formula within a sentence may stand before a comma, so the end of its line is no blank.
    end = "%\n" if sheet.layout is Layout.INLINE and isinstance(parts[-1], Result) else "\n"
    return "\n".join((*notes, whole.tex)) + end


def inline(part: Inline, sheet: Sheet = PLAIN) -> str:
    """Return one piece of text or a table cell."""
    return cells.inline(part, sheet)


def _check(parts: Document, sheet: Sheet) -> None:
    """Raise `Conflict` for a choice that changes nothing in the answer."""
    kinds = {type(part) for part in parts}
    if sheet.layout is not None and not kinds & _USES[sheet.layout]:
        needed = " and no ".join(sorted(kind.__name__.lower() for kind in _USES[sheet.layout]))
        raise Conflict(f"--layout {sheet.layout.value}", "the answer", f"it has no {needed}")
    for option, chosen in (("--lhs", sheet.left is not None), ("--punct", bool(sheet.punct))):
        if chosen and Result not in kinds:
            raise Conflict(option, "the answer", "it has no formula of its own")
    of_tables = {
        "--caption": bool(sheet.caption),
        "--float": sheet.float is not None,
        "--siunitx": sheet.siunitx,
        sheet.size.command.replace("\\", "--"): sheet.size.steps > 0,
    }
    for option, chosen in of_tables.items():
        if chosen and Table not in kinds:
            raise Conflict(option, "the answer", "it has no table")
    if sheet.label and not kinds & {Table, Result}:
        raise Conflict("--label", "the answer", "it has neither a formula of its own nor a table")
    if (sheet.caption or sheet.label) and sum(isinstance(part, Table) for part in parts) > 1:
        raise Conflict("--caption or --label", "the answer", "it has several tables")


def _element(element: Element, sheet: Sheet, *, alone: bool) -> Fragment:
    """Return an element; a bare formula is displayed if it is not alone."""
    match element:
        case Heading(parts):
            return Fragment(rf"\subsection*{{{_run(parts, sheet)}}}")
        case Paragraph(parts) if sheet.column is not None:
            # Braces would be the subtitle of a beamer frame that begins with the fragment.
            return Fragment(rf"\begingroup\raggedright\noindent {_run(parts, sheet, breakable=True)}\par\endgroup")
        case Paragraph(parts):
            return Fragment(f"\\noindent {_run(parts, sheet)}\\par")
        case Remark(parts):
            return Fragment("% " + comment("".join(_remark(part, sheet) for part in parts)))
        case Equation(steps):
            return displays.equation(steps, sheet)
        case Result():
            return displays.result(element, sheet, alone=alone)
        case Table():
            return tables.tabular(element, sheet)


def _run(parts: tuple[Inline, ...], sheet: Sheet, *, breakable: bool = False) -> str:
    return "".join(cells.inline(part, sheet, breakable=breakable) for part in parts)


def standalone(body: str, requires: list[str], sheet: Sheet) -> str:
    """Return a document of its own, as wide as the column."""
    size = sheet.column.face.sizes[0] // 100 + sheet.column.face.sizes[0] % 100 // 90 if sheet.column else 10
    times = [r"\usepackage{mathptmx}"] if sheet.column and sheet.column.face.times else []
    width = []
    if sheet.column:
        points = f"{sheet.column.width // POINT}.{sheet.column.width % POINT * 100 // POINT:02d}pt"
        width = [rf"\setlength{{\textwidth}}{{{points}}}"]
    packages = [line for line in requires if line.startswith(r"\usepackage")]
    lines = [rf"\documentclass[{size}pt]{{article}}", *packages, *times, *width]
    return "\n".join((*lines, r"\pagestyle{empty}", r"\begin{document}", body, r"\end{document}")) + "\n"


def _remark(part: Inline, sheet: Sheet) -> str:
    """Return a piece of a comment; it gives both names of a size that is printed under another one."""
    if not isinstance(part, Sizes):
        return words.inline(part)
    printed = ((symbol, mathtex.math(Name(symbol), sheet.notation)) for symbol in part.values)
    others = [f"{symbol} is {tex}" for symbol, tex in printed if tex != str(symbol)]
    return words.inline(part) + (f" ({', '.join(others)})" if others else "")
