"""The vocabulary of figures: the data that a picture shows, apart from any drawing.

Counts are exact integers. A `Fraction` is exact too, except for a coordinate at which a curve meets a target: that one
is rounded to decimal places.
"""

from __future__ import annotations

from fractions import Fraction

from sympy import Symbol

from bertsym.quantities import Unit
from bertsym.values import value

Exact = int | Fraction


@value
class Part:
    """A part of every model of a figure: its count in each of them, 0 if a model has no such part."""

    title: str
    counts: tuple[int, ...]


@value
class StackedBars:
    """A bar for each model, divided into parts; the parts of a bar sum to its total.

    With `shares` every bar has the same length, and its parts are shares of the total. With `labels` a bar has its
    total beside it.
    """

    models: tuple[str, ...]
    parts: tuple[Part, ...]
    unit: Unit
    shares: bool = False
    labels: bool = False

    def totals(self) -> tuple[int, ...]:
        """Return the length of each bar."""
        return tuple(sum(part.counts[row] for part in self.parts) for row in range(len(self.models)))


@value
class Point:
    """A position in the plane of a figure."""

    x: Exact
    y: Exact


@value
class Curve:
    """A line through points, in the order of x."""

    title: str
    points: tuple[Point, ...]


@value
class Mark:
    """A labelled point beside the curves."""

    title: str
    at: Point


@value
class Curves:
    """Curves over a size; the vertical axis has a quantity from 0 on, or another size.

    `low` and `high` bound the axes that show sizes: the horizontal one, then the vertical one if there is one.
    """

    curves: tuple[Curve, ...]
    marks: tuple[Mark, ...]
    x: Symbol
    y: Symbol | Unit
    low: tuple[Exact, ...]
    high: tuple[Exact, ...]


@value
class Ranking:
    """A bar for each size, the longest first."""

    rows: tuple[tuple[Symbol, Fraction], ...]
    title: str


Chart = StackedBars | Curves | Ranking
