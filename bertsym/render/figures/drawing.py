"""The layout of figures, which all back ends share: the place of each bar, curve and label, before any syntax."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import ceil

from sympy import Symbol

from bertsym.charts import Curves, Exact, Ranking, StackedBars
from bertsym.errors import TooNarrow
from bertsym.quantities import Unit, decimal
from bertsym.render.figures import axes, palette, placing
from bertsym.render.figures.axes import Axis
from bertsym.render.figures.palette import Stroke
from bertsym.render.metrics import POINT, TEN, Face, words
from bertsym.render.sheet import Sheet, TypeSize
from bertsym.values import value

# A row of bars and its bar, in points.
PITCH = 14
BAR = 8
# The shade of ranked bars, in percent of black.
SHADE = 45
# The height of a plane over its width, and its greatest height in points: a figure over two columns is no square.
ASPECT = Fraction(62, 100)
HIGHEST = 160
# The width that placing labels assumes if the paper decides it: a column of two, in points.
USUAL_WIDTH = 219
# The room of tick labels and titles beside a plane, in points, as far as placing labels needs it.
MARGIN = 40
# The type of labels beside points: \scriptsize, and its height in points.
LABEL_TYPE = TEN.smaller(3)
LABEL_HEIGHT = 7.0
# The least room for bars with ticks and gaps, and the width of the narrowest figure, in points.
LEAST = 60
NARROWEST = 100
# The width of the widest page, in points, for a figure whose width the paper decides.
WIDEST = 397
# If a bar has at least this share of the longest bar, its label may end beyond the axis.
NEARLY = Fraction(4, 5)


@value
class Segment:
    """A part in every bar, its fill, and its lengths."""

    title: str
    fill: str
    lengths: tuple[Exact, ...]


@value
class Bars:
    """Stacked bars below each other, in the order of `rows`; `labels` are the texts at their ends, or none."""

    rows: tuple[str, ...]
    segments: tuple[Segment, ...]
    axis: Axis
    labels: tuple[str, ...]

    def ends(self) -> tuple[Exact, ...]:
        """Return the length of each bar."""
        return tuple(sum(segment.lengths[row] for segment in self.segments) for row in range(len(self.rows)))


@value
class Line:
    """A curve with its stroke."""

    title: str
    stroke: Stroke
    points: tuple[tuple[Exact, Exact], ...]


@value
class Dot:
    """A labelled point; `anchor` is the side of the label at which the point lies, as TikZ names it."""

    title: str
    x: Exact
    y: Exact
    anchor: str


@value
class Plane:
    """Curves and dots between two axes."""

    x: Axis
    y: Axis
    lines: tuple[Line, ...]
    dots: tuple[Dot, ...]

    @property
    def legend(self) -> tuple[Line, ...]:
        """Return the curves that the legend names: none if the only curve has a dot of its name."""
        named = {dot.title for dot in self.dots}
        return () if len(self.lines) == 1 and self.lines[0].title in named else self.lines


@value
class Ranked:
    """Bars below each other, each with its label."""

    symbols: tuple[Symbol, ...]
    lengths: tuple[Fraction, ...]
    labels: tuple[str, ...]
    axis: Axis


def bars(chart: StackedBars) -> Bars:
    """Return the bars of a chart, the parts in order from dark to light."""
    colours = palette.fills(len(chart.parts))
    totals = chart.totals()
    lengths = (_percent(part.counts, totals) if chart.shares else part.counts for part in chart.parts)
    segments = map(Segment, (part.title for part in chart.parts), colours, lengths)
    labels = tuple(chart.unit.rounded(total).partition(",")[0] for total in totals) if chart.labels else ()
    axis = axes.of_percent(chart.unit) if chart.shares else axes.of_counts(totals, chart.unit, tight=chart.labels)
    return Bars(chart.models, tuple(segments), axis, labels)


def _percent(counts: tuple[int, ...], totals: tuple[int, ...]) -> tuple[Fraction, ...]:
    return tuple(Fraction(100 * count, total or 1) for count, total in zip(counts, totals, strict=True))


def footnotesize(sheet: Sheet) -> Face:
    r"""Return the fonts of \footnotesize: of 8 points in a document of 10, of 9 in one of 11."""
    return (sheet.column.face if sheet.column else TEN).smaller(TypeSize.FOOTNOTE.steps)


def widest_label(ends: Sequence[Exact], labels: Sequence[str]) -> str:
    """Return the widest label of the bars that reach at least `NEARLY` of the axis."""
    far = (label for end, label in zip(ends, labels, strict=True) if end >= max(ends) * NEARLY)
    return max(far, key=lambda label: _length(label, LABEL_TYPE))


def check_width(names: Iterable[str], labels: Iterable[str], sheet: Sheet) -> None:
    """Raise `TooNarrow` if the labels on the left and right leave no room for the bars between them."""
    face = footnotesize(sheet)
    left, right = (max((_length(text, face) for text in texts), default=0.0) for texts in (names, labels))
    needed = max(ceil(left + right) + LEAST, NARROWEST)
    available = sheet.column.width // POINT if sheet.column else WIDEST
    if needed > available:
        raise TooNarrow("the figure", needed, available)


def plane(chart: Curves, width: int) -> Plane:
    """Return the curves of a chart, and its marks with places for their labels at about that width in points."""
    x = axes.of_size(chart.x, chart.low[0], chart.high[0])
    if isinstance(chart.y, Unit):
        heights = [int(point.y) for curve in chart.curves for point in curve.points]
        y = axes.of_counts([*heights, *(int(mark.at.y) for mark in chart.marks)], chart.y)
    else:
        y = axes.of_size(chart.y, chart.low[1], chart.high[1])
    lines = tuple(
        Line(curve.title, stroke, tuple((point.x, point.y) for point in curve.points))
        for curve, stroke in zip(chart.curves, palette.strokes(len(chart.curves)), strict=True)
    )
    wide = float(max(width - MARGIN, 1))
    high = min(wide * float(ASPECT), HIGHEST)

    def place(at: tuple[Exact, Exact]) -> tuple[float, float]:
        return float(x.place(at[0])) * wide, float(y.place(at[1])) * high

    labels = [
        placing.Label(*place((mark.at.x, mark.at.y)), _length(mark.title, LABEL_TYPE), LABEL_HEIGHT)
        for mark in chart.marks
    ]
    paths = [[place(point) for point in line.points] for line in lines]
    chosen = placing.anchors(labels, paths, wide, high)
    dots = (Dot(mark.title, mark.at.x, mark.at.y, at) for mark, at in zip(chart.marks, chosen, strict=True))
    return Plane(x, y, lines, tuple(dots))


def share_label(share: Fraction) -> str:
    """Write a share to three decimal places; a share that would be rounded to 0 is written as <0.001.

    >>> share_label(Fraction(1, 3)), share_label(Fraction(1, 9999)), share_label(Fraction(-1, 30))
    ('0.333', '<0.001', '−0.033')
    """
    if share and abs(share) < Fraction(1, 2000):
        return "<0.001" if share > 0 else ">\N{MINUS SIGN}0.001"
    return decimal(share, 3).replace("-", "\N{MINUS SIGN}")


def ranked(chart: Ranking) -> Ranked:
    """Return the bars of a ranking."""
    lengths = tuple(share for _, share in chart.rows)
    axis = axes.of_shares(lengths, chart.title)
    return Ranked(tuple(symbol for symbol, _ in chart.rows), lengths, tuple(map(share_label, lengths)), axis)


def _length(title: str, face: Face) -> float:
    """Return the width of a label in points."""
    return words(title, face) / POINT
