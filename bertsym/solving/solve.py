"""Which size meets a target: the closed form, the real root, the exact integer bracket, and what can be built."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import lcm

from sympy import Symbol

from bertsym.algebra import Value, evaluate, free, substitute
from bertsym.convention import EXACT, Convention
from bertsym.errors import BertsymError, Conflict
from bertsym.model import Definition, Model, is_head_size
from bertsym.solving.closed import Closed, solve_symbolically
from bertsym.solving.polynomial import Exact, horner, largest_at_most, piecewise, root
from bertsym.solving.unknowns import (
    Tie,
    base_sizes,
    formula_over,
    require,
    substituted,
    to_expression,
    with_assumed,
    without,
)
from bertsym.symbols import BY_SYMBOL, Kind
from bertsym.values import value

WITHOUT_END = 10**120
MULTIPLE_OF_WIDTHS = 64
NEIGHBOURS = 3
MOST_HEADS = 256


@value
class TooSmall(BertsymError):
    """No model of the stated sizes is as small as the target."""

    target: int
    least: int
    at: str

    def __str__(self) -> str:
        return f"no such model has {self.target:,} parameters or fewer: the smallest, at {self.at}, has {self.least:,}"


@value
class Point:
    """A value of the unknown, with what it entails, its exact count and the signed error against the target."""

    value: Exact
    at: Mapping[Symbol, Value]
    count: int
    error: int


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
    sign: int = 0,
) -> Solution:
    """The target solved for one size, the model's own value of it left aside.

    With a `sign` of -1 or 1 the candidates keep to counts of at most or at least the target.
    Raises `NotDependent`, `TooSmall` or `DoesNotGrow`.
    """
    model.check_known([symbol])
    tied = [name for name, _ in ties]
    if symbol in tied:
        raise Conflict(f"--for {symbol}", f"--tie {symbol}", "a tied size is no unknown")
    open_model, assumed = with_assumed(without(model, (symbol, *tied)), (symbol, *tied))
    general = formula_over(open_model, (symbol,), convention, ties)
    require(general, symbol, model)
    line = Line(open_model, symbol, convention, ties)
    line.require_growth()
    least = line.smallest
    if line.count(least) > target:
        raise TooSmall(target, int(line.count(least)), f"{line.unknown} = {least}")
    below, above = line.bracket(target)
    reference = model.given.get(symbol, base_sizes(model).get(symbol))
    near = line.near(target, multiple_of or line.usual_multiple)
    candidates = [
        line.point(number, target, entailed)
        for number in near
        for entailed in _heads_for(open_model, symbol, number, reference)
        if _runs(open_model, {**open_model.given, line.unknown: number, **entailed})
    ]
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
        tuple(sorted((c for c in candidates if c.error * sign >= 0), key=lambda p: (abs(p.error), p.value))[:top]),
    )


def _runs(model: Model, values: Mapping[Symbol, Value]) -> bool:
    """Whether every quotient that must be whole is."""
    quotients = (q for q in model.architecture.whole if free(q) <= set(values))
    return all(evaluate(quotient, values).denominator == 1 for quotient in quotients)


def _heads_for(model: Model, symbol: Symbol, number: int, reference: Value | None) -> Iterator[dict[Symbol, Value]]:
    """What becomes of the heads at a hidden size: as many as before where they divide it, else as large as before."""
    definition = next((d for d in model.architecture.definitions if symbol in free(d.value) and is_head_size(d)), None)
    if definition is None or definition.symbol in model.given:
        yield {}
        return
    count = next(s for s in free(definition.value) if BY_SYMBOL[s].kind is Kind.HEADS)
    if count not in model.given:
        yield {}
        return
    heads = Fraction(model.given[count])
    kept = Fraction(reference) / heads if reference is not None else None
    options = [heads] if number % heads == 0 else []
    if kept is not None and kept.denominator == 1 and number % kept == 0 and number // kept not in options:
        options.append(number / kept)
    for option in options:
        yield {count: int(option)}


class Line:
    """A count along one unknown: a width stands in for a ratio, so that the unknown is an integer."""

    def __init__(self, model: Model, symbol: Symbol, convention: Convention, ties: tuple[Tie, ...]) -> None:
        self.model = model
        self.symbol = symbol
        self.ties = ties
        ratio = next((d for d in model.architecture.definitions if d.adjusts is symbol and _is_ratio(symbol)), None)
        self.ratio = ratio
        self.unknown: Symbol = symbol if ratio is None else ratio.symbol
        self.total = formula_over(model, (self.unknown,), convention, ties)
        self.counted = piecewise(substituted(self.total, model, (self.unknown,)), (self.unknown,))
        # A width F = ffn_ratio*H must come out whole: at ffn_ratio = 8/3, H runs over the multiples of 3.
        ratios = [Fraction(model.given[s]) for d in model.architecture.definitions for s in _ratios(d, self.unknown)]
        self.step = lcm(*(r.denominator for r in ratios if ratios)) if ratios else 1
        self.smallest = -(-BY_SYMBOL[self.unknown].minimum // self.step) * self.step

    @property
    def usual_multiple(self) -> int:
        """What a width is usually a multiple of."""
        return MULTIPLE_OF_WIDTHS if BY_SYMBOL[self.unknown].kind is Kind.WIDTH else 1

    def count(self, number: Exact) -> Exact:
        """The count at a value of the unknown."""
        return self.counted.at(number).constant

    def bracket(self, target: int) -> tuple[int, int]:
        """The largest value whose count is not over the target, and the smallest whose count is not under it."""
        pieces = list(self.counted.pieces(self.smallest, WITHOUT_END))
        below = next(b for b in (self._last_within(*piece, target) for piece in reversed(pieces)) if b is not None)
        above = next(a for a in (self._first_beyond(*piece, target) for piece in pieces) if a is not None)
        return below, above

    def _last_within(self, start: int, stop: int, coefficients: list[Exact], target: int) -> int | None:
        first = -(-start // self.step) * self.step
        if first > stop or horner(coefficients, first) > target:
            return None
        most = largest_at_most(coefficients, target)
        last = stop if most is None else min(stop, most)
        return last // self.step * self.step

    def _first_beyond(self, start: int, stop: int, coefficients: list[Exact], target: int) -> int | None:
        first = -(-start // self.step) * self.step
        if first <= stop and horner(coefficients, first) < target:
            most = largest_at_most(coefficients, target - 1)
            first = stop + 1 if most is None else (most // self.step + 1) * self.step
        return first if first <= stop else None

    def root(self, target: int) -> Fraction:
        """The real value at which the count is the target, in the unit of the symbol that was asked for."""
        above = self.bracket(target)[1]
        pieces = self.counted.pieces(self.smallest, WITHOUT_END)
        coefficients = next(c for start, stop, c in pieces if start <= above <= stop)
        if horner(coefficients, above) == target:
            return self.translated(above)
        return self.translated(root(coefficients, target, places=2 if self.ratio is None else 6))

    def require_growth(self) -> None:
        """Raise `DoesNotGrow` where more of the unknown could make the model smaller."""
        for _ in self.counted.pieces(self.smallest, WITHOUT_END):
            pass

    def near(self, target: int, multiple: int) -> list[int]:
        """The nearest multiples on either side of the target; of a number of heads, every one that may be."""
        if BY_SYMBOL[self.unknown].kind is Kind.HEADS:
            return list(range(multiple, MOST_HEADS + 1, multiple))
        period = lcm(self.step, multiple)
        middle = self.bracket(target)[0] // period * period
        around = (middle + period * offset for offset in range(1 - NEIGHBOURS, NEIGHBOURS + 1))
        return [number for number in around if number >= self.smallest]

    def translated(self, number: Exact) -> Fraction:
        """A value of the unknown as the symbol that was asked for."""
        if self.ratio is None or self.ratio.inverse is None:
            return Fraction(number)
        return evaluate(self.ratio.inverse, {**self.model.given, self.unknown: Fraction(number)})

    def point(self, number: int, target: int, entailed: Mapping[Symbol, Value] | None = None) -> Point:
        """The value with what it entails: the tied sizes, the width that a ratio stands for, the heads."""
        values: dict[Symbol, Value] = {**self.model.given, self.unknown: number, **(entailed or {})}
        count = int(evaluate(substitute(self.total, values), {}))
        at: dict[Symbol, Value] = {self.symbol: _plain(self.translated(number)), **(entailed or {})}
        if self.ratio is not None:
            at[self.unknown] = number
        for name, term in self.ties:
            at[name] = _plain(evaluate(to_expression(term), values))
        return Point(_plain(self.translated(number)), at, count, count - target)


def _plain(number: Fraction) -> int | Fraction:
    return number.numerator if number.denominator == 1 else number


def _is_ratio(symbol: Symbol) -> bool:
    return BY_SYMBOL[symbol].kind is Kind.RATIO


def _ratios(definition: Definition, unknown: Symbol) -> list[Symbol]:
    """The ratios that a definition multiplies the unknown by."""
    symbols = free(definition.value)
    return [s for s in symbols if _is_ratio(s)] if unknown in symbols else []
