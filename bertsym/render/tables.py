"""Tables on paper: a whole tabular in one piece, its wide columns wrapped until it fits."""

from __future__ import annotations

import re

from bertsym.document import Code, Inline, Share, Table
from bertsym.errors import TooNarrow
from bertsym.quantities import percent
from bertsym.render import mathtex, words
from bertsym.render.fragment import BOOKTABS, Fragment
from bertsym.render.metrics import POINT, Face
from bertsym.render.metrics import words as set_width
from bertsym.render.sheet import Column, Layout, Sheet
from bertsym.render.tex_prose import prose
from bertsym.values import value

GAPS = (6 * POINT, 3 * POINT)  # \tabcolsep as LaTeX sets it, and tightened
SLACK = POINT // 10

_HOLDING = (("{", "}"), (r"\left", r"\right"))
_BREAKS_IN_MATH = re.compile(r"(?<= [+=-]) |(?<= \\times) ")

# What TeX must not break: braces around a parenthesis forbid it.
_PARENTHESES = re.compile(r"\((?:[^()]|\([^()]*\))*\)")


@value
class Cell:
    """A cell: its TeX, its width on one line, and the width of its longest unbreakable piece."""

    tex: str
    wrapped: str
    natural: int
    least: int


def inline(part: Inline, sheet: Sheet, *, breakable: bool = False) -> str:
    """Return one piece of text or a table cell; a breakable name of code may end a line after a dot or underscore."""
    match part:
        case str():
            return prose(part, sheet.encoding)
        case Code(text):
            shown = prose(text, sheet.encoding)
            if breakable:
                shown = re.sub(r"(\.|\\_|/)(?=.)", r"\1\\allowbreak{}", shown)
            return rf"\texttt{{{shown}}}"
        case Share(value, places):
            return prose(percent(value, places))
        case _:
            return f"${mathtex.inline(part, sheet.notation, sheet.encoding)}$"


def tabular(table: Table, sheet: Sheet) -> Fragment:
    """Return the table, ruled by hlines or by booktabs; it floats if it has a caption or a label."""
    booktabs = sheet.layout is Layout.BOOKTABS
    top, middle, bottom = (r"\toprule", r"\midrule", r"\bottomrule") if booktabs else ("", r"\hline", "")
    titles = tuple(column.title for column in table.columns)
    lines = [row for row in (titles, *table.rows, table.footer) if row]
    try:
        rows, gap, widths = _set(table, lines, sheet, whole=True)
    except TooNarrow:
        rows, gap, widths = _set(table, lines, sheet, whole=False)
    kinds = (
        f"p{{{_points(width)}}}" if width else "lr"[c.right] for width, c in zip(widths, table.columns, strict=True)
    )
    ready = [_row(row, widths) for row in rows]
    body = [top, ready[0], middle, *ready[1 : len(table.rows) + 1]]
    body += [middle, ready[-1]] if table.footer else []
    inner = "\n".join(line for line in (*body, bottom) if line)
    tight = "" if gap == GAPS[0] else f"\\setlength{{\\tabcolsep}}{{{_points(gap)}}}%\n"
    text = f"{tight}\\begin{{tabular}}{{{''.join(kinds)}}}\n{inner}\n\\end{{tabular}}"
    requires = frozenset({BOOKTABS}) if booktabs else frozenset()
    return Fragment(_floating(text, sheet) if sheet.caption or sheet.label else _in_text(text, sheet, tight), requires)


def _set(
    table: Table, lines: list[tuple[Inline, ...]], sheet: Sheet, *, whole: bool
) -> tuple[list[list[Cell]], int, list[int]]:
    """Return the cells, the gap between columns and the widths of those that wrap; raise `TooNarrow`."""
    face = sheet.column.face if sheet.column else None
    rows = [[_cell(part, sheet, face, whole=whole) for part in line] for line in lines]
    if sheet.column is None:
        return rows, GAPS[0], [0] * len(table.columns)
    return rows, *_fitted(table, rows, sheet.column)


def _in_text(text: str, sheet: Sheet, tight: str) -> str:
    """Return the table as part of the text; one that fills the column is a paragraph without an indent."""
    if sheet.column is None:
        return text
    return f"\\begingroup\n\\noindent\n{text}\\par\\endgroup" if tight else f"\\noindent\n{text}\\par"


