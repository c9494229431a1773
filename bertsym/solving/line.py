"""A count along one unknown: the exact integer bracket of a target, the real root, and the values near them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import lcm

from sympy import Symbol

from bertsym.algebra import Value, evaluate, free, substitute
from bertsym.convention import Convention
from bertsym.model import Definition, Model
from bertsym.solving.polynomial import Exact, horner, largest_at_most, piecewise, root
from bertsym.solving.unknowns import Tie, formula_over, substituted, to_expression
from bertsym.symbols import BY_SYMBOL, Kind
from bertsym.values import value

WITHOUT_END = 10**120
MULTIPLE_OF_WIDTHS = 64
MOST_STEPS = 2_000
MOST_HEADS = 256


@value
class Point:
    """A value of the unknown, with what it entails, its exact count and the signed error against the target."""

    value: Exact
    at: Mapping[Symbol, Value]
    count: int
    error: int


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
        fixed = self.tied(model.given)
        found = (s for d in model.architecture.definitions for s in _ratios(d, self.unknown) if d.symbol not in fixed)
        self.step = lcm(*(Fraction(fixed[s]).denominator for s in found if s in fixed))
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

    def near(self, target: int, multiple: int) -> Iterator[int]:
        """Multiples by the distance of their counts from the target, nearest first, bounded in number.

        Of a number of heads every one is tried, for those that may be are few and far between.
        """
        if BY_SYMBOL[self.unknown].kind is Kind.HEADS:
            every = range(multiple, MOST_HEADS + 1, multiple)
            yield from sorted(every, key=lambda number: distance(self.count(number), target))
            return
        period = lcm(self.step, multiple)
        below = self.bracket(target)[0] // period * period
        above = below + period
        for _ in range(MOST_STEPS):
            under = below >= self.smallest
            if under and target - self.count(below) <= self.count(above) - target:
                yield below
                below -= period
            else:
                yield above
                above += period

    def translated(self, number: Exact) -> Fraction:
        """A value of the unknown as the symbol that was asked for."""
        if self.ratio is None or self.ratio.inverse is None:
            return Fraction(number)
        return evaluate(self.ratio.inverse, {**self.model.given, self.unknown: Fraction(number)})

    def tied(self, values: Mapping[Symbol, Value]) -> dict[Symbol, Value]:
        """The values with those of the tied sizes that follow from them."""
        found = dict(values)
        for name, term in self.ties:
            expression = to_expression(term)
            if free(expression) <= set(found):
                found[name] = _plain(evaluate(expression, found))
        return found

    def exact(self, values: Mapping[Symbol, Value]) -> Fraction:
        """The count at a value for every size."""
        return evaluate(substitute(self.total, dict(values)), {})

    def point(self, number: int, target: int, entailed: Mapping[Symbol, Value] | None = None) -> Point:
        """The value with what it entails: the tied sizes, the width that a ratio stands for, the heads."""
        values = self.tied({**self.model.given, self.unknown: number, **(entailed or {})})
        count = int(self.exact(values))
        at: dict[Symbol, Value] = {self.symbol: _plain(self.translated(number)), **(entailed or {})}
        if self.ratio is not None:
            at[self.unknown] = number
        at |= {name: values[name] for name, _ in self.ties}
        return Point(_plain(self.translated(number)), at, count, count - target)


def distance(count: Exact, target: int) -> Exact:
    """How far a count is from the target."""
    return max(count - target, target - count)


def _plain(number: Fraction) -> int | Fraction:
    return number.numerator if number.denominator == 1 else number


def _is_ratio(symbol: Symbol) -> bool:
    return BY_SYMBOL[symbol].kind is Kind.RATIO


def _ratios(definition: Definition, unknown: Symbol) -> list[Symbol]:
    """The ratios that a definition multiplies the unknown by."""
    symbols = free(definition.value)
    return [s for s in symbols if _is_ratio(s)] if unknown in symbols else []
