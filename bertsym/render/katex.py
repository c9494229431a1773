"""HTML whose formulas are TeX in the attribute `data-tex`, which a script of the page gives to KaTeX."""

from __future__ import annotations

from html import escape

from bertsym.document import Document, Inline
from bertsym.render import html, markdown, mathtex
from bertsym.render.notation import Notation
from bertsym.render.sheet import Sheet


def document(parts: Document, notation: Notation) -> str:
    """Return elements, ending in a newline: a `span` for a formula within a line, a `div` for a display."""
    return html.document(parts, Sheet(notation), html.Mathematics(_within, _displayed))


def _within(part: Inline, sheet: Sheet) -> str:
    return f'<span data-tex="{escape(mathtex.inline(part, sheet.notation))}"></span>'


def _displayed(element: html.Display, sheet: Sheet) -> str:
    return f'<div data-tex="{escape(markdown.display(element, sheet.notation))}"></div>'
