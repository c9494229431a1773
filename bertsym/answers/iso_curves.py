"""The pairs of two sizes that meet a target: the data of iso-parameter curves, with published models beside them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import pairwise
from math import floor

from sympy import Symbol

from bertsym.answers.answer_context import Subject, subject
from bertsym.answers.model_sizes import whole_size
from bertsym.charts import Curve, Curves, Mark, Point
from bertsym.convention import Convention
from bertsym.count import count
from bertsym.document import Column, Count, Decimal, Document, Inline, Remark, Sizes, Table
from bertsym.errors import BertsymError
from bertsym.formulas.tree import Name
from bertsym.model import Model
from bertsym.names.catalogue import published
from bertsym.names.display import display_name
from bertsym.quantities import Unit
from bertsym.report import Record
from bertsym.resolve import published_model
from bertsym.solving.count_over import CountOver, count_over
from bertsym.solving.polynomial import largest_at_most
from bertsym.solving.requirements import NothingFits
from bertsym.symbols import BY_SYMBOL, Kind
from bertsym.values import value

# A published model lies on a curve if its count misses the target by at most this share.
NEAR = Fraction(5, 100)
# Points of a curve, which bends most at its ends.
POINTS = 64
# Decimal places of a rounded coordinate.
PLACES = 4


@value
class Placed:
    """A model at its two sizes; `others` have the same two sizes and are shown by the same mark."""

    title: str
    name: str
    x: int
    y: int
    count: int
    others: tuple[str, ...] = ()


@value
class Iso:
    """The curve of a target: pairs of the first size, exact, and the second, rounded."""

    target: int
    points: tuple[tuple[Fraction, Fraction], ...]


@value
class IsoCurves:
    """The curves of targets over two sizes of one model, and the published models on them."""

    subject: Subject
    sizes: tuple[Symbol, Symbol]
    ranges: tuple[tuple[int, int], tuple[int, int]]
    over: CountOver
    curves: tuple[Iso, ...]
    placed: tuple[Placed, ...]

    def chart(self) -> Curves:
        """Return the curves and the marks."""
        unit = self.subject.convention.unit
        curves = tuple(Curve(_title(iso.target, unit), _points(iso.points)) for iso in self.curves)
        marks = tuple(Mark(placed.title, Point(placed.x, placed.y)) for placed in self.placed)
        low, high = zip(*self.ranges, strict=True)
        return Curves(curves, marks, *self.sizes, low, high)

    def document(self) -> Document:
        """Return the published models, and the second size along the first for each target."""
        first, second = map(str, self.sizes)
        columns = (
            Column(first, right=True),
            *(Column(f"{second} for {iso.target:,}", right=True) for iso in self.curves),
        )
        lines = [dict(iso.points) for iso in self.curves]
        values = sorted({number for line in lines for number in line})
        shown = tuple(self._row(number, lines) for number in values[:: max(1, len(values) // 16)])
        marks = (Column("model"), Column(first, right=True), Column(second, right=True), Column("count", right=True))
        rows = tuple((placed.title, Count(placed.x), Count(placed.y), Count(placed.count)) for placed in self.placed)
        return (*self.remarks(), Table(columns, shown), *((Table(marks, rows),) if rows else ()))

    @staticmethod
    def _row(number: Fraction, lines: list[dict[Fraction, Fraction]]) -> tuple[Inline, ...]:
        first: Inline = Count(number.numerator) if number.denominator == 1 else Decimal(number, 2, rounded=True)
        return (first, *(Decimal(line[number], 2, rounded=True) if number in line else "" for line in lines))

    def remarks(self) -> Document:
        """Return the lines that say what is counted, at which other sizes, and which models share a mark."""
        return tuple(self._remarks())

    def _remarks(self) -> Iterator[Remark]:
        convention = self.subject.convention
        yield Remark((f"{self.subject.cls}, {convention.title}: {convention.meaning}",))
        at: tuple[Inline, ...] = (" at ", Sizes(self.over.known)) if self.over.known else ()
        yield Remark(("over ", Name(self.sizes[0]), " and ", Name(self.sizes[1]), *at))
        for placed in self.placed:
            also = f"; at the same place: {', '.join(placed.others)}" if placed.others else ""
            yield Remark((f"{placed.title}: {placed.name}, {placed.count:,}{also}",))

    def record(self) -> Record:
        """Return the curves and the marks for programs; the second coordinate of a curve is rounded."""
        return {
            **self.subject.record(),
            "for": [str(symbol) for symbol in self.sizes],
            "at": {str(symbol): number for symbol, number in self.over.known.items()},
            "curves": [{"target": iso.target, "points": [list(point) for point in iso.points]} for iso in self.curves],
            "models": [
                {
                    "name": placed.name,
                    "title": placed.title,
                    "at": [placed.x, placed.y],
                    "count": placed.count,
                    "others": list(placed.others),
                }
                for placed in self.placed
            ],
        }


def _title(target: int, unit: Unit) -> str:
    """Write a target in the largest unit, without zeros behind the point.

    >>> _title(110000000, Unit("parameters")), _title(2500, Unit("FLOPs", "FLOPs")), _title(2000, Unit("bytes", "B"))
    ('110M', '2.5 kFLOPs', '2 kB')
    """
    rounded = unit.rounded(target).partition(",")[0]
    return re.sub(r"\.?0+(?=\D*$)", "", rounded) if "." in rounded else rounded


def _points(pairs: Iterable[tuple[Fraction, Fraction]]) -> tuple[Point, ...]:
    return tuple(Point(*pair) for pair in pairs)


def iso_curves(
    model: Model,
    sizes: tuple[Symbol, Symbol],
    targets: tuple[int, ...],
    convention: Convention,
    ranges: dict[Symbol, tuple[int, int]],
    marked: tuple[tuple[str, Model], ...] | None = None,
) -> IsoCurves:
    """Return the curves on which the count is a target; `marked` are titles and models to show.

    If `marked` is None, the published models of the same family are shown whose counts miss a target by at most 5
    percent. Raises `NothingFits` if a target has no curve within the ranges.
    """
    over = count_over(model, sizes, convention)
    placed = _placed(model, sizes, convention, targets, marked)
    own = _number(model, convention)
    if own is None:  # open sizes are assumed as in the base
        own = over.total({symbol: whole_size(model, symbol) or _example(symbol) for symbol in sizes})
    scale = _scale([*(mark.count for mark in placed), *([own] if own else [])], targets)
    ends = tuple(
        ranges.get(symbol) or _usual(model, symbol, [(mark.x, mark.y)[i] for mark in placed], scale)
        for i, symbol in enumerate(sizes)
    )
    first, second = ends
    shown = tuple(p for p in placed if first[0] <= p.x <= first[1] and second[0] <= p.y <= second[1])
    curves = tuple(Iso(target, tuple(_along(over, target, first, second))) for target in targets)
    for iso in curves:
        if len(iso.points) < 2:
            where = f"{sizes[0]} from {first[0]:,} to {first[1]:,} and {sizes[1]} from {second[0]:,} to {second[1]:,}"
            raise NothingFits(f"no curve of {iso.target:,} with {where}", "the ranges; pass a larger --range")
    return IsoCurves(subject(model, convention), sizes, (first, second), over, curves, shown)


def _along(
    over: CountOver, target: int, first: tuple[int, int], second: tuple[int, int]
) -> Iterator[tuple[Fraction, Fraction]]:
    """Yield points of the curve within the ranges, and one beyond either end, to which the curve runs on.

    A first pass finds the part of the first range in which the second size is within its own.
    """
    low, high = second

    def points(start: Fraction, stop: Fraction) -> list[tuple[Fraction, Fraction | None]]:
        positions = [start + (stop - start) * step / POINTS for step in range(POINTS + 1)]
        if stop - start >= POINTS:
            positions = [Fraction(floor(x)) for x in positions]
        return [(x, over.crossing(x.numerator if x.denominator == 1 else x, target, PLACES)) for x in positions]

    def side(y: Fraction | None) -> int:
        """Return -1 below the range, where a curve that ends goes, 0 within it and 1 above."""
        return -1 if y is None or y < low else int(y > high)

    coarse = points(Fraction(first[0]), Fraction(first[1]))
    within = [pair for pair in pairwise(coarse) if side(pair[0][1]) * side(pair[1][1]) <= 0]
    if not within:
        return
    fine = points(within[0][0][0], within[-1][1][0])
    sides = [side(y) for _, y in fine]
    for i, (x, y) in enumerate(fine):
        beside = sides[max(0, i - 1) : i + 2]
        if y is not None and (0 in beside or min(beside) < max(beside)):
            yield x, y


def _scale(counts: list[int], targets: tuple[int, ...]) -> tuple[int, int]:
    """Return whole numbers by which usual ranges extend below and above, to get from counts to the targets.

    A count grows with the third power of both sizes together, because of its terms LH^2, and shrinks in proportion to
    them, because of its embeddings. The ranges hold half of the least count and four times the largest without that.
    """
    if not counts:
        return 1, 1
    above = largest_at_most([0, 0, 0, 4 * max(counts)], max(targets) - 1) or 0
    return max(1, min(counts) // (2 * min(targets))), above + 1


def _usual(model: Model, symbol: Symbol, shown: list[int], scale: tuple[int, int]) -> tuple[int, int]:
    """Return a range around the model's own value and those of the models shown, so large that the targets are met."""
    own = whole_size(model, symbol)
    values = [*shown, *([] if own is None else [own])] or [_example(symbol)]
    least = max(BY_SYMBOL[symbol].minimum, min(values) // (3 * scale[0]))
    most = 2 * max(values) * scale[1]
    grid = 64 if BY_SYMBOL[symbol].kind is Kind.WIDTH and least >= 64 else 1
    return least // grid * grid, -(-most // grid) * grid


def _example(symbol: Symbol) -> int:
    example = BY_SYMBOL[symbol].example
    return int(example) if example.isdecimal() else BY_SYMBOL[symbol].minimum


def _placed(
    model: Model,
    sizes: tuple[Symbol, Symbol],
    convention: Convention,
    targets: tuple[int, ...],
    marked: tuple[tuple[str, Model], ...] | None,
) -> tuple[Placed, ...]:
    """Return the models to show by place; the first that the catalogue has at a place gives it its name."""
    if marked is None:
        counted = ((known, _number(known, convention)) for known in _family(model))
        near = [
            (display_name(known.name), known, number)
            for known, number in counted
            if number is not None and _near(number, targets)
        ]
    else:
        near = [(title, known, count(known, convention)) for title, known in marked]
    places: dict[tuple[int, int], list[tuple[str, str, int]]] = {}
    for title, known, number in near:
        x, y = (whole_size(known, symbol) for symbol in sizes)
        if x is not None and y is not None:
            places.setdefault((x, y), []).append((title, known.name, number))
    return tuple(
        Placed(title, name, *at, number, tuple(other for _, other, _ in others))
        for at, ((title, name, number), *others) in places.items()
    )


def _near(number: int, targets: tuple[int, ...]) -> bool:
    return any(abs(number - target) <= NEAR * target for target in targets)


def _number(model: Model, convention: Convention) -> int | None:
    try:
        return count(model, convention)
    except BertsymError:
        return None


def _family(model: Model) -> Iterator[Model]:
    """Yield the published models that are counted as the model is, under the same head, if they are of its family.

    A model of which another quantity is counted has entries of its own, and no published model has these.
    """
    same = [known for known in published() if known.family.type == model.architecture.name]
    titles = {known.family.title for known in same if known.name == model.name}
    for known in same:
        if known.family.title in (titles or {same[0].family.title}):
            try:
                counted = published_model(known, model.head)
            except BertsymError:
                continue
            if counted.architecture == model.architecture:
                yield counted
