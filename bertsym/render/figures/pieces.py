"""Pieces of TeX that both layouts of a figure have: strokes, titles, numbers."""

from __future__ import annotations

from fractions import Fraction

from bertsym.charts import Exact
from bertsym.formulas.tree import Name
from bertsym.quantities import decimal
from bertsym.render import mathtex
from bertsym.render.figures.axes import Title
from bertsym.render.figures.palette import Stroke
from bertsym.render.sheet import Sheet
from bertsym.render.tex_prose import prose

# The length of a tick, and the gap between a tick and its label, in points.
TICK = 3
SEP = 2
# Decimal places of a coordinate that is no integer.
PLACES = 4
# The type and the ground of the label of a dot, which may lie on a curve.
LABEL = r"inner sep=1pt, outer sep=2pt, fill=white, fill opacity=.8, text opacity=1, font=\scriptsize"


def stroke_style(colour: str, stroke: Stroke) -> str:
    """Return the options of a line."""
    pattern = " ".join(f"{'on' if i % 2 == 0 else 'off'} {length}pt" for i, length in enumerate(stroke.dashes))
    return f"{colour}, line width={stroke.width}pt" + (f", dash pattern={pattern}" if pattern else "")


def axis_title(title: Title, sheet: Sheet) -> str:
    """Return the title of an axis, with a strut that makes all titles equally high."""
    words = [prose(title.words, sheet.encoding)] if title.words else []
    symbol = [f"${mathtex.math(Name(title.symbol), sheet.notation)}$"] if title.symbol is not None else []
    return r"\strut " + " ".join((*words, *symbol))


def tick_label(label: str) -> str:
    """Return the label of a tick or of a bar, with a minus sign of mathematics."""
    return label.replace("\N{MINUS SIGN}", "$-$")


def number_of(number: Exact) -> str:
    """Write an integer as it is, and any other number to four decimal places."""
    exact = Fraction(number)
    return str(exact.numerator) if exact.denominator == 1 else decimal(exact, PLACES)
