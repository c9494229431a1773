"""LaTeX: documents as fragments for the body of a paper; no package needed unless a `% requires:` line names it."""

from __future__ import annotations

from collections.abc import Iterator

from bertsym.document import (
    Alignment,
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
    Title,
    cites,
)
from bertsym.formulas.tree import Name
from bertsym.render import cells, derivations, displays, mathtex, running, tables, words
from bertsym.render.effects import check
from bertsym.render.fragment import Fragment, joined, required
from bertsym.render.metrics import POINT, TEN, tex_length
from bertsym.render.sheet import Column, Layout, Sheet
from bertsym.render.tex_prose import beyond_pdflatex, comment
from bertsym.values import replace

PLAIN = Sheet()
HANDOUT = Column(450 * POINT, TEN)
HANDOUT_PAGE = "\n".join(
    (
        r"\setlength{\textheight}{680pt}\setlength{\topmargin}{-50pt}",
        r"\setlength{\oddsidemargin}{0.5\paperwidth}\addtolength{\oddsidemargin}{-0.5\textwidth}",
        r"\addtolength{\oddsidemargin}{-1in}",
    )
)
"""The page of a handout: the text stands in the middle of a sheet of any size."""


def document(parts: Document, sheet: Sheet = PLAIN) -> str:
    """Return a fragment for the body of a document, or a whole document, ending in a newline.

    Raises `Conflict` for a choice that changes nothing in the answer, `TooNarrow` for a piece wider than the column.
    """
    check(parts, sheet)
    handout = sheet.standalone and any(isinstance(part, Title) for part in parts)
    if handout:
        sheet = sheet if sheet.column else replace(sheet, column=HANDOUT)
        parts = _with_remarks_in_print(parts)
    alone = sum(not isinstance(part, Remark) for part in parts) == 1
    whole = joined(_elements(parts, sheet, alone=alone))
    requires = whole.requires | required(whole.tex)
    if sheet.standalone:
        return standalone(whole.tex, sorted(requires), sheet, handout=handout)
    notes = [f"% requires: {line}" for line in sorted(requires)]
    if cites(parts):
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


def _element(element: Element, sheet: Sheet, *, alone: bool) -> Fragment:
    """Return an element; a bare formula is displayed if it is not alone."""
    match element:
        case Title(parts):
            return Fragment(rf"\section*{{{_heading(parts, sheet, running.SECTION)}}}")
        case Heading(parts, clause) if clause is not None:
            return Fragment("\\par\\medskip\n" + _run_in(parts, clause, sheet, "."))
        case Alignment(lines):
            return derivations.alignment(lines, sheet)
        case Heading(parts):
            return Fragment(rf"\subsection*{{{_heading(parts, sheet, running.SUBSECTION)}}}")
        case Paragraph(parts) if sheet.column is not None:
            # Braces would be the subtitle of a beamer frame that begins with the fragment.
            return Fragment(rf"\begingroup\raggedright\noindent {_sentences(parts, sheet)}\par\endgroup")
        case Paragraph(parts):
            return Fragment(f"\\noindent {_sentences(parts, sheet)}\\par")
        case Remark(parts):
            return Fragment("% " + comment("".join(_remark(part, sheet) for part in parts)))
        case Equation(steps):
            return displays.equation(steps, sheet)
        case Result():
            return displays.result(element, sheet, alone=alone)
        case Table():
            return tables.tabular(element, sheet)


def _with_remarks_in_print(parts: Document) -> Document:
    """Return a document whose remarks are sentences: its readers have no comments of TeX before them."""
    remarks = [part for part in parts if isinstance(part, Remark)]
    words = [piece for remark in remarks for piece in (*_sentence(remark.parts), " ")]
    rest = [part for part in parts if not isinstance(part, Remark)]
    return (*rest[:1], *([Paragraph(tuple(words[:-1]))] if words else []), *rest[1:])


