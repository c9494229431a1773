"""The layout TikZ: positions over the width and height of a plane, for a paper without pgfplots.

A position is a share of the axis, rounded to five decimal places. The counts stand in comments.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from bertsym.charts import Exact
from bertsym.quantities import decimal
from bertsym.render.figures.axes import Axis
from bertsym.render.figures.drawing import BAR, PITCH, SHADE, Bars, Dot, Line, Plane, Ranked
from bertsym.render.figures.pieces import LABEL, SEP, TICK, axis_title, number_of, stroke_style, tick_label
from bertsym.render.sheet import Sheet
from bertsym.render.tex_prose import comment, prose

REQUIRES = r"\usepackage{tikz}"
PLACES = 5
_NODE = rf"font=\footnotesize, inner sep={SEP}pt"
# Half of a bar over the distance between rows.
_HALF = Fraction(BAR, 2 * PITCH)
# How far a curve runs on beyond the plane, which clips it: TeX has no lengths without end.
_BEYOND = Fraction(1, 2)


def bars(shown: Bars, colours: list[str], sheet: Sheet) -> list[str]:
    """Return the picture of stacked bars."""
    lines = []
    start: list[Exact] = [0] * len(shown.rows)
    for colour, segment in zip(colours, shown.segments, strict=True):
        lines.append(f"% {comment(segment.title)}: {' '.join(map(number_of, segment.lengths))}")
        stop = [before + length for before, length in zip(start, segment.lengths, strict=True)]
        ends = zip(start, stop, strict=True)
        lines += [_bar(f"fill={colour}", *end, row, shown.axis) for row, end in enumerate(ends, 1)]
        start = stop
    names = [prose(name, sheet.encoding) for name in shown.rows]
    lines += [*_below(shown.axis, len(names), sheet), *_rows(names, TICK), _upright(0, len(names))]
    return _picture(f"{PITCH}pt", [*lines, *_beside(shown.ends(), shown.labels, shown.axis, sheet)], down=True)


def plane(shown: Plane, colours: list[str], sheet: Sheet) -> list[str]:
    """Return the picture of curves and dots."""
    lines = [r"\begin{scope}", r"\clip (0,0) rectangle (1,1);"]
    for colour, line in zip(colours, shown.lines, strict=True):
        path = " -- ".join(f"({_tex(x)},{_tex(y)})" for x, y in _path(line, shown))
        lines.append(rf"\draw[{stroke_style(colour, line.stroke)}] {path};")
    lines += [r"\end{scope}", *(part for dot in shown.dots for part in _dot(dot, shown, sheet))]
    lines += _below(shown.x, 0, sheet)
    for tick in shown.y.ticks:
        node = rf"node[left, {_NODE}] {{{tick_label(tick.label)}}}"
        lines.append(rf"\draw (0,{_tex(shown.y.place(tick.at))}) -- +(-{TICK}pt,0) {node};")
    away = rf"xshift=-\dimexpr\labelwidth+{2 * SEP + TICK}pt\relax"
    title = axis_title(shown.y.title, sheet)
    lines += [r"\draw (0,0) -- (0,1);", rf"\node[rotate=90, anchor=south, {_NODE}] at ([{away}]0,.5) {{{title}}};"]
    return [r"\edef\labelwidth{\the\dimen0}%", *_picture(r"\plotheight", lines, down=False)]


def ranking(shown: Ranked, names: list[str], sheet: Sheet) -> list[str]:
    """Return the picture of ranked bars."""
    lines = [_bar(f"fill=black!{SHADE}", 0, length, row, shown.axis) for row, length in enumerate(shown.lengths, 1)]
    lines += [*_below(shown.axis, len(names), sheet), *_rows(names, TICK, draw=False)]
    lines.append(_upright(shown.axis.place(0), len(names)))
    return _picture(f"{PITCH}pt", [*lines, *_beside(shown.lengths, shown.labels, shown.axis, sheet)], down=True)


def _picture(height: str, lines: list[str], *, down: bool) -> list[str]:
    """Return a picture in which the axes are as long as one unit, or rows go down by one unit each."""
    unit = f"-{height}" if down else height
    return [rf"\begin{{tikzpicture}}[x=\plotwidth, y={unit}, line width=.4pt]", *lines, r"\end{tikzpicture}%"]


def _bar(fill: str, start: Exact, stop: Exact, row: int, axis: Axis) -> str:
    left, right = (_tex(axis.place(end)) for end in (start, stop))
    top, bottom = (_tex(row - Fraction(1, 2) + side * _HALF) for side in (-1, 1))
    return rf"\filldraw[{fill}, draw=black, line width=.3pt] ({left},{top}) rectangle ({right},{bottom});"


def _below(axis: Axis, height: int, sheet: Sheet) -> list[str]:
    """Return the horizontal axis, at the bottom of so many rows."""
    lines = [rf"\draw (0,{height}) -- (1,{height});"]
    for tick in axis.ticks:
        node = rf"node[below, {_NODE}] {{{tick_label(tick.label)}}}"
        lines.append(rf"\draw ({_tex(axis.place(tick.at))},{height}) -- +(0,-{TICK}pt) {node};")
    away = rf"yshift=-\dimexpr\baselineskip+{TICK}pt\relax"
    wrapped = rf"anchor=north, {_NODE}, text width=\plotwidth, align=center"
    lines.append(rf"\node[{wrapped}] at ([{away}].5,{height}) {{{axis_title(axis.title, sheet)}}};")
    return lines


def _rows(names: list[str], tick: int, *, draw: bool = True) -> list[str]:
    path = r"\draw" if draw else r"\path"
    return [rf"{path} (0,{row}.5) -- +(-{tick}pt,0) node[left, {_NODE}] {{{name}}};" for row, name in enumerate(names)]


def _upright(at: Exact, rows: int) -> str:
    return rf"\draw ({_tex(at)},0) -- ({_tex(at)},{rows});"


def _beside(ends: Iterable[Exact], labels: tuple[str, ...], axis: Axis, sheet: Sheet) -> list[str]:
    """Return the labels at the ends of bars; one that ends below 0 has its label above 0."""
    places = (_tex(axis.place(max(end, 0))) for end in ends)
    return [
        rf"\node[right, {_NODE}] at ({place},{row}.5) {{{tick_label(prose(label, sheet.encoding))}}};"
        for row, (place, label) in enumerate(zip(places, labels, strict=False))
    ]


def _dot(dot: Dot, shown: Plane, sheet: Sheet) -> list[str]:
    at = f"{_tex(shown.x.place(dot.x))},{_tex(shown.y.place(dot.y))}"
    lines = [rf"\fill ({at}) circle[radius=1.6pt];"]
    if dot.title:
        lines.append(rf"\node[anchor={dot.anchor}, {LABEL}] at ({at}) {{{prose(dot.title, sheet.encoding)}}};")
    return lines


def _path(line: Line, shown: Plane) -> list[tuple[Fraction, Fraction]]:
    """Return the points of a curve in shares of the axes; one far outside moves along its line towards the plane."""
    points = [(shown.x.place(x), shown.y.place(y)) for x, y in line.points]
    path = []
    for i, (x, y) in enumerate(points):
        bound = min(max(y, -_BEYOND), 1 + _BEYOND)
        beside = [points[j] for j in (i + 1, i - 1) if 0 <= j < len(points) and points[j][1] != y]
        if bound != y and beside:
            inner_x, inner_y = min(beside, key=lambda point: abs(point[1] - Fraction(1, 2)))
            path.append((inner_x + (x - inner_x) * (bound - inner_y) / (y - inner_y), bound))
        else:
            path.append((x, bound))
    return path


def _tex(share: Exact) -> str:
    return decimal(Fraction(share), PLACES).rstrip("0").rstrip(".")
