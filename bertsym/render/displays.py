"""Chains of equalities on paper: bare, inline, or displayed, aligned at the relation and broken to the column."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from itertools import product

from bertsym.document import Count, Decimal, Inline, Rate, Result
from bertsym.errors import Conflict, TooNarrow
from bertsym.formulas.tree import Named, Sum
from bertsym.render import breaking, mathtex
from bertsym.render.fragment import AMSMATH, LABELS, Fragment, needing
from bertsym.render.mathwidth import formula
from bertsym.render.metrics import POINT, words
from bertsym.render.notation import Notation
from bertsym.render.sheet import Column, Layout, Sheet, first_fitting
from bertsym.render.tex_prose import prose
from bertsym.values import replace, value

ALIGNED_MARGIN = 2 * POINT  # the thin space in which amsmath sets `aligned`
ALIGNED_GAP = 10 * POINT  # \minalignsep, which amsmath sets between two pairs of columns
_NAME_PIECES = re.compile(r"[^\s._/-]*[\s._/-]+|[^\s._/-]+")
LONGEST_NUMBER = "(00)"
"""The number of an equation: TeX keeps a quad between it and the formula, or sets it below."""

Steps = tuple[Inline, ...]


@value
class Row:
    """A line of a display: the left side, the relation and the formula right of it; a further line has that alone.

    A `label` stands in a column of its own at the right.
    """

    right: str
    left: str = ""
    sign: str = ""
    label: str = ""

    @property
    def line(self) -> str:
        """Return the row as a formula of its own."""
        return f"{self.left or '{}'} {self.sign} {self.right}" if self.sign else self.right

    @property
    def tex(self) -> str:
        """Return the row for an alignment, with `&` behind the relation."""
        before = f"{self.left} {self.sign}{{}}".lstrip() if self.sign else ""
        return f"{before}& {self.right}" + (f" && {self.label}" if self.label else "")

    def ending(self, mark: str) -> Row:
        """Return the row with a mark behind it."""
        return replace(self, label=self.label + mark) if self.label else replace(self, right=self.right + mark)


@value
class Frame:
    """The environment of a display: `outer` is empty for brackets, and `inner` holds several lines.

    - A `numbered` environment is an equation with a number.
    - A `bare` fragment needs no package: each line is a display of its own.
    """

    outer: str
    inner: str = "aligned"
    numbered: bool = False
    bare: bool = False


def result(answer: Result, sheet: Sheet, *, alone: bool = True) -> Fragment:
    """Return the formula of an answer: bare, or displayed if a choice asks for it or other things stand beside it."""
    displayed = sheet.column or sheet.label or sheet.standalone or not alone
    layout = sheet.layout or (Layout.EQUATION if displayed else Layout.BARE)
    if layout in (Layout.BARE, Layout.INLINE):
        return _inline(answer, layout, sheet)
    if layout is Layout.STARRED and sheet.label:
        raise Conflict("--label", "--layout equation*", "only an equation has a number to refer to")
    named = (
        answer if answer.short is None else replace(answer, steps=(answer.steps[0], answer.short, *answer.steps[2:]))
    )
    left, steps = _sides(named, sheet)
    match layout:
        case Layout.ALIGN:
            frame = Frame("align" if sheet.label else "align*", numbered=bool(sheet.label))
        case Layout.STARRED:
            frame = Frame("equation*")
        case Layout.SPLIT:
            frame = Frame("equation", "split", numbered=True)
        case _ if sheet.layout is None and not alone and not sheet.label:
            frame = Frame("", bare=sheet.column is None)
        case _:
            frame = Frame("equation", numbered=True)
    parts = () if layout is Layout.SPLIT else _parts(steps[0])
    if len(parts) > 1:
        frame = replace(frame, bare=False)
        rows = _labelled(left, parts, steps[1:], sheet, frame)
    else:
        rows = _split(left, steps, sheet, frame)
    shown = framed(rows, frame, sheet)
    return Fragment(_let(answer, sheet) + shown.tex, shown.requires)


def parts_aligned(answer: Result, notation: Notation) -> str:
    """Return a sum of named parts as lines of an alignment, without its environment."""
    sheet = Sheet(notation)
    left, steps = _sides(answer, sheet)
    return _lines(_labelled(left, _parts(steps[0]), steps[1:], sheet, Frame("")))


def equation(steps: Steps, sheet: Sheet) -> Fragment:
    """Return a step of a derivation as an unnumbered display."""
    left, rest = _left_of(steps, sheet)
    match sheet.layout:
        case Layout.ALIGN:
            frame = Frame("align*")
        case Layout.SPLIT:
            frame = Frame("equation*", "split")
        case _:
            frame = Frame("")
    parts = () if sheet.layout is Layout.SPLIT else _parts(rest[0])
    if len(parts) > 1:
        return framed(_labelled(left, parts, rest[1:], sheet, frame), frame, sheet)
    return framed(_split(left, rest, sheet, frame), frame, sheet)


def _left_of(steps: Steps, sheet: Sheet) -> tuple[str, Steps]:
    """Return the first step as a left side, and the others; a first step wider than half the column is one of them."""
    if len(steps) == 1:
        return "", steps
    left = mathtex.inline(steps[0], sheet.notation, sheet.encoding)
    if sheet.column is not None and formula(left, sheet.column.face) > sheet.column.width // 2:
        return "", steps
    return left, steps[1:]


def _sides(answer: Result, sheet: Sheet) -> tuple[str, Steps]:
    """Return the TeX of the left side, empty if there is none, and the steps right of it."""
    left, steps = answer.sides
    if sheet.left is not None:
        return sheet.left, steps
    match left:
        case None:
            return "", steps
        case Rate(of, by, order):
            return mathtex.rate(sheet.notation.name(of), sheet.notation.name(by), order), steps
        case _:
            return mathtex.math(left, sheet.notation), steps


def _lead(left: str, steps: Steps) -> str:
    """Return what stands before the first step on one line."""
    return f"{left} {mathtex.relation(steps[0])} " if left else ""


def _inline(answer: Result, layout: Layout, sheet: Sheet) -> Fragment:
    """Return the formula in one line; a left side stands there only if the author asked for it."""
    if sheet.column:
        raise Conflict("--width", f"--layout {layout.value}", "only a display is broken to a column")
    if sheet.label:
        raise Conflict("--label", f"--layout {layout.value}", "only an equation has a number to refer to")
    left, steps = ("", answer.steps) if sheet.left is None else _sides(answer, sheet)
    whole = _lead(left, steps) + mathtex.chain(steps, sheet.notation)
    return Fragment(f"{whole}{sheet.punct}" if layout is Layout.BARE else f"${whole}${sheet.punct}")


def _let(answer: Result, sheet: Sheet) -> str:
    """Return a line that says what the named coefficients are."""
    said = [f"${sheet.notation.name(symbol)} = {mathtex.math(form, sheet.notation)}$" for symbol, form in answer.let]
    return f"\\noindent With {' and '.join(said)},\n" if said else ""


def _rows(left: str, steps: Steps, sheet: Sheet, frame: Frame) -> list[Row]:
    """Return the lines of a chain, the last with its mark: one if it fits; without a column, one for each step."""
    rows = _unbroken(left, steps, sheet) if sheet.column is None else _fitted(left, steps, sheet, sheet.column, frame)
    return [*rows[:-1], rows[-1].ending(sheet.punct)]


def _parts(step: Inline) -> tuple[Named, ...]:
    """Return the named parts of a sum that has no others, each for a line of its own."""
    terms = step.terms if isinstance(step, Sum) else (step,)
    return tuple(term for term in terms if isinstance(term, Named)) if isinstance(terms[0], Named) else ()


def _split(left: str, steps: Steps, sheet: Sheet, frame: Frame) -> list[Row]:
    """Return the lines of a chain; named parts that are wider than the column lose their braces; raise `TooNarrow`."""
    try:
        return _rows(left, steps, sheet, frame)
    except TooNarrow:
        if not _parts(steps[0]):
            raise
        return _labelled(left, _parts(steps[0]), steps[1:], sheet, frame, behind=(True,))


def _labelled(
    left: str,
    parts: tuple[Named, ...],
    others: Steps,
    sheet: Sheet,
    frame: Frame,
    *,
    behind: tuple[bool, ...] = (False, True),
) -> list[Row]:
    """Return the parts below each other, each with its name at the right; raise `TooNarrow`.

    If the names leave the parts no room, each stands in parentheses behind its part.
    """
    if sheet.column is None:
        rows = [*_with_labels(left, parts, sheet, None), *(_other(step, parts, sheet, None, "")[0] for step in others)]
    else:
        widths = _reserved(sheet, sheet.column, frame)
        rooms = [
            Room(sheet.column, reserved, whole_factors=whole, behind=after)
            for after, whole, reserved in product(behind, (True, False), widths)
        ]
        last = Room(sheet.column, widths[-1], whole_factors=False, behind=True, anywhere=True)
        rows = first_fitting(partial(_labelled_in, room, left, parts, others, sheet) for room in (*rooms, last))
    return [*rows[:-1], rows[-1].ending(sheet.punct)]


@value
class Room:
    """A column, the width `reserved` in it for marks and numbers, and what a display may do to fit."""

    column: Column
    reserved: int
    whole_factors: bool
    behind: bool = False
    anywhere: bool = False


def _labelled_in(room: Room, left: str, parts: tuple[Named, ...], others: Steps, sheet: Sheet) -> list[Row]:
    """Return the parts and the steps after them in a room; raise `TooNarrow`."""
    further = (row for step in others for row in _other(step, parts, sheet, room, left))
    return [*_with_labels(left, parts, sheet, room), *further]


def _with_labels(left: str, parts: tuple[Named, ...], sheet: Sheet, room: Room | None) -> list[Row]:
    labels = [rf"\text{{{prose(part.name, sheet.encoding)}}}" for part in parts]
    rows: list[Row] = []
    for part, label in zip(parts, labels, strict=True):
        tex = mathtex.math(part.part, sheet.notation)
        lead = "" if not rows else "{} " if tex.startswith("-") else "{} + "
        first, *rest = [lead + tex] if room is None else _part_lines(left, part, lead, parts, sheet, room)
        signed = left and not rows
        behind = room is not None and room.behind
        rows += [Row(first, left if signed else "", "=" if signed else "", "" if behind else label), *map(Row, rest)]
        if room is not None and room.behind:
            rows[-1:] = _with_name_behind(rows[-1], part.name, sheet, _margin(left, room), room.column)
    return rows


def _other(step: Inline, parts: tuple[Named, ...], sheet: Sheet, room: Room | None, left: str) -> list[Row]:
    """Return the lines of a step after the parts; raise `TooNarrow`."""
    if room is None:
        return [Row(mathtex.inline(step, sheet.notation, sheet.encoding), sign=mathtex.relation(step))]
    setting = breaking.Setting("{} ", room.whole_factors, room.anywhere)
    margin = _margin(left or "{}", room) + _labels_width(parts, room)
    first, *rest = breaking.lines((step,), sheet.notation, room.column, margin=margin, setting=setting)
    return [Row(first, sign=mathtex.relation(step)), *map(Row, rest)]


def _with_name_behind(last: Row, name: str, sheet: Sheet, margin: int, column: Column) -> list[Row]:
    """Return the last row of a part with its name behind it, or below it if there is no room; raise `TooNarrow`."""
    beside = formula(r"\quad ()", column.face)
    room = Column(column.width - margin - beside, column.face)
    shown = [rf"\text{{{prose(line, sheet.encoding)}}}" for line in _name_lines(name, room)]
    shown[0] = f"({shown[0]}"
    shown[-1] = f"{shown[-1]})"
    if len(shown) == 1 and formula(last.right, column.face) + words(name, column.face) <= room.width:
        return [replace(last, right=rf"{last.right} \quad {shown[0]}")]
    return [last, *(Row(rf"\quad {line}") for line in shown)]


def _name_lines(name: str, room: Column) -> list[str]:
    """Return a name in lines that end at blanks, behind hyphens and behind marks of code; raise `TooNarrow`."""
    lines = [""]
    for piece in _NAME_PIECES.findall(name):
        if not lines[-1] or words((lines[-1] + piece).rstrip(), room.face) <= room.width:
            lines[-1] += piece
        else:
            lines.append(piece)
    lines = [line.rstrip() for line in lines]
    room.check("the name of a part", max(words(line, room.face) for line in lines))
    return lines


def _margin(left: str, room: Room) -> int:
    return room.reserved + ALIGNED_MARGIN + (formula(f"{left} = {{}}", room.column.face) if left else 0)


def _labels_width(parts: tuple[Named, ...], room: Room) -> int:
    """Return the width that the names at the right take, and the gap before them."""
    return 0 if room.behind else ALIGNED_GAP + max(words(part.name, room.column.face) for part in parts)


def _part_lines(left: str, part: Named, lead: str, parts: tuple[Named, ...], sheet: Sheet, room: Room) -> list[str]:
    """Return the lines of a part in the room that the left side and the names leave; raise `TooNarrow`."""
    margin = _margin(left, room) + _labels_width(parts, room)
    setting = breaking.Setting(whole_factors=room.whole_factors, anywhere=room.anywhere)
    return breaking.lines((part.part,), sheet.notation, room.column, margin=margin, lead=lead, setting=setting)


def _unbroken(left: str, steps: Steps, sheet: Sheet) -> list[Row]:
    written = [mathtex.inline(step, sheet.notation, sheet.encoding) for step in steps]
    signs = [mathtex.relation(step) for step in steps]
    first = Row(written[0], left, signs[0] if left else "")
    if len(written) == 1:
        return [Row(first.line)]
    return [first, *(Row(step, sign=sign) for sign, step in zip(signs[1:], written[1:], strict=True))]


def _fitted(left: str, steps: Steps, sheet: Sheet, column: Column, frame: Frame) -> list[Row]:
    """Return lines that fit the column; raise `TooNarrow`.

    A formula that leaves no room has its number below it, which is better than a line that ends within parentheses.
    """
    widths = _reserved(sheet, column, frame)

    def anywhere() -> list[Row]:
        margin = ALIGNED_MARGIN + widths[-1]
        lead = _lead(left, steps)
        return [Row(line) for line in breaking.lines(steps, sheet.notation, column, margin=margin, lead=lead)]

    aligned = [
        partial(_broken, left, steps, sheet, column, reserved=reserved, whole_factors=whole)
        for whole, reserved in product((True, False), widths)
    ]
    return first_fitting((*aligned, anywhere))


def _reserved(sheet: Sheet, column: Column, frame: Frame) -> tuple[int, ...]:
    """Return the widths to keep free at the right: of the mark and the number, and of the mark if that is too much."""
    mark = formula(sheet.punct, column.face) if sheet.punct else 0
    number = formula(rf"\quad {LONGEST_NUMBER}", column.face) if frame.numbered else 0
    return (mark + number, mark) if number else (mark,)


def _broken(left: str, steps: Steps, sheet: Sheet, column: Column, *, reserved: int, whole_factors: bool) -> list[Row]:
    whole = _lead(left, steps) + mathtex.chain(steps, sheet.notation)
    if formula(whole, column.face) + reserved <= column.width:
        return [Row(whole)]
    margin = formula(f"{left or '{}'} = {{}}", column.face) + ALIGNED_MARGIN + reserved
    setting = breaking.Setting("{} ", whole_factors)
    rows: list[Row] = []
    for step in steps:
        sign = mathtex.relation(step)
        first, *rest = breaking.lines((step,), sheet.notation, column, margin=margin, setting=setting)
        joined = f"{rows[-1].right} {sign} {first}" if rows and isinstance(step, Count | Decimal) else ""
        if joined and formula(joined, column.face) + margin <= column.width:
            rows[-1] = replace(rows[-1], right=joined)
            continue
        alone = not rows and not left
        rows += [Row(first, "" if rows else left, "" if alone else sign), *map(Row, rest)]
    return rows


def framed(rows: Sequence[Row], frame: Frame, sheet: Sheet) -> Fragment:
    """Return the rows in their environment, with the label and the packages that it needs."""
    if frame.bare:
        return Fragment("\n".join(f"\\[ {row.line} \\]" for row in rows))
    label = sheet.label if frame.numbered else ""
    labels = (LABELS,) if label else ()
    if frame.outer.startswith("align"):
        return needing(_aligned(rows, frame.outer, label), AMSMATH, *labels)
    several = len(rows) > 1 or bool(rows[0].label) or frame.inner == "split"
    body = _environment(frame.inner, _lines(rows)) if several else rows[0].line
    if not frame.outer:
        return needing(f"\\[ {body} \\]", *((AMSMATH,) if several else ()))
    needed = (AMSMATH,) if several or frame.outer == "equation*" else ()
    key = f"\\label{{{label}}}\n" if label else ""
    return needing(_environment(frame.outer, key + body), *needed, *labels)


def _lines(rows: Sequence[Row]) -> str:
    return " \\\\\n".join(row.tex for row in rows)


def _environment(name: str, body: str) -> str:
    return f"\\begin{{{name}}}\n{body}\n\\end{{{name}}}"


def _aligned(rows: Sequence[Row], name: str, label: str) -> str:
    """Return the rows aligned at their relations; the last has the number if there is a label."""
    end = r" \nonumber \\" if label else r" \\"
    written = [row.tex for row in rows] if len(rows) > 1 or rows[0].label else [rows[0].line]
    key = f" \\label{{{label}}}" if label else ""
    return _environment(name, f"{end}\n".join(written) + key)
