"""The steps of a derivation on paper: an alignment of labels, products and what they come to."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TypeGuard

from bertsym.document import Inline, Line
from bertsym.render import breaking, mathtex, words
from bertsym.render.displays import ALIGNED_GAP, ALIGNED_MARGIN
from bertsym.render.fragment import AMSMATH, Fragment, needing
from bertsym.render.mathwidth import formula
from bertsym.render.metrics import words as set_width
from bertsym.render.sheet import Column, Layout, Sheet, first_fitting
from bertsym.render.tex_prose import prose

WITHOUT_SIGN = r"\phantom{{}={}}"


def alignment(lines: Sequence[Line], sheet: Sheet) -> Fragment:
    """Return the lines in the environment that the sheet asks for; raise `TooNarrow`."""
    body = " \\\\\n".join(rows(lines, sheet))
    if sheet.layout is Layout.ALIGN:
        return needing(f"\\begin{{align*}}\n{body}\n\\end{{align*}}", AMSMATH)
    return needing(f"\\[ \\begin{{aligned}}\n{body}\n\\end{{aligned}} \\]", AMSMATH)


def rows(lines: Sequence[Line], sheet: Sheet) -> list[str]:
    """Return the lines for an alignment: labels at a colon, products at their signs; raise `TooNarrow`.

    In a narrow column the steps of a line stand below each other, and then below their label.
    """
    if sheet.column is None:
        return _beside(lines, sheet, None)
    shown = _arranged(lines, sheet, sheet.column)
    # amsmath keeps the gap after the last column of an alignment that has a single row.
    narrower = Column(sheet.column.width - ALIGNED_GAP, sheet.column.face)
    return shown if len(shown) > 1 else _arranged(lines, sheet, narrower)


def _arranged(lines: Sequence[Line], sheet: Sheet, column: Column) -> list[str]:
    """Return the rows of the first arrangement that fits the column; raise `TooNarrow`."""
    return first_fitting(partial(way, lines, sheet, column) for way in (_beside, _below_each_other, _below_labels))


def _beside(lines: Sequence[Line], sheet: Sheet, column: Column | None) -> list[str]:
    starts = ["" if line.start is None else _step(line.start, sheet) for line in lines]
    margin = 0
    if column is not None:
        labels = max(_label_width(line, sheet, column) for line in lines)
        left = max(_width(start, column) for start in starts)
        margin = labels + left + _width("{} = {}", column) + ALIGNED_GAP + ALIGNED_MARGIN
    shown = []
    for line, start in zip(lines, starts, strict=True):
        head = f"{_label(line, sheet)} &: & {start} &"
        sign = "=" if start else WITHOUT_SIGN
        chain = mathtex.chain(line.steps, sheet.notation, sheet.encoding)
        if column is None or _width(chain, column) + margin <= column.width:
            shown.append(f"{head} {sign} {chain}")
            continue
        for step in line.steps:
            first, *rest = _step_lines(step, sheet, column, margin)
            shown += [f"{head} {sign} {first}", *(f"& & & {WITHOUT_SIGN} {further}" for further in rest)]
            head, sign = "& & &", "="
    return shown


def _step_lines(step: Inline, sheet: Sheet, column: Column, margin: int) -> list[str]:
    """Return a step in lines that begin between terms; raise `TooNarrow`."""
    setting = breaking.Setting("{} ", whole_factors=True)
    return breaking.lines((step,), sheet.notation, column, margin=margin, setting=setting)


def _below_each_other(lines: Sequence[Line], sheet: Sheet, column: Column) -> list[str]:
    margin = max(_label_width(line, sheet, column) for line in lines) + ALIGNED_MARGIN
    shown = []
    for line in lines:
        first, *rest = _broken(line, sheet, column, margin + _width("{} : {}", column) - _width("{} :", column))
        shown += [f"{_label(line, sheet)} :{{}}& {first}", *(f"& {step}" for step in rest)]
    return shown


def _below_labels(lines: Sequence[Line], sheet: Sheet, column: Column) -> list[str]:
    margin = ALIGNED_MARGIN + _width(r"\quad", column)
    shown = []
    for line in lines:
        column.check("the label of a term", _label_width(line, sheet, column) + ALIGNED_MARGIN)
        shown += [f"& {_label(line, sheet)} :", *(rf"& \quad {step}" for step in _broken(line, sheet, column, margin))]
    return shown


def _broken(line: Line, sheet: Sheet, column: Column, margin: int) -> list[str]:
    steps = line.steps if line.start is None else (line.start, *line.steps)
    return breaking.lines(steps, sheet.notation, column, margin=margin)


def _step(step: Inline, sheet: Sheet) -> str:
    return mathtex.inline(step, sheet.notation, sheet.encoding)


def _label(line: Line, sheet: Sheet) -> str:
    return "".join(
        rf"\text{{{prose(part, sheet.encoding)}}}" if _is_word(part) else _in_math(part, sheet) for part in line.label
    )


def _is_word(part: Inline) -> TypeGuard[str]:
    """Return True for words, which a comma between two letters is not."""
    return isinstance(part, str) and part != ", "


def _in_math(part: Inline, sheet: Sheet) -> str:
    return part if isinstance(part, str) else _step(part, sheet)


def _label_width(line: Line, sheet: Sheet, column: Column) -> int:
    """Return the width of a label and its colon."""
    mathematics = "".join("" if _is_word(part) else _in_math(part, sheet) for part in line.label)
    wordy = sum(set_width(words.inline(part), column.face) for part in line.label if _is_word(part))
    return wordy + _width(f"{mathematics}{{}} :", column)


def _width(tex: str, column: Column) -> int:
    return formula(tex, column.face)