def _floating(text: str, sheet: Sheet) -> str:
    label = f"\\label{{{sheet.label}}}\n" if sheet.label else ""
    caption = f"\\caption{{{prose(sheet.caption, sheet.encoding)}}}\n"
    return f"\\begin{{table}}[t]\n\\centering\n{text}\n{caption}{label}\\end{{table}}"


def _points(width: int) -> str:
    return f"{width // POINT}.{width % POINT * 100 // POINT:02d}pt"


def _row(cells: list[Cell], widths: list[int]) -> str:
    shown = (cell.wrapped if width else cell.tex for cell, width in zip(cells, widths, strict=True))
    return " & ".join(shown) + (r" \tabularnewline" if any(widths) else r" \\")


def _cell(part: Inline, sheet: Sheet, face: Face | None, *, whole: bool) -> Cell:
    """Return a cell and its widths; `whole` keeps parentheses on one line."""
    if part == "":
        return Cell("", "", 0, 0)
    tex = inline(part, sheet)
    if face is None:
        return Cell(tex, tex, 0, 0)
    wrapped = rf"\raggedright {inline(part, sheet, breakable=True)}"
    match part:
        case str() | Code() | Share():
            typewriter = isinstance(part, Code)
            text = words.inline(part)
            pieces = re.findall(r"[^._/]+[._/]?|[._/]" if typewriter else r"[^\s-]+-?|-", text)
            longest = max((set_width(piece, face, typewriter=typewriter) for piece in pieces), default=0)
            return Cell(tex, wrapped, set_width(text, face, typewriter=typewriter), longest)
        case _:
            from bertsym.render.mathwidth import formula  # noqa: PLC0415  # only a column pays for measuring

            math = mathtex.inline(part, sheet.notation, sheet.encoding)
            natural = formula(math, face, display=False)
            pieces = _broken(math)
            if whole and r"\left" not in math:  # a brace between \left and its delimiter would be an error
                pieces = _closed(pieces)
                held = _PARENTHESES.sub(r"{\g<0>}", math)
                wrapped = rf"\raggedright ${held}$"
            return Cell(tex, wrapped, natural, max(formula(piece, face, display=False) for piece in pieces))


def _broken(math: str) -> list[str]:
    """Return the pieces between which TeX may break a line, outside of all braces and of delimiters that grow."""
    pieces: list[str] = []
    for piece in _BREAKS_IN_MATH.split(math):
        if pieces and any(pieces[-1].count(start) > pieces[-1].count(end) for start, end in _HOLDING):
            pieces[-1] += f" {piece}"
        else:
            pieces.append(piece)
    return pieces


def _closed(pieces: list[str]) -> list[str]:
    """Return the pieces joined until every parenthesis closes in the piece that opens it."""
    joined: list[str] = []
    for piece in pieces:
        if joined and joined[-1].count("(") > joined[-1].count(")"):
            joined[-1] += f" {piece}"
        else:
            joined.append(piece)
    return joined


def _fitted(table: Table, rows: list[list[Cell]], column: Column) -> tuple[int, list[int]]:
    """Return the gap between columns, and the widths of those that must wrap, 0 for the others; raise `TooNarrow`."""
    count = len(table.columns)
    natural = [max(row[i].natural for row in rows) + SLACK for i in range(count)]
    least = [max(row[i].least for row in rows) + SLACK for i in range(count)]
    for i, c in enumerate(table.columns):
        least[i] = natural[i] if c.right else least[i]
    for gap in GAPS:
        room = column.width - 2 * gap * count
        if sum(natural) <= room:
            return gap, [0] * count
        if sum(least) <= room:
            return gap, _shared(natural, least, room)
    column.check("the table", sum(least) + 2 * GAPS[-1] * count)
    raise AssertionError("unreachable")


def _shared(natural: list[int], least: list[int], room: int) -> list[int]:
    """Return the column widths: each its minimum, then the rest shared, the narrowest column first."""
    widths = list(least)
    spare = room - sum(least)
    wanting = sorted((i for i in range(len(widths)) if natural[i] > least[i]), key=lambda i: natural[i] - least[i])
    for index, i in enumerate(wanting):
        given = min(natural[i] - least[i], spare // (len(wanting) - index))
        widths[i] += given
        spare -= given
    return [width if width < natural[i] else 0 for i, width in enumerate(widths)]
