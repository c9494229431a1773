"""The totals of models over one size: the data of curves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sympy import Symbol

from bertsym.algebra import Value
from bertsym.answers.answer_context import Subject, subject
from bertsym.answers.model_sizes import whole_size
from bertsym.charts import Curve, Curves, Mark, Point
from bertsym.convention import Convention
from bertsym.document import Column, Count, Document, Inline, Remark, Sizes, Table
from bertsym.formulas.tree import Name
from bertsym.model import Model
from bertsym.report import Record
from bertsym.solving.count_over import count_over
from bertsym.solving.requirements import NothingFits
from bertsym.symbols import BY_SYMBOL, Kind
from bertsym.values import value

# The number of steps at which a curve looks smooth at the width of a page.
STEPS = 48
# The divisor of widths that suits the hardware.
WIDTH_STEP = 64


@value
class Sweep:
    """A size and the values that a figure shows: from low to high, by step; a step of 0 leaves it to the figure."""

    symbol: Symbol
    low: int
    high: int
    step: int = 0

    def values(self) -> range:
        """Return the values, both ends among them if the step allows it.

        >>> from bertsym.symbols import H, L
        >>> list(Sweep(L, 1, 4).values()), Sweep(H, 256, 2048).values()
        ([1, 2, 3, 4], range(256, 2049, 64))
        """
        step = self.step or max(1, (self.high - self.low) // STEPS)
        even = BY_SYMBOL[self.symbol].kind is Kind.WIDTH and not (self.low % WIDTH_STEP or self.high % WIDTH_STEP)
        if even and not self.step and self.high > self.low:
            step = -(-step // WIDTH_STEP) * WIDTH_STEP
        return range(self.low, self.high + 1, step)


@value
class Totals:
    """The exact totals of one model over a size, and its own total if it has a value of that size."""

    name: str
    subject: Subject
    known: Mapping[Symbol, Value]
    counts: tuple[tuple[int, int], ...]
    own: tuple[int, int] | None


@value
class TotalCurves:
    """The totals of models over one size."""

    sweep: Sweep
    models: tuple[Totals, ...]

    def chart(self) -> Curves:
        """Return a curve for each model, and a mark at the model's own size; a legend names the curves of several."""
        curves = tuple(Curve(model.name, tuple(Point(*pair) for pair in model.counts)) for model in self.models)
        alone = len(self.models) == 1
        own = ((model.name if alone else "", model.own) for model in self.models if model.own is not None)
        marks = tuple(Mark(name, Point(*at)) for name, at in own if self.sweep.low <= at[0] <= self.sweep.high)
        unit = self.models[0].subject.convention.unit
        return Curves(curves, marks, self.sweep.symbol, unit, (self.sweep.low,), (self.sweep.high,))

    def document(self) -> Document:
        """Return the totals as a table with a row for each value of the size."""
        columns = (
            Column(str(self.sweep.symbol), right=True),
            *(Column(model.name, right=True) for model in self.models),
        )
        counts = [dict(model.counts) for model in self.models]
        values = sorted({number for column in counts for number in column})
        return (*self.remarks(), Table(columns, tuple(self._row(number, counts) for number in values)))

    @staticmethod
    def _row(number: int, counts: list[dict[int, int]]) -> tuple[Inline, ...]:
        return (Count(number), *(Count(column[number]) if number in column else "" for column in counts))

    def remarks(self) -> Document:
        """Return the lines that say what is counted, and at which other sizes."""
        return tuple(self._remarks())

    def _remarks(self) -> Iterator[Remark]:
        convention = self.models[0].subject.convention
        yield Remark((f"{convention.title}: {convention.meaning}",))
        for model in self.models:
            at: tuple[Inline, ...] = (" at ", Sizes(model.known)) if model.known else ()
            yield Remark((f"{model.name}: {model.subject.cls} over ", Name(self.sweep.symbol), *at))

    def record(self) -> Record:
        """Return the totals for programs: pairs of the size and the count."""
        return {
            "by": str(self.sweep.symbol),
            "models": [
                {
                    "name": model.name,
                    **model.subject.record(),
                    "at": {str(symbol): number for symbol, number in model.known.items()},
                    "points": [list(pair) for pair in model.counts],
                    "own": None if model.own is None else list(model.own),
                }
                for model in self.models
            ],
        }


def total_curves(
    models: tuple[Model, ...], names: tuple[str, ...], conventions: tuple[Convention, ...], sweep: Sweep
) -> TotalCurves:
    """Count models at each value of a size at which they exist.

    A size that a model leaves open is assumed as in its architecture's base. The curve of a model is level if its
    count has the size and does not depend on it, as that of ALBERT over its layers.
    Raises `NothingFits` if a model exists at fewer than two values, and `NotDependent` if all curves are level.
    """
    curves = tuple(_totals(*named, sweep) for named in zip(models, names, conventions, strict=True))
    if all(len({total for _, total in curve.counts}) == 1 for curve in curves):
        for model, convention in zip(models, conventions, strict=True):
            count_over(model, (sweep.symbol,), convention)
    return TotalCurves(sweep, curves)


def _totals(model: Model, name: str, convention: Convention, sweep: Sweep) -> Totals:
    symbol = sweep.symbol
    over = count_over(model, (symbol,), convention, level=True)
    totals = ((number, over.total({symbol: number})) for number in sweep.values())
    counts = tuple((number, total) for number, total in totals if total is not None)
    if len(counts) < 2:
        tried = f"at most one model of {name} with {symbol} from {sweep.low:,} to {sweep.high:,}"
        raise NothingFits(tried, "the definitions of its other sizes")
    of = subject(model, convention)
    size = whole_size(model, symbol)
    own = None if size is None else over.total({symbol: size})
    return Totals(name, of, over.known, counts, None if size is None or own is None else (size, own))
