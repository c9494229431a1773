r"""Figures as source for pgfplots: exact data, in the fonts of the paper, as wide as the paper's column.

TeX itself measures the labels, so a figure with its labels is as wide as asked in any font. Nothing is defined outside
of the figure, and no macro takes arguments, which a beamer frame would not read.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from fractions import Fraction

from bertsym.charts import Chart, Curves, Exact, Ranking, StackedBars
from bertsym.document import Document
from bertsym.errors import Conflict, member
from bertsym.formulas.tree import Name
from bertsym.quantities import decimal
from bertsym.render import latex, mathtex
from bertsym.render.figures import drawing
from bertsym.render.figures.axes import Axis, Tick, Title
from bertsym.render.figures.drawing import ASPECT, BAR, HIGHEST, PITCH, USUAL_WIDTH, Dot
from bertsym.render.figures.palette import Stroke
from bertsym.render.fragment import T1
from bertsym.render.metrics import POINT
from bertsym.render.sheet import Sheet
from bertsym.render.tex_prose import beyond_pdflatex, needs_t1, prose

PGFPLOTS = r"\usepackage{pgfplots}\pgfplotsset{compat=1.16}"
# Of ticks, and between a tick and its label, in points.
TICK = 3
SEP = 2
# Decimal places of a coordinate that is no integer.
PLACES = 4


class Environment(Enum):
    """Environment of a figure: a float of one column or of both, or none."""

    FIGURE = "figure"
    STARRED = "figure*"
    NONE = "none"

    @classmethod
    def named(cls, name: str) -> Environment:
        """Return the member of that name; raise `UnknownName`."""
        return member(cls, "float", name)


def document(chart: Chart, remarks: Document, sheet: Sheet, environment: Environment | None = None) -> str:
    """Return a fragment for the body of a document, or a whole document, ending in a newline.

    A figure with a caption or a label floats. Raises `Conflict` for either of them outside of a float.
    """
    if environment is None:
        environment = Environment.FIGURE if sheet.caption or sheet.label else Environment.NONE
    body = f"{latex.document(remarks)}{_floating(_figure(chart, sheet), sheet, environment)}"
    requires = [PGFPLOTS, *([T1] if needs_t1(body) else [])]
    if sheet.standalone:
        return latex.standalone(body, requires, sheet)
    notes = [f"% requires: {line}" for line in requires]
    strange = beyond_pdflatex(body)
    if strange:
        notes.append(f"% requires: XeLaTeX or LuaLaTeX, and a font that has {strange[:20]}")
    return "\n".join((*notes, body)) + "\n"


def _floating(figure: str, sheet: Sheet, environment: Environment) -> str:
    """Return the figure in its environment, with its caption below it."""
    if environment is Environment.NONE:
        for option, given in (("--caption", sheet.caption), ("--label", sheet.label)):
            if given:
                raise Conflict(option, "--float none", "only a float has a caption and a label")
        return rf"\noindent{figure}"
    caption = f"\\caption{{{prose(sheet.caption, sheet.encoding)}}}\n" if sheet.caption or sheet.label else ""
    label = f"\\label{{{sheet.label}}}\n" if sheet.label else ""
    name = environment.value
    return f"\\begin{{{name}}}[t]\n\\centering\n{figure}\n{caption}{label}\\end{{{name}}}"


def _figure(chart: Chart, sheet: Sheet) -> str:
    lines = [rf"\begin{{minipage}}{{{_width(sheet)}}}\centering\footnotesize"]
    match chart:
        case StackedBars():
            lines += _bars(drawing.bars(chart), sheet)
        case Curves():
            width = sheet.column.width // POINT if sheet.column else USUAL_WIDTH
            lines += _plane(drawing.plane(chart, width), sheet)
        case Ranking():
            lines += _ranking(chart, sheet)
    return "\n".join((*lines, r"\end{minipage}"))


def _width(sheet: Sheet) -> str:
    if sheet.column is None:
        return r"\linewidth"
    return f"{sheet.column.width // POINT}.{sheet.column.width % POINT * 100 // POINT:02d}pt"


def _bars(bars: drawing.Bars, sheet: Sheet) -> list[str]:
    drawing.check_width(bars.rows, bars.labels, sheet)
    names = [prose(name, sheet.encoding) for name in bars.rows]
    titles = [prose(segment.title, sheet.encoding) for segment in bars.segments]
    colours = [f"part{chr(ord('A') + i)}" for i in range(len(titles))]
    options = [
        "xbar stacked",
        f"bar width={BAR}pt",
        *_below(bars.axis, sheet),
        *_rows(names),
    ]
    plots = [
        rf"\addplot[fill={colour}, draw=black, line width=.3pt] coordinates {{{_row_data(segment.lengths)}}};"
        for colour, segment in zip(colours, bars.segments, strict=True)
    ]
    if bars.labels:
        plots += _beside(bars.ends(), bars.labels, sheet)
        options.append("clip=false")
        widest = prose(drawing.widest_label(bars.ends(), bars.labels), sheet.encoding)
        measured = _measured(names, f"\\dimen2+{4 * SEP + TICK}pt", widest)
    else:
        measured = _measured(names, f".5\\dimen2+{3 * SEP + TICK}pt", _tex(bars.axis.ticks[-1].label))
    return [
        *_colours(zip(colours, (segment.fill for segment in bars.segments), strict=True)),
        _legend(list(zip(map(_swatch, colours), titles, strict=True))),
        *measured,
        *_picture(options, plots),
    ]


def _plane(plane: drawing.Plane, sheet: Sheet) -> list[str]:
    names = [f"curve{chr(ord('A') + i)}" for i in range(len(plane.lines))]
    options = [
        *_below(plane.x, sheet),
        *_ends("y", plane.y),
        *_tick_options("y", plane.y.ticks),
        f"ylabel={{{_title(plane.y.title, sheet)}}}",
        "clip mode=individual",
    ]
    strokes = [line.stroke for line in plane.lines]
    plots = [
        rf"\addplot[{_stroke(name, line.stroke)}] coordinates {{{_data(line.points)}}};"
        for name, line in zip(names, plane.lines, strict=True)
    ]
    plots += [line for dot in plane.dots for line in _dot(dot, sheet)]
    colour_of = dict(zip(plane.lines, names, strict=True))
    legend = [(_dash(colour_of[line], line.stroke), prose(line.title, sheet.encoding)) for line in plane.legend]
    return [
        *_colours(zip(names, (stroke.colour for stroke in strokes), strict=True)),
        *([_legend(legend)] if legend else []),
        *_measured(
            [_tex(tick.label) for tick in plane.y.ticks],
            f".5\\dimen2+\\baselineskip+{5 * SEP + TICK}pt",
            _tex(plane.x.ticks[-1].label),
        ),
        rf"\edef\plotheight{{\the\dimexpr{float(ASPECT)}\dimexpr\plotwidth\relax\relax}}%",
        rf"\ifdim\plotheight>{HIGHEST}pt\def\plotheight{{{HIGHEST}pt}}\fi",
        *_picture(options, plots),
    ]


def _ranking(chart: Ranking, sheet: Sheet) -> list[str]:
    axis = drawing.ranking_axis(chart)
    names = [f"${mathtex.math(Name(symbol), sheet.notation)}$" for symbol, _ in chart.rows]
    labels = [drawing.share_label(share) for _, share in chart.rows]
    options = ["xbar", f"bar width={BAR}pt", *_below(axis, sheet), *_rows(names)]
    data = _row_data(tuple(share for _, share in chart.rows))
    plots = [rf"\addplot[fill=black!45, draw=black, line width=.3pt] coordinates {{{data}}};"]
    plots += _beside([share for _, share in chart.rows], labels, sheet)
    options.append("clip=false, y axis line style={draw=none}, ytick style={draw=none}")
    plots.append(rf"\draw (axis cs:0,0.5) -- (axis cs:0,{len(names)}.5);")
    widest = _tex(drawing.widest_label([share for _, share in chart.rows], labels))
    return [*_measured(names, f"\\dimen2+{4 * SEP + TICK}pt", widest), *_picture(options, plots)]


def _beside(ends: Iterable[Exact], labels: Iterable[str], sheet: Sheet) -> list[str]:
    """Return the labels at the ends of bars; one that ends below 0 has its label above 0."""
    style = f"anchor=west, inner sep={SEP}pt"
    return [
        rf"\node[{style}] at (axis cs:{_number(max(end, 0))},{row}) {{{_tex(prose(label, sheet.encoding))}}};"
        for row, (end, label) in enumerate(zip(ends, labels, strict=True), 1)
    ]


def _colours(pairs: Iterable[tuple[str, str]]) -> list[str]:
    return [rf"\definecolor{{{name}}}{{HTML}}{{{colour}}}%" for name, colour in pairs]


def _swatch(colour: str) -> str:
    return rf"{{\fboxsep0pt\fboxrule.3pt\fcolorbox{{black}}{{{colour}}}{{\rule{{0pt}}{{1.2ex}}\rule{{1.6ex}}{{0pt}}}}}}"


def _dash(name: str, stroke: Stroke) -> str:
    return rf"\tikz[baseline=-.6ex]\draw[{_stroke(name, stroke)}] (0,0) -- (18pt,0);"


def _stroke(name: str, stroke: Stroke) -> str:
    pattern = " ".join(f"{'on' if i % 2 == 0 else 'off'} {length}pt" for i, length in enumerate(stroke.dashes))
    return f"{name}, line width={stroke.width}pt" + (f", dash pattern={pattern}" if pattern else "")


def _legend(entries: list[tuple[str, str]]) -> str:
    """Return the legend as a paragraph above the picture, so that it never covers any of it."""
    return "\\quad\n".join(rf"\mbox{{{sample}~{title}}}" for sample, title in entries) + r"\par\vspace{4pt}"


def _measured(left: list[str], beside: str, right: str) -> list[str]:
    """Return lines that give the axis the width that the labels on its left and right leave."""
    column = r"\\".join(left)
    return [
        rf"\settowidth{{\dimen0}}{{\begin{{tabular}}{{@{{}}l@{{}}}}{column}\end{{tabular}}}}%",
        rf"\settowidth{{\dimen2}}{{{right}}}%",
        rf"\edef\plotwidth{{\the\dimexpr\linewidth-\dimen0-{beside.replace('+', '-')}\relax}}%",
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
    return [*_ends("x", axis), *_tick_options("x", axis.ticks), f"xlabel={{{_title(axis.title, sheet)}}}"]


def _ends(direction: str, axis: Axis) -> list[str]:
    return [f"{direction}min={_number(axis.low)}, {direction}max={_number(axis.high)}"]


def _tick_options(direction: str, ticks: tuple[Tick, ...]) -> list[str]:
    places = ",".join(_number(tick.at) for tick in ticks)
    labels = ",".join(f"{{{_tex(tick.label)}}}" for tick in ticks)
    return [f"{direction}tick={{{places}}}", f"{direction}ticklabels={{{labels}}}"]


def _picture(options: list[str], plots: list[str]) -> list[str]:
    height = [] if any(option.startswith("height=") for option in options) else [r"height=\plotheight"]
    shared = [
        r"scale only axis, width=\plotwidth",
        *height,
        *options,
        "enlargelimits=false, scaled ticks=false, axis x line*=bottom, axis y line*=left",
        f"tick align=outside, major tick length={TICK}pt",
        rf"ticklabel style={{font=\footnotesize, inner sep={SEP}pt, outer sep=0pt}}",
        rf"label style={{font=\footnotesize, inner sep={SEP}pt, outer sep=0pt}}",
    ]
    lines = ",\n  ".join(shared)
    return [r"\begin{tikzpicture}", f"\\begin{{axis}}[\n  {lines}]", *plots, r"\end{axis}", r"\end{tikzpicture}%"]


def _dot(dot: Dot, sheet: Sheet) -> list[str]:
    at = f"{_number(dot.x)},{_number(dot.y)}"
    mark = rf"\addplot[only marks, mark=*, mark size=1.6pt, black] coordinates {{({at})}};"
    if not dot.title:
        return [mark]
    style = f"anchor={dot.anchor}, inner sep=1pt, outer sep=2pt, fill=white, fill opacity=.8, text opacity=1"
    return [
        mark,
        rf"\node[{style}, font=\scriptsize] at (axis cs:{at}) {{{prose(dot.title, sheet.encoding)}}};",
    ]


def _title(title: Title, sheet: Sheet) -> str:
    words = [prose(title.words, sheet.encoding)] if title.words else []
    symbol = [f"${mathtex.math(Name(title.symbol), sheet.notation)}$"] if title.symbol is not None else []
    return r"\strut " + " ".join((*words, *symbol))


def _tex(label: str) -> str:
    return label.replace("\N{MINUS SIGN}", "$-$")


def _row_data(lengths: tuple[Exact, ...]) -> str:
    return " ".join(f"({_number(length)},{row})" for row, length in enumerate(lengths, 1))


def _data(points: Iterable[tuple[Exact, Exact]]) -> str:
    return " ".join(f"({_number(x)},{_number(y)})" for x, y in points)


def _number(number: Exact) -> str:
    """Write an integer as it is, and any other number to four decimal places."""
    exact = Fraction(number)
    return str(exact.numerator) if exact.denominator == 1 else decimal(exact, PLACES)
