"""What constraints leave of one unknown while the others are known: an interval and a step, exactly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import ceil, floor, lcm

from sympy import Symbol

from bertsym.solving.constraints import Comparison, Constraint, Term, symbols_of
from bertsym.values import value

Exact = int | Fraction
# A quotient of two polynomials in the unknown, coefficients from the constant up.
Ratio = tuple[list[Exact], list[Exact]]


# The lowest and the highest value, and a divisor of all.
Limits = tuple[int, int, int]


@value
class Axis:
    """The values start, start + step, ... up to stop."""

    symbol: Symbol
    start: int
    stop: int
    step: int = 1

    @property
    def size(self) -> int:
        """How many values there are, be they more than a machine word counts."""
        return max(0, (self.stop - self.start) // self.step + 1)

    def values(self) -> range:
        """The values themselves."""
        return range(self.start, self.stop + 1, self.step)

    def within(self, low: int, high: int, multiple: int = 1) -> range:
        """The values from low to high that are multiples of `multiple`."""
        start = self.start + max(0, -(-(low - self.start) // self.step)) * self.step
        stop = min(self.stop, high)
        if multiple == 1 or start > stop:
            return range(start, stop + 1, self.step)
        period = lcm(self.step, multiple)
        first = next((v for v in range(start, min(stop, start + period) + 1, self.step) if v % multiple == 0), stop + 1)
        return range(first, stop + 1, period)


def narrow(axis: Axis, constraints: Iterable[Constraint], known: Mapping[Symbol, Exact], low: int, high: int) -> Limits:
    """A lowest value, a highest value and a divisor that every value allowed by the constraints respects.

    Only what follows from comparisons linear in the unknown, and from `X % n == 0`, is used: the rest is left to be
    checked value by value.
    """
    multiple = 1
    for constraint in constraints:
        for comparison in constraint.comparisons:
            divisor = _divisor(comparison, axis.symbol, known)
            if divisor is not None:
                multiple = lcm(multiple, divisor)
                continue
            below, above = _bounds(comparison, axis.symbol, known)
            low = low if below is None else max(low, below)
            high = high if above is None else min(high, above)
    return low, high, multiple


def _divisor(comparison: Comparison, symbol: Symbol, known: Mapping[Symbol, Exact]) -> int | None:
    """N of `X % n == 0`."""
    left, right = comparison.left, comparison.right
    if comparison.relation != "==" or left.operation != "%" or right.operation != "number" or right.number:
        return None
    if left.left is None or left.right is None or left.left.symbol != symbol:
        return None
    if not set(symbols_of(left.right)) <= set(known):
        return None
    divisor = _ratio(left.right, symbol, known)
    if divisor is None or len(divisor[0]) > 1 or len(divisor[1]) > 1 or not divisor[1][0]:
        return None
    exact = Fraction(divisor[0][0]) / Fraction(divisor[1][0])
    return exact.numerator if exact.denominator == 1 and exact > 0 else None


def _bounds(comparison: Comparison, symbol: Symbol, known: Mapping[Symbol, Exact]) -> tuple[int | None, int | None]:
    sides = (_ratio(comparison.left, symbol, known), _ratio(comparison.right, symbol, known))
    if sides[0] is None or sides[1] is None or comparison.relation == "!=":
        return None, None
    (left, under_left), (right, under_right) = sides[0], sides[1]
    if not (_positive(under_left) and _positive(under_right)):
        return None, None
    difference = _add(_multiply(left, under_right), _multiply(right, under_left), sign=-1)
    while len(difference) > 1 and not difference[-1]:
        difference.pop()
    if len(difference) != 2 or not difference[1]:
        return None, None
    constant, slope = map(Fraction, difference)
    crossing = -constant / slope
    relation = comparison.relation
    below = above = None
    if relation == "==":
        below, above = ceil(crossing), floor(crossing)
    elif (relation in ("<", "<=")) == (slope > 0):
        above = ceil(crossing) - 1 if relation in ("<", ">") else floor(crossing)
    else:
        below = floor(crossing) + 1 if relation in ("<", ">") else ceil(crossing)
    return below, above


def _positive(polynomial: list[Exact]) -> bool:
    """Whether it is above 0 at every value of at least 1."""
    return all(c >= 0 for c in polynomial) and any(polynomial)


def _ratio(term: Term, symbol: Symbol, known: Mapping[Symbol, Exact]) -> Ratio | None:
    """The term as a quotient of polynomials in the symbol; None where it is none, or another symbol is open."""
    if term.symbol is not None:
        if term.symbol == symbol:
            return [0, 1], [1]
        return ([known[term.symbol]], [1]) if term.symbol in known else None
    if term.left is None or term.right is None:
        return [term.number], [1]
    left, right = _ratio(term.left, symbol, known), _ratio(term.right, symbol, known)
    if left is None or right is None:
        return None
    match term.operation:
        case "+" | "-":
            top = _add(_multiply(left[0], right[1]), _multiply(right[0], left[1]), 1 if term.operation == "+" else -1)
            return top, _multiply(left[1], right[1])
        case "*":
            return _multiply(left[0], right[0]), _multiply(left[1], right[1])
        case "/":
            return _multiply(left[0], right[1]), _multiply(left[1], right[0])
        case "**":
            top, under = left
            power: Ratio = ([1], [1])
            for _ in range(term.right.number):
                power = (_multiply(power[0], top), _multiply(power[1], under))
            return power
    return None


def _multiply(first: list[Exact], second: list[Exact]) -> list[Exact]:
    if len(first) == 1 and len(second) == 1:
        return [first[0] * second[0]]
    result: list[Exact] = [0] * (len(first) + len(second) - 1)
    for i, a in enumerate(first):
        for j, b in enumerate(second):
            result[i + j] += a * b
    return result


def _add(first: list[Exact], second: list[Exact], sign: int) -> list[Exact]:
    length = max(len(first), len(second))
    padded = [[*side, *[0] * (length - len(side))] for side in (first, second)]
    return [a + sign * b for a, b in zip(*padded, strict=True)]
