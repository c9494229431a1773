"""HTML: documents as elements for the body of a page, with MathML for formulas unless `katex` writes them."""

from __future__ import annotations

from collections.abc import Callable
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
    Line,
    Numeral,
    Paragraph,
    Remark,
    Result,
    Table,
    Title,
    dashed,
    groups,
)
from bertsym.render import boxes, mathml, words
from bertsym.render.effects import check
from bertsym.render.sheet import Sheet
from bertsym.values import value

PLAIN = Sheet()

Display = Alignment | Equation | Result


@value
class Mathematics:
    """The two functions that write formulas as elements: one `within` a line, and one `displayed` below it."""

    within: Callable[[Inline, Sheet], str]
    displayed: Callable[[Display, Sheet], str]


def _within(part: Inline, sheet: Sheet) -> str:
    return mathml.math(boxes.inline(part, sheet.notation))


def _displayed(element: Display, sheet: Sheet) -> str:
    match element:
        case Alignment(lines):
            return _wide(mathml.table([_line(line, sheet) for line in lines]))
        case Equation(steps):
            return _wide(mathml.math(boxes.chain(boxes.steps(steps, sheet.notation)), display=True))
        case Result():
            return _wide(mathml.math(boxes.chain(boxes.result(element, sheet)), display=True))


def _wide(mathematics: str) -> str:
    """Return a paragraph that scrolls if a formula is wider than the page: browsers break no line of MathML.

    The padding holds what of a glyph stands out of its box, which would be cut otherwise.
    """
    return f'<p style="overflow:auto hidden;padding:.4em 0">{mathematics}</p>'


MATHML = Mathematics(_within, _displayed)


def document(parts: Document, sheet: Sheet = PLAIN, mathematics: Mathematics = MATHML) -> str:
    """Return elements, ending in a newline; raise `Conflict` for a choice that changes nothing in the answer."""
    check(parts, sheet)
    return "\n".join(_element(part, sheet, mathematics) for part in parts) + "\n"


def inline(part: Inline, sheet: Sheet = PLAIN, mathematics: Mathematics = MATHML) -> str:
    """Return one piece of text or a table cell: numbers as text, formulas as mathematics."""
    match part:
        case _ if isinstance(part, str | Numeral):
            return escape(words.inline(part))
        case Citation():
            return ""
        case Code():
            return f"<code>{escape(words.inline(part))}</code>"
        case _:
            return mathematics.within(part, sheet)


def _element(element: Element, sheet: Sheet, mathematics: Mathematics) -> str:
    match element:
        case Title(parts):
            return f"<h2>{_run(parts, sheet, mathematics)}</h2>"
        case Heading():
            return f"<h3>{_run(element.line, sheet, mathematics)}</h3>"
        case Paragraph(parts):
            return f"<p>{_run(parts, sheet, mathematics)}</p>"
        case Remark(parts):
            return f"<p><em>{_run(parts, sheet, mathematics)}</em></p>"
        case Alignment() | Equation() | Result():
            return mathematics.displayed(element, sheet)
        case Table():
            return _table(element, sheet, mathematics)


def _line(line: Line, sheet: Sheet) -> list[tuple[boxes.Box, str]]:
    """Return the cells of a line of an alignment, each with its side: the label, the product and the steps."""
    steps = boxes.chain(boxes.steps(line.steps, sheet.notation))
    label = boxes.row((boxes.label(line, sheet.notation), boxes.Mark(":")))
    if line.start is None:
        return [(label, "right"), (boxes.row(()), "right"), (steps, "left")]
    start = boxes.boxes(line.start, sheet.notation)
    return [(label, "right"), (start, "right"), (boxes.row((boxes.Mark("="), steps)), "left")]


def _run(parts: tuple[Inline, ...], sheet: Sheet, mathematics: Mathematics) -> str:
    return "".join(inline(part, sheet, mathematics) for part in parts)


def _table(table: Table, sheet: Sheet, mathematics: Mathematics) -> str:
    table = dashed(table)
    right = [column.right for column in table.columns]
    lines = ["<table>"]
    if sheet.caption:
        lines.append(f"<caption>{escape(words.inline(sheet.caption))}</caption>")
    lines.append("<thead>")
    if over := groups(table.columns):
        spans = (f'<th colspan="{span}" style="{_align(to="center")}">{escape(name)}</th>' for name, span in over)
        lines.append(f"<tr>{''.join(spans)}</tr>")
    lines += [
        _row("th", tuple(column.title for column in table.columns), right, sheet, mathematics),
        "</thead>",
        "<tbody>",
    ]
    for index, row in enumerate(table.rows):
        if index in table.rules and index:
            lines += ["</tbody>", "<tbody>"]
        lines.append(_row("td", row, right, sheet, mathematics))
    lines.append("</tbody>")
    if table.footer:
        lines += ["<tfoot>", _row("th", table.footer, right, sheet, mathematics), "</tfoot>"]
    return "\n".join((*lines, "</table>"))


def _row(tag: str, cells: tuple[Inline, ...], right: list[bool], sheet: Sheet, mathematics: Mathematics) -> str:
    written = (
        f'<{tag} style="{_align(to="right" if to_right else "left")}">{inline(cell, sheet, mathematics)}</{tag}>'
        for cell, to_right in zip(cells, right, strict=True)
    )
    return f"<tr>{''.join(written)}</tr>"


def _align(*, to: str) -> str:
    return f"text-align:{to}"
