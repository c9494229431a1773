"""Chains of equalities on paper: bare, inline, or displayed, aligned at the relation and broken to the column."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from bertsym.document import Count, Decimal, Inline, Rate, Result
from bertsym.errors import Conflict, TooNarrow
from bertsym.formulas.tree import Form, Name
from bertsym.render import mathtex
from bertsym.render.fragment import AMSMATH, LABELS, Fragment, needing
from bertsym.render.metrics import POINT
from bertsym.render.sheet import Column, Layout, Sheet
from bertsym.values import replace, value

ALIGNED_MARGIN = 2 * POINT  # the thin space in which amsmath sets `aligned`
LONGEST_NUMBER = "(00)"
"""The number of an equation: TeX keeps a quad between it and the formula, or sets it below."""

Steps = tuple[Inline, ...]


@value
class Row:
    """A line of a display: the left side and the relation, both empty in a line that goes on, and what follows."""

    right: str
    left: str = ""
    sign: str = ""

    @property
    def line(self) -> str:
        """Return the row as a formula of its own."""
        return f"{self.left or '{}'} {self.sign} {self.right}" if self.sign else self.right

    @property
    def tex(self) -> str:
        """Return the row of an alignment, which meets behind the relation."""
        before = f"{self.left} {self.sign}{{}}".lstrip() if self.sign else ""
        return f"{before}& {self.right}"


def result(answer: Result, sheet: Sheet, *, alone: bool = True) -> Fragment:
    """Return the formula of an answer: bare, or displayed if a choice asks for it or other things stand beside it."""
    displayed = sheet.column or sheet.label or sheet.standalone or not alone
    layout = sheet.layout or (Layout.EQUATION if displayed else Layout.BARE)
    left, steps = _sides(answer, sheet)
    if layout in (Layout.BARE, Layout.INLINE):
        return _inline(left if sheet.left else "", answer.steps, layout, sheet)
    unnumbered = layout is Layout.STARRED or (sheet.layout is None and not alone and not sheet.label)
    if layout is Layout.STARRED and sheet.label:
        raise Conflict("--label", "--layout equation*", "only an equation has a number to refer to")
    said = _let(answer, sheet)
    numbered = not unnumbered and (layout is not Layout.ALIGN or bool(sheet.label))
    rows = _rows(left, steps, sheet, numbered=numbered)
    rows[-1] = replace(rows[-1], right=rows[-1].right + sheet.punct)
    shown = _align(rows, sheet) if layout is Layout.ALIGN else _equation(rows, layout, sheet, numbered=numbered)
    return Fragment(f"{said}{shown.tex}", shown.requires)


def equation(steps: Steps, sheet: Sheet) -> Fragment:
    """Return a step of a derivation as an unnumbered display."""
    first, *rest = steps
    left = mathtex.inline(first, sheet.notation, sheet.encoding) if rest else ""
    if sheet.layout is Layout.ALIGN:
        return _align(_rows(left, tuple(rest) or steps, sheet, numbered=False), sheet)
    rows = _rows(left, tuple(rest) or steps, sheet, numbered=False)
    return _equation(rows, sheet.layout or Layout.STARRED, sheet, numbered=False)


def _sides(answer: Result, sheet: Sheet) -> tuple[str, Steps]:
    """Return the TeX of the left side, empty if there is none, and the steps right of it."""
    steps = answer.steps if answer.short is None else (answer.steps[0], answer.short, *answer.steps[2:])
    left: Form | Rate | None = answer.left
    if left is None and isinstance(steps[0], Name) and len(steps) > 1:
        left, steps = steps[0], steps[1:]
    if sheet.left is not None:
        return sheet.left, steps
    match left:
        case None:
            return "", steps
        case Rate(of, by, order):
            return mathtex.rate(sheet.notation.name(of), sheet.notation.name(by), order), steps
        case _:
            return mathtex.math(left, sheet.notation), steps


def _inline(left: str, steps: Steps, layout: Layout, sheet: Sheet) -> Fragment:
    if sheet.column:
        raise Conflict("--width", f"--layout {layout.value}", "only a display is broken to a column")
    if sheet.label:
        raise Conflict("--label", f"--layout {layout.value}", "only an equation has a number to refer to")
    whole = (f"{left} = " if left else "") + mathtex.chain(steps, sheet.notation)
    return Fragment(f"{whole}{sheet.punct}" if layout is Layout.BARE else f"${whole}${sheet.punct}")


def _let(answer: Result, sheet: Sheet) -> str:
    """Return a line that says what the named coefficients are."""
    said = [f"${sheet.notation.name(symbol)} = {mathtex.math(form, sheet.notation)}$" for symbol, form in answer.let]
    return f"\\noindent With {' and '.join(said)},\n" if said else ""


def _rows(left: str, steps: Steps, sheet: Sheet, *, numbered: bool) -> list[Row]:
    """Return the lines of a chain: one if it fits; without a column, one for each step."""
    if sheet.column is None:
        lead = f"{left} {mathtex.relation(steps[0])} " if left else ""
        written = [mathtex.inline(step, sheet.notation, sheet.encoding) for step in steps]
        if len(written) == 1:
            return [Row(lead + written[0])]
        signs = [mathtex.relation(step) for step in steps]
        first = Row(written[0], left, signs[0] if left else "")
        return [first, *(Row(step, sign=sign) for sign, step in zip(signs[1:], written[1:], strict=True))]
    reserved = _number(sheet.column) if numbered else 0
    # A formula that leaves no room has its number below it, which is better than a line that ends within parentheses.
    for whole_factors, kept in product((True, False), dict.fromkeys((reserved, 0))):
        try:
            return _broken(left, steps, sheet, sheet.column, reserved=kept, whole_factors=whole_factors)
        except TooNarrow:
            continue
    from bertsym.render.breaking import lines  # noqa: PLC0415  # only a column pays for measuring

    lead = f"{left} {mathtex.relation(steps[0])} " if left else ""
    return [Row(line) for line in lines(steps, sheet.notation, sheet.column, margin=ALIGNED_MARGIN, lead=lead)]


def _number(column: Column) -> int:
    """Return the width of the number of an equation, with the quad that TeX keeps before it."""
    from bertsym.render.mathwidth import formula  # noqa: PLC0415  # only a column pays for measuring

    return formula(rf"\quad {LONGEST_NUMBER}", column.face)


def _broken(left: str, steps: Steps, sheet: Sheet, column: Column, *, reserved: int, whole_factors: bool) -> list[Row]:
    from bertsym.render.breaking import Setting, lines  # noqa: PLC0415  # only a column pays for measuring
    from bertsym.render.mathwidth import formula  # noqa: PLC0415

    lead = f"{left} {mathtex.relation(steps[0])} " if left else ""
    whole = lead + mathtex.chain(steps, sheet.notation)
    if formula(whole, column.face) + reserved <= column.width:
        return [Row(whole)]
    margin = formula(f"{left or '{}'} = {{}}", column.face) + ALIGNED_MARGIN + reserved
    rows: list[Row] = []
    for step in steps:
        sign = mathtex.relation(step)
        first, *rest = lines((step,), sheet.notation, column, margin=margin, setting=Setting("{} ", whole_factors))
        joined = f"{rows[-1].right} {sign} {first}" if rows and isinstance(step, Count | Decimal) else ""
        if joined and formula(joined, column.face) + margin <= column.width:
            rows[-1] = replace(rows[-1], right=joined)
            continue
        alone = not rows and not left
        rows += [Row(first, "" if rows else left, "" if alone else sign), *map(Row, rest)]
    return rows


def _labelled(sheet: Sheet) -> tuple[str, ...]:
    return (LABELS,) if sheet.label else ()


def _environment(name: str, body: str, label: str = "") -> str:
    key = f"\\label{{{label}}}\n" if label else ""
    return f"\\begin{{{name}}}\n{key}{body}\n\\end{{{name}}}"


def _equation(rows: Sequence[Row], layout: Layout, sheet: Sheet, *, numbered: bool) -> Fragment:
    """Return a display with one number or none; several lines are aligned by amsmath."""
    inner = "split" if layout is Layout.SPLIT else "aligned"
    if sheet.layout is None and sheet.column is None and not numbered:  # a fragment that needs no package
        return Fragment("\n".join(f"\\[ {row.line} \\]" for row in rows))
    several = len(rows) > 1 or layout is Layout.SPLIT
    body = _environment(inner, " \\\\\n".join(row.tex for row in rows)) if several else rows[0].line
    if numbered:
        shown = _environment("equation", body, sheet.label)
        return needing(shown, *((AMSMATH,) if several else ()), *_labelled(sheet))
    if Layout.STARRED is sheet.layout or layout is Layout.SPLIT:
        return needing(_environment("equation*", body), AMSMATH)
    shown = f"\\[ {body} \\]"
    return needing(shown, AMSMATH) if several else Fragment(shown)


def _align(rows: Sequence[Row], sheet: Sheet) -> Fragment:
    """Return the rows aligned at their relations; the last has the number if there is a label."""
    ends = [r" \nonumber \\"] * (len(rows) - 1) if sheet.label else [r" \\"] * (len(rows) - 1)
    written = [row.tex for row in rows] if len(rows) > 1 else [rows[0].line]
    body = "\n".join(row + end for row, end in zip(written, [*ends, ""], strict=True))
    if not sheet.label:
        return needing(_environment("align*", body), AMSMATH)
    return needing(_environment("align", f"{body} \\label{{{sheet.label}}}"), AMSMATH, LABELS)
