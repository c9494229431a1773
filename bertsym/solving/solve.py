"""Which size meets a target: the closed form, the real root, the exact integer bracket, and what can be built."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from sympy import Symbol

from bertsym.algebra import Value, free
from bertsym.convention import EXACT, Convention
from bertsym.errors import BertsymError, Conflict
from bertsym.model import Model, is_head_size
from bertsym.solving.closed import Closed, solve_symbolically
from bertsym.solving.demands import Demand, NothingFits, buildable, derived
from bertsym.solving.line import Line, Point, distance
from bertsym.solving.unknowns import Tie, base_sizes, formula_over, require, resolved, with_assumed, without
from bertsym.symbols import BY_SYMBOL, Kind
from bertsym.values import value

ANYTHING = Demand()


@value
class TooSmall(BertsymError):
    """No model of the stated sizes is as small as the target."""

    target: int
    least: int
    at: str

    def __str__(self) -> str:
        return f"no such model has {self.target:,} parameters or fewer: the smallest, at {self.at}, has {self.least:,}"


@value
class Solution:
    """A target solved for one size.

    `known` are the other sizes, `assumed` those among them that nobody gave. `root` is real, rounded;
    `step` is what the size must be a multiple of for every width to come out whole;
    `floor` is the largest size not over the target and `ceil` the smallest not under it; `candidates` can be built.
    """

    symbol: Symbol
    target: int
    known: Mapping[Symbol, Value]
    assumed: tuple[Symbol, ...]
    closed: Closed
    step: int
    root: Fraction
    floor: Point
    ceil: Point
    candidates: tuple[Point, ...]


def solve(
    model: Model,
    symbol: Symbol,
    target: int,
    convention: Convention = EXACT,
    *,
    ties: tuple[Tie, ...] = (),
    multiple_of: int | None = None,
    top: int = 5,
    demand: Demand = ANYTHING,
) -> Solution:
    """The target solved for one size, the model's own value of it left aside.

    The candidates keep to the demand. Raises `NotDependent`, `TooSmall`, `DoesNotGrow` or `NothingFits`.
    """
    model.check_known([symbol])
    ties = resolved(model, ties)
    tied = [name for name, _ in ties]
    if symbol in tied:
        raise Conflict(f"--for {symbol}", f"--tie {symbol}", "a tied size is no unknown")
    open_model, assumed = with_assumed(without(model, (symbol, *tied)), (symbol, *tied))
    general = formula_over(open_model, (symbol,), convention, ties)
    require(general, symbol, open_model)
    line = Line(open_model, symbol, convention, ties)
    line.require_growth()
    least = line.smallest
    if line.count(least) > target:
        raise TooSmall(target, int(line.count(least)), f"{line.unknown} = {least}")
    below, above = line.bracket(target)
    candidates = []
    for point in _candidates(line, model, target, multiple_of or line.usual_multiple, demand):
        candidates.append(point)
        if len(candidates) == top:
            break
    if not candidates and demand != ANYTHING:
        raise NothingFits(f"no {symbol} that can be built", demand.in_words(target))
    return Solution(
        symbol,
        target,
        open_model.given,
        assumed,
        solve_symbolically(general, symbol),
        line.step,
        line.root(target),
        line.point(below, target),
        line.point(above, target),
        tuple(sorted(candidates, key=lambda p: (abs(p.error), p.value))),
    )


def _candidates(line: Line, model: Model, target: int, multiple: int, demand: Demand) -> Iterator[Point]:
    """What can be built and meets the demand, nearest first."""
    budgets = [(limit, Line(line.model, line.symbol, limit.convention, line.ties)) for limit in demand.limits]
    heads_lead = BY_SYMBOL[line.unknown].kind is Kind.HEADS
    for number in line.near(target, multiple):
        error = distance(line.count(number), target)
        if demand.tolerance is not None and error > target * demand.tolerance and not heads_lead:
            return
        if not demand.within(line.translated(number)):
            continue
        start = line.tied({**line.model.given, line.unknown: number})
        for entailed in _heads_for(line, model, start):
            values = line.tied({**start, **entailed})
            if not buildable(line.model, values) or not demand.holds(derived(line.model, values)):
                continue
            if all(limit.keeps(other.exact(values)) for limit, other in budgets):
                yield line.point(number, target, entailed)


def _heads_for(line: Line, model: Model, values: Mapping[Symbol, Value]) -> Iterator[dict[Symbol, Value]]:
    """What becomes of the heads at a hidden size: as many as before where they divide it, else as large as before."""
    moving = {line.unknown, *(name for name, _ in line.ties)}
    definitions = (d for d in line.model.architecture.definitions if is_head_size(d) and free(d.value) & moving)
    definition = next(definitions, None)
    if definition is None or definition.symbol in line.model.given:
        yield {}
        return
    count = next(s for s in free(definition.value) if BY_SYMBOL[s].kind is Kind.HEADS)
    width = next(s for s in free(definition.value) if s != count)
    if count not in line.model.given or width not in values:
        yield {}
        return
    heads, number = Fraction(line.model.given[count]), Fraction(values[width])
    reference = model.given.get(width, base_sizes(model).get(width))
    kept = Fraction(reference) / heads if reference is not None else None
    options = [heads] if number % heads == 0 else []
    if kept is not None and kept.denominator == 1 and number % kept == 0 and number // kept not in options:
        options.append(number / kept)
    for option in options:
        yield {count: int(option)}
