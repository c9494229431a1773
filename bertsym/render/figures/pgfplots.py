"""The layout pgfplots: axes with exact data, which an author may edit."""

from __future__ import annotations

from collections.abc import Iterable

from bertsym.charts import Exact
from bertsym.render.figures.axes import Axis, Tick
from bertsym.render.figures.drawing import BAR, PITCH, SHADE, Bars, Dot, Plane, Ranked
from bertsym.render.figures.pieces import LABEL, SEP, TICK, axis_title, number_of, stroke_style, tick_label
from bertsym.render.sheet import Sheet
from bertsym.render.tex_prose import prose

REQUIRES = r"\usepackage{pgfplots}\pgfplotsset{compat=1.16}"


def bars(shown: Bars, colours: list[str], sheet: Sheet) -> list[str]:
    """Return the picture of stacked bars."""
    names = [prose(name, sheet.encoding) for name in shown.rows]
    options = ["xbar stacked", f"bar width={BAR}pt", *_below(shown.axis, sheet), *_rows(names)]
    plots = [
        rf"\addplot[fill={colour}, draw=black, line width=.3pt] coordinates {{{_row_data(segment.lengths)}}};"
        for colour, segment in zip(colours, shown.segments, strict=True)
    ]
    if shown.labels:
        plots += _beside(shown.ends(), shown.labels, sheet)
        options.append("clip=false")
    return _picture(options, plots)


def plane(shown: Plane, colours: list[str], sheet: Sheet) -> list[str]:
    """Return the picture of curves and dots."""
    options = [
        r"height=\plotheight",
        *_below(shown.x, sheet),
        *_ends("y", shown.y),
        *_tick_options("y", shown.y.ticks),
        f"ylabel={{{axis_title(shown.y.title, sheet)}}}",
        "clip mode=individual",
    ]
    plots = [
        rf"\addplot[{stroke_style(colour, line.stroke)}] coordinates {{{_data(line.points)}}};"
        for colour, line in zip(colours, shown.lines, strict=True)
    ]
    return _picture(options, [*plots, *(line for dot in shown.dots for line in _dot(dot, sheet))])


def ranking(shown: Ranked, names: list[str], sheet: Sheet) -> list[str]:
    """Return the picture of ranked bars."""
    options = ["xbar", f"bar width={BAR}pt", *_below(shown.axis, sheet), *_rows(names)]
    options.append("clip=false, y axis line style={draw=none}, ytick style={draw=none}")
    plots = [
        rf"\addplot[fill=black!{SHADE}, draw=black, line width=.3pt] coordinates {{{_row_data(shown.lengths)}}};",
        *_beside(shown.lengths, shown.labels, sheet),
        rf"\draw (axis cs:0,0.5) -- (axis cs:0,{len(names)}.5);",
    ]
    return _picture(options, plots)


def _beside(ends: Iterable[Exact], labels: Iterable[str], sheet: Sheet) -> list[str]:
    """Return the labels at the ends of bars; one that ends below 0 has its label above 0."""
    style = f"anchor=west, inner sep={SEP}pt"
    return [
        rf"\node[{style}] at (axis cs:{number_of(max(end, 0))},{row}) {{{tick_label(prose(label, sheet.encoding))}}};"
        for row, (end, label) in enumerate(zip(ends, labels, strict=True), 1)
    ]


def _rows(names: list[str]) -> list[str]:
    places = ",".join(str(row) for row in range(1, len(names) + 1))
    return [
        f"height={PITCH * len(names)}pt",
        f"ymin=0.5, ymax={len(names)}.5, y dir=reverse",
        f"ytick={{{places}}}",
        f"yticklabels={{{','.join(f'{{{name}}}' for name in names)}}}",
    ]


def _below(axis: Axis, sheet: Sheet) -> list[str]:
    title = rf"xlabel={{{axis_title(axis.title, sheet)}}}, xlabel style={{text width=\plotwidth, align=center}}"
    return [*_ends("x", axis), *_tick_options("x", axis.ticks), title]


def _ends(direction: str, axis: Axis) -> list[str]:
    return [f"{direction}min={number_of(axis.low)}, {direction}max={number_of(axis.high)}"]


def _tick_options(direction: str, ticks: tuple[Tick, ...]) -> list[str]:
    places = ",".join(number_of(tick.at) for tick in ticks)
    labels = ",".join(f"{{{tick_label(tick.label)}}}" for tick in ticks)
    return [f"{direction}tick={{{places}}}", f"{direction}ticklabels={{{labels}}}"]


def _picture(options: list[str], plots: list[str]) -> list[str]:
    shared = [
        r"scale only axis, width=\plotwidth",
        *options,
        "enlargelimits=false, scaled ticks=false, axis x line*=bottom, axis y line*=left",
        f"tick align=outside, major tick length={TICK}pt, tick style={{black, line width=.4pt}}",
        rf"ticklabel style={{font=\footnotesize, inner sep={SEP}pt, outer sep=0pt}}",
        rf"label style={{font=\footnotesize, inner sep={SEP}pt, outer sep=0pt}}",
    ]
    lines = ",\n  ".join(shared)
    return [r"\begin{tikzpicture}", f"\\begin{{axis}}[\n  {lines}]", *plots, r"\end{axis}", r"\end{tikzpicture}%"]


def _dot(dot: Dot, sheet: Sheet) -> list[str]:
    at = f"{number_of(dot.x)},{number_of(dot.y)}"
    mark = rf"\addplot[only marks, mark=*, mark size=1.6pt, black] coordinates {{({at})}};"
    if not dot.title:
        return [mark]
    return [
        mark,
        rf"\node[anchor={dot.anchor}, {LABEL}] at (axis cs:{at}) {{{prose(dot.title, sheet.encoding)}}};",
    ]


def _row_data(lengths: tuple[Exact, ...]) -> str:
    return " ".join(f"({number_of(length)},{row})" for row, length in enumerate(lengths, 1))


def _data(points: Iterable[tuple[Exact, Exact]]) -> str:
    return " ".join(f"({number_of(x)},{number_of(y)})" for x, y in points)
