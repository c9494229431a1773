r"""Figures as source for TeX: in the fonts of the paper, as wide as the paper's column with all labels.

TeX itself measures the labels, so a figure is as wide as asked in any font. Nothing is defined outside of the figure,
and no macro takes arguments, which a beamer frame would not read. A layout draws what is between the axes.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from bertsym.charts import Chart, Curves, Ranking, StackedBars
from bertsym.document import Document
from bertsym.errors import Conflict, member
from bertsym.formulas.tree import Name
from bertsym.render import latex, mathtex
from bertsym.render.figures import drawing, pgfplots, tikz
from bertsym.render.figures.drawing import ASPECT, HIGHEST, USUAL_WIDTH
from bertsym.render.figures.palette import Stroke
from bertsym.render.figures.pieces import SEP, TICK, stroke_style, tick_label
from bertsym.render.fragment import T1
from bertsym.render.metrics import POINT, tex_length
from bertsym.render.sheet import Sheet
from bertsym.render.tex_prose import beyond_pdflatex, needs_t1, prose


class Layout(Enum):
    """The package that draws a figure: pgfplots, with exact data, or TikZ alone, with positions."""

    PGFPLOTS = "pgfplots"
    TIKZ = "tikz"

    @classmethod
    def named(cls, name: str) -> Layout:
        """Return the member of that name; raise `UnknownName`."""
        return member(cls, "layout of a figure", name)


_DRAWN_BY = {Layout.PGFPLOTS: pgfplots, Layout.TIKZ: tikz}


class Environment(Enum):
    """Environment of a figure: a float of one column or of both, or none."""

    FIGURE = "figure"
    STARRED = "figure*"
    NONE = "none"

    @classmethod
    def named(cls, name: str) -> Environment:
        """Return the member of that name; raise `UnknownName`."""
        return member(cls, "float", name)


def document(
    chart: Chart,
    remarks: Document,
    sheet: Sheet,
    environment: Environment | None = None,
    layout: Layout = Layout.PGFPLOTS,
) -> str:
    """Return a fragment for the body of a document, or a whole document, ending in a newline.

    A figure with a caption or a label floats. Raises `Conflict` for either of them outside of a float.
    """
    if environment is None:
        environment = Environment.FIGURE if sheet.caption or sheet.label else Environment.NONE
    body = f"{latex.document(remarks)}{_floating(_figure(chart, sheet, layout), sheet, environment)}"
    requires = [_DRAWN_BY[layout].REQUIRES, *([T1] if needs_t1(body) else [])]
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


def _figure(chart: Chart, sheet: Sheet, layout: Layout) -> str:
    lines = [rf"\begin{{minipage}}{{{_width(sheet)}}}\centering\footnotesize"]
    drawing.check_width((), (), sheet)
    match chart:
        case StackedBars():
            lines += _bars(drawing.bars(chart), sheet, layout)
        case Curves():
            width = sheet.column.width // POINT if sheet.column else USUAL_WIDTH
            lines += _plane(drawing.plane(chart, width), sheet, layout)
        case Ranking():
            lines += _ranking(drawing.ranked(chart), sheet, layout)
    return "\n".join((*lines, r"\end{minipage}"))


def _width(sheet: Sheet) -> str:
    return tex_length(sheet.column.width) if sheet.column else r"\linewidth"


def _bars(bars: drawing.Bars, sheet: Sheet, layout: Layout) -> list[str]:
    drawing.check_width(bars.rows, bars.labels, sheet)
    names = [prose(name, sheet.encoding) for name in bars.rows]
    titles = [prose(segment.title, sheet.encoding) for segment in bars.segments]
    colours = _names("part", len(titles))
    if bars.labels:
        widest = prose(drawing.widest_label(bars.ends(), bars.labels), sheet.encoding)
        measured = _measured(names, f"\\dimen2-{4 * SEP + TICK}pt", widest)
    else:
        measured = _measured(names, f".5\\dimen2-{3 * SEP + TICK}pt", tick_label(bars.axis.ticks[-1].label))
    return [
        *_colours(zip(colours, (segment.fill for segment in bars.segments), strict=True)),
        _legend(list(zip(map(_swatch, colours), titles, strict=True))),
        *measured,
        *_DRAWN_BY[layout].bars(bars, colours, sheet),
    ]


def _plane(plane: drawing.Plane, sheet: Sheet, layout: Layout) -> list[str]:
    colours = _names("curve", len(plane.lines))
    of = dict(zip(plane.lines, colours, strict=True))
    legend = [(_dash(of[line], line.stroke), prose(line.title, sheet.encoding)) for line in plane.legend]
    ticks = [tick_label(tick.label) for tick in plane.y.ticks]
    beside = f".5\\dimen2-\\baselineskip-{5 * SEP + TICK}pt"
    return [
        *_colours(zip(colours, (line.stroke.colour for line in plane.lines), strict=True)),
        *([_legend(legend)] if legend else []),
        *_measured(ticks, beside, tick_label(plane.x.ticks[-1].label)),
        rf"\edef\plotheight{{\the\dimexpr{float(ASPECT)}\dimexpr\plotwidth\relax\relax}}%",
        rf"\ifdim\plotheight>{HIGHEST}pt\def\plotheight{{{HIGHEST}pt}}\fi",
        *_DRAWN_BY[layout].plane(plane, colours, sheet),
    ]


def _ranking(shown: drawing.Ranked, sheet: Sheet, layout: Layout) -> list[str]:
    names = [f"${mathtex.math(Name(symbol), sheet.notation)}$" for symbol in shown.symbols]
    widest = tick_label(drawing.widest_label(shown.lengths, shown.labels))
    measured = _measured(names, f"\\dimen2-{4 * SEP + TICK}pt", widest)
    return [*measured, *_DRAWN_BY[layout].ranking(shown, names, sheet)]


def _names(kind: str, number: int) -> list[str]:
    """Return names of colours, which have letters only."""
    return [f"{kind}{chr(ord('A') + i)}" for i in range(number)]


def _colours(pairs: Iterable[tuple[str, str]]) -> list[str]:
    return [rf"\definecolor{{{name}}}{{HTML}}{{{colour}}}%" for name, colour in pairs]


def _swatch(colour: str) -> str:
    return rf"{{\fboxsep0pt\fboxrule.3pt\fcolorbox{{black}}{{{colour}}}{{\rule{{0pt}}{{1.2ex}}\rule{{1.6ex}}{{0pt}}}}}}"


def _dash(name: str, stroke: Stroke) -> str:
    return rf"\tikz[baseline=-.6ex]\draw[{stroke_style(name, stroke)}] (0,0) -- (18pt,0);"


def _legend(entries: list[tuple[str, str]]) -> str:
    """Return the legend as a paragraph above the picture, so that it never covers any of it."""
    return "\\quad\n".join(rf"\mbox{{{sample}~{title}}}" for sample, title in entries) + r"\par\vspace{4pt}"


def _measured(left: list[str], beside: str, right: str) -> list[str]:
    """Return lines that give the axis the width that the labels on its left and right leave."""
    column = r"\\".join(left)
    return [
        rf"\settowidth{{\dimen0}}{{\begin{{tabular}}{{@{{}}l@{{}}}}{column}\end{{tabular}}}}%",
        rf"\settowidth{{\dimen2}}{{{right}}}%",
        rf"\edef\plotwidth{{\the\dimexpr\linewidth-\dimen0-{beside}\relax}}%",
    ]
