"""A count along one unknown: the integers around a target, and the real root."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from itertools import islice

from sympy import Symbol

from bertsym.solving.compiled_count import Count
from bertsym.solving.constraints import Constraint
from bertsym.solving.interval_propagation import Axis, narrow
from bertsym.solving.polynomial import DoesNotGrow, Exact, NotPolynomial, horner, largest_at_most, root
from bertsym.values import value

# Beyond every value that a target of 60 digits can lead to.
WITHOUT_END = 10**120
# The values next to the target that are tried for one of which a model exists: more find rarer models, fewer refuse
# sooner.
MAX_STEPS = 500


@value
class UnivariateCount:
    """A count along one unknown, from `least` on; `exists` says whether there is a model at a value."""

    unknown: Symbol
    counted: Count
    least: int
    constraints: tuple[Constraint, ...]
    exists: Callable[[int, int], bool]

    def count(self, number: int) -> Exact:
        """Return the count at a value of the unknown."""
        return self.counted.at(number).constant

    def numbers(self) -> range:
        """Return the interval and the step of the values that the constraints allow, or more."""
        axis = Axis(self.unknown, self.least, WITHOUT_END)
        return axis.within(*narrow(axis, self.constraints, {}, self.least, WITHOUT_END))

    @property
    def step(self) -> int:
        """Return the distance between values."""
        return self.numbers().step

    def grows(self) -> bool:
        """Return True if more of the unknown never makes the model smaller within a stretch of values."""
        try:
            return bool(list(self.counted.pieces(self.least, WITHOUT_END)))
        except (DoesNotGrow, NotPolynomial):
            return False

    def reaching(self, target: int) -> int:
        """Return a value whose count is at least the target, or 0 if doubling the least value finds none."""
        number = max(1, self.least)
        while number < WITHOUT_END:
            if self.count(number) >= target:
                return number
            number *= 2
        return 0

    def smallest(self) -> int | None:
        """Return the value at which the smallest model exists."""
        starts = ((start, stop) for start, stop, _ in self.counted.pieces(self.least, WITHOUT_END))
        firsts = (self._first(_cut(self.numbers(), start, stop)) for start, stop in starts)
        return min((first for first in firsts if first is not None), key=self.count, default=None)

    def below(self, target: int) -> int | None:
        """Return the largest value of a model with at most the target; None if there is no largest one."""
        for start, stop, coefficients in reversed(list(self.counted.pieces(self.least, WITHOUT_END))):
            if horner(coefficients, start) <= target:
                most = largest_at_most(coefficients, target)
                if most is None and stop == WITHOUT_END and self.numbers().stop > WITHOUT_END // 2:
                    return None
                number = self._first(reversed(_cut(self.numbers(), start, stop if most is None else min(stop, most))))
                if number is not None:
                    return number
        return None

    def above(self, target: int) -> int | None:
        """Return the smallest value of a model with at least the target."""
        for start, stop, coefficients in self.counted.pieces(self.least, WITHOUT_END):
            most = largest_at_most(coefficients, target - 1) if horner(coefficients, start) < target else start - 1
            if most is not None:
                number = self._first(_cut(self.numbers(), most + 1, stop))
                if number is not None:
                    return number
        return None

    def root(self, target: int, places: int) -> Fraction | None:
        """Return the real value at which the count is the target, if the constraints allow values around it."""
        numbers = self.numbers()
        if not numbers:
            return None
        for start, stop, coefficients in self.counted.pieces(self.least, WITHOUT_END):
            if horner(coefficients, stop) >= target:
                if horner(coefficients, start) >= target:
                    return Fraction(start)
                crossing = root(coefficients, target, places)
                return crossing if numbers[0] <= crossing <= numbers[-1] else None
        return None

    def _first(self, numbers: Iterable[int]) -> int | None:
        for number in islice(numbers, MAX_STEPS):
            count = self.count(number)
            held = all(constraint.holds({self.unknown: number}) for constraint in self.constraints)
            if held and Fraction(count).denominator == 1 and self.exists(number, int(count)):
                return number
        return None


def _cut(numbers: range, low: int, high: int) -> range:
    """Return the numbers from low to high."""
    if not numbers:
        return numbers
    first = numbers[0] + max(0, -(-(low - numbers[0]) // numbers.step)) * numbers.step
    return range(first, min(numbers[-1], high) + 1, numbers.step)
