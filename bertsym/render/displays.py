"""Chains of equalities on paper: bare, inline, or displayed and broken to the column."""

from __future__ import annotations

from bertsym.document import Inline
from bertsym.errors import Conflict
from bertsym.render import mathtex
from bertsym.render.fragment import AMSMATH, LABELS, Fragment, needing
from bertsym.render.metrics import POINT
from bertsym.render.sheet import Layout, Sheet

ARRAY_MARGIN = 10 * POINT  # \arraycolsep, 5 pt, on either side

Steps = tuple[Inline, ...]


def result(steps: Steps, sheet: Sheet) -> Fragment:
    """Return the formula of an answer: bare, or displayed if a layout or a width asks for it."""
    layout = sheet.layout or (Layout.EQUATION if sheet.column or sheet.label or sheet.standalone else Layout.BARE)
    whole = " = ".join(mathtex.inline(step, sheet.notation) for step in steps)
    if layout in (Layout.BARE, Layout.INLINE):
        if sheet.column:
            raise Conflict("--width", f"--layout {layout.value}", "only a display is broken to a column")
        if sheet.label:
            raise Conflict("--label", f"--layout {layout.value}", "only an equation has a number to refer to")
        return Fragment(whole if layout is Layout.BARE else f"${whole}$")
    if layout is Layout.ALIGN:
        return _align(steps, sheet)
    if layout is Layout.SPLIT:
        return needing(_environment("equation", _split(_broken(steps, sheet)), sheet.label), AMSMATH, *_labelled(sheet))
    body = _stacked(_broken(steps, sheet, stacked=True))
    return needing(_environment("equation", body, sheet.label), *_labelled(sheet))


def equation(steps: Steps, sheet: Sheet) -> Fragment:
    """Return a step of a derivation as an unnumbered display."""
    if sheet.layout is Layout.ALIGN:
        return _align(steps, sheet)
    if sheet.layout is Layout.SPLIT:
        return needing(_environment("equation*", _split(_broken(steps, sheet))), AMSMATH)
    if sheet.column is None:
        written = [mathtex.inline(step, sheet.notation, sheet.encoding) for step in steps]
        first = " = ".join(written[:2])
        return Fragment("\n".join((rf"\[ {first} \]", *(rf"\[ {{}} = {step} \]" for step in written[2:]))))
    return Fragment(f"\\[ {_stacked(_broken(steps, sheet, stacked=True))} \\]")


def _broken(steps: Steps, sheet: Sheet, *, stacked: bool = False) -> list[str]:
    """Return the lines of a chain; without a column, one for each step after the second."""
    if sheet.column is None:
        written = [mathtex.inline(step, sheet.notation, sheet.encoding) for step in steps]
        return [" = ".join(written[:2]), *(mathtex.RELATION + step for step in written[2:])]
    from bertsym.render.breaking import lines  # noqa: PLC0415  # only a column pays for measuring

    broken = lines(steps, sheet.notation, sheet.column)
    narrower = stacked and len(broken) > 1
    return lines(steps, sheet.notation, sheet.column, margin=ARRAY_MARGIN) if narrower else broken


def _labelled(sheet: Sheet) -> tuple[str, ...]:
    return (LABELS,) if sheet.label else ()


def _environment(name: str, body: str, label: str = "") -> str:
    key = f"\\label{{{label}}}\n" if label else ""
    return f"\\begin{{{name}}}\n{key}{body}\n\\end{{{name}}}"


def _stacked(texts: list[str]) -> str:
    r"""Return several lines as an array of one column, which needs no package."""
    if len(texts) == 1:
        return texts[0]
    style = r"\displaystyle " if any(r"\frac" in line for line in texts) else ""
    rows = " \\\\\n".join(style + line for line in texts)
    return f"\\begin{{array}}{{l}}\n{rows}\n\\end{{array}}"


def _split(texts: list[str]) -> str:
    rows = " \\\\\n".join(f"& {line}" for line in texts)
    return f"\\begin{{split}}\n{rows}\n\\end{{split}}"


def _align(steps: Steps, sheet: Sheet) -> Fragment:
    """Return one step a line, the relations aligned if the first step leaves them room."""
    written = [mathtex.inline(step, sheet.notation, sheet.encoding) for step in steps]
    rows = [f"{written[0]} &= {written[1]}", *(f"&= {step}" for step in written[2:])] if written[1:] else written
    if sheet.column is not None:
        from bertsym.render.breaking import lines  # noqa: PLC0415  # only a column pays for measuring
        from bertsym.render.mathwidth import formula  # noqa: PLC0415

        face = sheet.column.face
        widest = max((formula(mathtex.RELATION + step, face) for step in written[1:]), default=0)
        if formula(written[0], face) + widest > sheet.column.width:
            rows = [f"& {line}" for line in lines(steps, sheet.notation, sheet.column)]
    ends = [r" \nonumber \\"] * (len(rows) - 1) if sheet.label else [r" \\"] * (len(rows) - 1)
    body = "\n".join(row + end for row, end in zip(rows, [*ends, ""], strict=True))
    if not sheet.label:
        return needing(_environment("align*", body), AMSMATH)
    return needing(_environment("align", f"{body} \\label{{{sheet.label}}}"), AMSMATH, LABELS)
