"""A derivation as HTML in which formulas are TeX in attributes, which the page's script gives to KaTeX."""

from __future__ import annotations

from html import escape

from bertsym.document import (
    Alignment,
    Citation,
    Code,
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
)
from bertsym.render import markdown, mathtex, words
from bertsym.render.notation import Notation


def html(document: Document, notation: Notation) -> str:
    """Return elements for the body of the page."""
    return "\n".join(_element(part, notation) for part in document)


def _element(element: Element, notation: Notation) -> str:
    match element:
        case Title(parts):
            return f"<h2>{_run(parts, notation)}</h2>"
        case Heading():
            return f"<h3>{_run(element.line, notation)}</h3>"
        case Paragraph(parts) | Remark(parts):
            return f"<p>{_run(parts, notation)}</p>"
        case Alignment() | Equation() | Result():
            return f'<div data-tex="{escape(markdown.display(element, notation))}"></div>'
        case Table(columns, rows, footer):
            head = _row("th", tuple(column.title for column in columns), notation)
            body = "".join(_row("td", row, notation) for row in (*rows, *([footer] if footer else [])))
            return f"<table><thead>{head}</thead><tbody>{body}</tbody></table>"


def _row(tag: str, cells: tuple[Inline, ...], notation: Notation) -> str:
    return f"<tr>{''.join(f'<{tag}>{_inline(cell, notation)}</{tag}>' for cell in cells)}</tr>"


def _run(parts: tuple[Inline, ...], notation: Notation) -> str:
    return "".join(_inline(part, notation) for part in parts)


def _inline(part: Inline, notation: Notation) -> str:
    match part:
        case _ if isinstance(part, str | Numeral):
            return escape(words.inline(part))
        case Citation():
            return ""
        case Code():
            return f"<code>{escape(words.inline(part))}</code>"
        case _:
            return f'<span data-tex="{escape(mathtex.inline(part, notation))}"></span>'