def _sentence(parts: tuple[Inline, ...]) -> tuple[Inline, ...]:
    """Return a remark as a sentence, each size in it a formula of its own."""
    pieces: list[Inline] = []
    for part in parts:
        if isinstance(part, Sizes):
            for symbol, amount in part.values.items():
                pieces += [Sizes({symbol: amount}), ", "]
            pieces = pieces[:-1]
        else:
            pieces.append(_capital(part) if isinstance(part, str) and not pieces else part)
    return (*pieces, ".")


def _elements(parts: Document, sheet: Sheet, *, alone: bool) -> Iterator[Fragment]:
    """Yield the elements. Words that lead to a display are its paragraph, or an empty line would stand between them."""
    words = gap = ""
    for part, after in zip(parts, (*parts[1:], None), strict=True):
        if isinstance(after, Equation | Alignment) and isinstance(part, Paragraph | Heading):
            gap = "\\par\\medskip\n" if isinstance(part, Heading) else ""
            words = _before_display(part, sheet)
        elif words:
            fragment = _element(part, sheet, alone=alone)
            whole = f"{words}\n{fragment.tex}"
            yield Fragment(
                gap + (f"\\begingroup\\raggedright{whole}\\par\\endgroup" if sheet.column else whole), fragment.requires
            )
            words = ""
        else:
            yield _element(part, sheet, alone=alone)


def _before_display(element: Paragraph | Heading, sheet: Sheet) -> str:
    if isinstance(element, Heading):
        return _run_in(element.parts, element.clause or (), sheet, ":")
    return rf"\noindent {_sentences(element.parts, sheet)}"


def _run_in(parts: tuple[Inline, ...], clause: tuple[Inline, ...], sheet: Sheet, mark: str) -> str:
    """Return the title that begins a sentence, in bold."""
    first, *rest = parts
    title = (_capital(first) if isinstance(first, str) else first, *rest)
    running.check("a heading", title, sheet, running.BOLD)
    running.check("the text behind a heading", (*clause, mark), sheet)
    return rf"\noindent \textbf{{{running.run(title, sheet)}}}{running.run(clause, sheet)}{mark}"


def _capital(name: str) -> str:
    """Return a name as a sentence begins.

    >>> _capital("feed-forward"), _capital("lm-head")
    ('Feed-forward', 'LM-head')
    """
    return name.replace("lm-", "LM-", 1) if name.startswith("lm-") else name[:1].upper() + name[1:]


def _heading(parts: tuple[Inline, ...], sheet: Sheet, scale: int) -> str:
    """Return the title of a section; in a column its lines are ragged, as all text is."""
    running.check("a heading", parts, sheet, scale)
    return (r"\raggedright " if sheet.column else "") + running.run(parts, sheet)


def _sentences(parts: tuple[Inline, ...], sheet: Sheet) -> str:
    running.check("a piece of the text", parts, sheet)
    return running.run(parts, sheet)


def standalone(body: str, requires: list[str], sheet: Sheet, *, handout: bool = False) -> str:
    """Return a document of its own, as wide as the column."""
    size = sheet.column.face.sizes[0] // 100 + sheet.column.face.sizes[0] % 100 // 90 if sheet.column else 10
    times = [r"\usepackage{mathptmx}"] if sheet.column and sheet.column.face.times else []
    width = []
    if sheet.column:
        width = [rf"\setlength{{\textwidth}}{{{tex_length(sheet.column.width)}}}"]
    packages = [line for line in requires if line.startswith(r"\usepackage")]
    lines = [rf"\documentclass[{size}pt]{{article}}", *packages, *times, *width]
    style = [HANDOUT_PAGE] if handout else [r"\pagestyle{empty}"]
    return "\n".join((*lines, *style, r"\begin{document}", body, r"\end{document}")) + "\n"


def _remark(part: Inline, sheet: Sheet) -> str:
    """Return a piece of a comment; it gives both names of a size that is printed under another one."""
    if not isinstance(part, Sizes):
        return words.inline(part)
    printed = ((symbol, mathtex.math(Name(symbol), sheet.notation)) for symbol in part.values)
    others = [f"{symbol} is {tex}" for symbol, tex in printed if tex != str(symbol)]
    return words.inline(part) + (f" ({', '.join(others)})" if others else "")
