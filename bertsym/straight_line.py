"""Formulas as straight-line programs: exact on Python integers, on arrays of numpy, and on intervals.

A straight-line program is a list of operations without branches, each on two earlier results (Bürgisser, Clausen and
Shokrollahi 1997, "Algebraic Complexity Theory", chapter 4). Every operation is one of Python's operators, so the same
program runs on integers of any size and on arrays. An interval run bounds each result, so that nothing overflows
unseen. A polynomial is nested greedily, as in Ceberio and Kreinovich 2004, "Greedy algorithms for optimizing
multivariate Horner schemes". No source text is generated.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product
from typing import Any

import sympy
from sympy import Expr, Rational, Symbol
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean

from bertsym.algebra import Iverson
from bertsym.values import value

Interval = tuple[int, int]
Operation = Callable[[Any, Any], Any]

INT64: Interval = (-(2**63), 2**63 - 1)


class NoProgram(Exception):  # no error of a user: whoever compiles says what is done instead
    """An expression with a function or a condition that has no operation here."""


def _at_least(left: Any, right: Any) -> Any:
    return (left >= right) * 1


def _above(left: Any, right: Any) -> Any:
    return (left > right) * 1


def _equal(left: Any, right: Any) -> Any:
    return (left == right) * 1


def _larger(left: Any, right: Any) -> Any:
    """Return the larger of two; for arrays without importing numpy."""
    return left + (right - left) * (right > left)


def _corners(operation: Operation) -> Callable[[Interval, Interval], Interval]:
    """Return the interval of an operation that is monotone in each operand while the other is fixed."""

    def bound(left: Interval, right: Interval) -> Interval:
        ends = [operation(one, other) for one, other in product(left, right)]
        return min(ends), max(ends)

    return bound


def _by_divisor(bound: Callable[[Interval, Interval], Interval]) -> Callable[[Interval, Interval], Interval]:
    """Return the interval of a division: a divisor is at least 1, whatever the interval of its terms says."""
    return lambda left, right: bound(left, (max(right[0], 1), max(right[1], 1)))


_TRUTH: Callable[[Interval, Interval], Interval] = lambda _left, _right: (0, 1)  # noqa: E731  # a row of the table
_BOUNDS: Mapping[Operation, Callable[[Interval, Interval], Interval]] = {
    operator.add: lambda left, right: (left[0] + right[0], left[1] + right[1]),
    operator.sub: lambda left, right: (left[0] - right[1], left[1] - right[0]),
    operator.mul: _corners(operator.mul),
    operator.floordiv: _by_divisor(_corners(operator.floordiv)),
    operator.mod: _by_divisor(lambda _left, right: (0, right[1] - 1)),
    _larger: lambda left, right: (max(left[0], right[0]), max(left[1], right[1])),
    _at_least: _TRUTH,
    _above: _TRUTH,
    _equal: _TRUTH,
}


@value
class Program:
    """A straight-line program: `run` takes a number for each input and returns one for each output.

    Registers are numbered: first the inputs, then the constants, then the result of each step. A rational input takes
    two registers, its numerator and its denominator.
    """

    inputs: tuple[Symbol, ...]
    constants: tuple[int, ...]
    steps: tuple[tuple[Operation, int, int], ...]
    outputs: tuple[int, ...]

    def run(self, numbers: Sequence[Any], constants: Sequence[Any] | None = None) -> list[Any]:
        """Return the outputs at integers, or at arrays that broadcast together.

        `within` says if 64 bits are enough for arrays. If not, the caller passes arrays of Python's integers, and the
        constants as such arrays too.
        """
        registers = [*numbers, *(self.constants if constants is None else constants)]
        add = registers.append
        for operation, left, right in self.steps:
            add(operation(registers[left], registers[right]))
        return [registers[output] for output in self.outputs]

    def bounds(self, intervals: Sequence[Interval]) -> list[Interval]:
        """Return an interval for each output, with the inputs anywhere in theirs (interval arithmetic, Moore 1966)."""
        registers = self._intervals(intervals)
        return [registers[output] for output in self.outputs]

    def within(self, intervals: Sequence[Interval], limits: Interval = INT64) -> bool:
        """Return True if no register leaves the limits, with the inputs anywhere in their intervals."""
        low, high = limits
        return all(low <= least and most <= high for least, most in self._intervals(intervals))

    def _intervals(self, intervals: Sequence[Interval]) -> list[Interval]:
        registers = [*intervals, *((constant, constant) for constant in self.constants)]
        for operation, left, right in self.steps:
            registers.append(_BOUNDS[operation](registers[left], registers[right]))
        return registers


@value
class Quotient:
    """The registers of a numerator and of a denominator, which is at least 1."""

    numerator: int
    denominator: int


class Builder:
    """A program under construction; equal operations share a register.

    Examples:
        >>> from bertsym.symbols import H, L
        >>> builder = Builder([H, L])
        >>> count = builder.quotient(12 * L * H**2 + 13 * L * H)
        >>> builder.program([count.numerator]).run([768, 12])
        [85054464]
        >>> len(builder.program([count.numerator]).steps)
        4
    """

    def __init__(self, inputs: Sequence[Symbol]) -> None:
        """Begin with the inputs; one that is no integer and no switch has a numerator and a denominator."""
        self.inputs = tuple(inputs)
        self._quotients: dict[Expr, Quotient] = {}
        self._numbers: list[int] = []
        self._made: list[tuple[Operation, int, int]] = []
        self._shared: dict[tuple[Operation, int, int] | int, int] = {}
        self._guards: set[int] = set()
        places = 0
        for symbol in self.inputs:
            fraction = is_fraction(symbol)
            self._quotients[symbol] = Quotient(places, places + 1 if fraction else self.constant(1))
            places += 2 if fraction else 1
        self._places = places

    # A constant is -1, -2, ... and a step `_FIRST` + 0, 1, ... until `program` knows how many constants there are.
    def constant(self, number: int) -> int:
        """Return the register of a constant."""
        if number not in self._shared:
            self._numbers.append(number)
            self._shared[number] = -len(self._numbers)
        return self._shared[number]

    def step(self, operation: Operation, left: int, right: int) -> int:
        """Return the register of an operation; one on constants alone is done at once."""
        if left < 0 and right < 0:
            return self.constant(operation(self._numbers[-1 - left], self._numbers[-1 - right]))
        if operation in _COMMUTE and left > right:
            left, right = right, left
        if (operation, self._number(left)) in _NEUTRAL:
            return right
        if (operation, self._number(right)) in _NEUTRAL | _NEUTRAL_RIGHT:
            return left
        if operation is operator.mul and 0 in (self._number(left), self._number(right)):
            return self.constant(0)
        key = (operation, left, right)
        if key not in self._shared:
            self._made.append(key)
            self._shared[key] = _FIRST + len(self._made) - 1
        return self._shared[key]

    def _number(self, register: int) -> int | None:
        return self._numbers[-1 - register] if register < 0 else None

    def program(self, outputs: Sequence[int]) -> Program:
        """Return the program with these outputs."""
        after = self._places + len(self._numbers)

        def placed(register: int) -> int:
            if register < 0:
                return self._places - 1 - register
            return register if register < _FIRST else after + register - _FIRST

        steps = tuple((operation, placed(left), placed(right)) for operation, left, right in self._made)
        return Program(self.inputs, tuple(self._numbers), steps, tuple(map(placed, outputs)))

    @property
    def guards(self) -> tuple[int, ...]:
        """Return the registers that are 1 if a divisor, which is not positive at all sizes, is positive at these."""
        return tuple(sorted(self._guards))

    def decided(self, register: int) -> int | None:
        """Return the number of a register that is a constant, else None."""
        return self._number(register)

    def quotient(self, expression: Expr) -> Quotient:
        """Return the registers of an exact expression; raises `NoProgram`."""
        found = self._quotients.get(expression)
        if found is None:
            found = self._quotients[expression] = self._of(expression)
        return found

    def _of(self, expression: Expr) -> Quotient:
        if isinstance(expression, Rational):
            return Quotient(self.constant(int(expression.p)), self.constant(int(expression.q)))
        if isinstance(expression, sympy.Add):
            return self._sum(expression)
        if isinstance(expression, sympy.Mul):
            number, others = expression.as_coeff_mul()
            return self._product([*(self.quotient(factor) for factor in others), self.quotient(number)])
        if isinstance(expression, sympy.Pow) and expression.exp.is_Integer:
            base = self.quotient(expression.base)
            power = self._product([base] * abs(int(expression.exp)))
            return power if expression.exp > 0 else Quotient(power.denominator, self._divisor(power, expression.base))
        if isinstance(expression, sympy.floor):
            inside = self.quotient(expression.args[0])
            rounded = self.step(operator.floordiv, inside.numerator, inside.denominator)
            return Quotient(rounded, self.constant(1))
        if isinstance(expression, Iverson):
            return Quotient(self.condition(expression.args[0]), self.constant(1))
        raise NoProgram(str(expression)[:60])

    def _divisor(self, divided: Quotient, base: Expr) -> int:
        """Return the numerator as a divisor: at least 1, with a guard unless it is positive at all sizes."""
        if base.is_positive:
            return divided.numerator
        self._guards.add(self.step(_above, divided.numerator, self.constant(0)))
        return self.step(_larger, divided.numerator, self.constant(1))

    def _product(self, factors: Sequence[Quotient]) -> Quotient:
        """Multiply; equal halves of a power share a register, because numpy's own powers are slow."""
        if len(factors) == 1:
            return factors[0]
        half = len(factors) // 2
        left, right = self._product(factors[:half]), self._product(factors[half:])
        return Quotient(
            self.step(operator.mul, left.numerator, right.numerator),
            self.step(operator.mul, left.denominator, right.denominator),
        )

    def _plus(self, left: Quotient, right: Quotient) -> Quotient:
        if left.denominator == right.denominator:
            return Quotient(self.step(operator.add, left.numerator, right.numerator), left.denominator)
        crossed = (
            self.step(operator.mul, left.numerator, right.denominator),
            self.step(operator.mul, right.numerator, left.denominator),
        )
        return Quotient(self.step(operator.add, *crossed), self.step(operator.mul, left.denominator, right.denominator))

    def _sum(self, expression: Expr) -> Quotient:
        """Write a sum over one denominator of numbers, then take out the factor that most of its terms share."""
        common = sympy.ilcm(*(term.as_coeff_Mul()[0].q for term in expression.args))
        if common != 1:
            whole = self.quotient(sympy.Add(*(common * term for term in expression.args)))
            return Quotient(whole.numerator, self.step(operator.mul, whole.denominator, self.constant(int(common))))
        powers = {term: term.as_powers_dict() for term in expression.args}
        shared = Counter(
            base
            for factors in powers.values()
            for base, exponent in factors.items()
            if not base.is_number and exponent.is_Integer and exponent > 0
        )
        base, often = max(shared.items(), key=lambda pair: (pair[1], str(pair[0])), default=(None, 0))
        if often < 2:
            first, *rest = (self.quotient(term) for term in expression.args)
            for term in rest:
                first = self._plus(first, term)
            return first
        inside = [term for term in expression.args if powers[term].get(base, 0) > 0]
        outside = [term for term in expression.args if powers[term].get(base, 0) <= 0]
        nested = self._product([self.quotient(sympy.Add(*(term / base for term in inside))), self.quotient(base)])
        return self._plus(nested, self.quotient(sympy.Add(*outside))) if outside else nested

    def condition(self, condition: Boolean) -> int:
        """Return the register that is 1 if a condition holds, else 0; raises `NoProgram`."""
        if condition is sympy.true or condition is sympy.false:
            return self.constant(int(condition is sympy.true))
        if isinstance(condition, Symbol):
            return self.quotient(condition).numerator
        if isinstance(condition, sympy.Not):
            return self._not(self.condition(condition.args[0]))
        if isinstance(condition, sympy.And):
            return self.every([self.condition(part) for part in condition.args])
        if isinstance(condition, sympy.Or):
            neither = self.every([self.condition(sympy.Not(part)) for part in condition.args])
            return self._not(neither)
        if isinstance(condition, Relational) and all(isinstance(side, Expr) for side in condition.args):
            return self._relation(condition)
        raise NoProgram(type(condition).__name__)

    def every(self, registers: Iterable[int]) -> int:
        """Return the register that is 1 if all of these are 1, else 0."""
        result = self.constant(1)
        for register in registers:
            result = self.step(operator.mul, result, register)
        return result

    def unless(self, exists: int, holds: int) -> int:
        """Return the register that is 1 unless the first is 1 and the second is 0."""
        return self._not(self.step(operator.mul, exists, self._not(holds)))

    def _not(self, register: int) -> int:
        return self.step(operator.sub, self.constant(1), register)

    def _relation(self, relation: Relational) -> int:
        sides = [self.quotient(side) for side in (relation.lhs, relation.rhs)]
        left, right = sides
        one = self.step(operator.mul, left.numerator, right.denominator)
        other = self.step(operator.mul, right.numerator, left.denominator)
        if isinstance(relation, sympy.Ne):
            return self._not(self.step(_equal, one, other))
        ordered: Mapping[type[Relational], tuple[Operation, int, int]] = {
            sympy.Eq: (_equal, one, other),
            sympy.Ge: (_at_least, one, other),
            sympy.Gt: (_above, one, other),
            sympy.Le: (_at_least, other, one),
            sympy.Lt: (_above, other, one),
        }
        if relation.func not in ordered:
            raise NoProgram(type(relation).__name__)
        return self.step(*ordered[relation.func])

    def whole(self, expression: Expr) -> int:
        """Return the register that is 1 if an expression is an integer, else 0; raises `NoProgram`."""
        exact = self.quotient(expression)
        if self.decided(exact.denominator) == 1:
            return self.constant(1)
        rest = self.step(operator.mod, exact.numerator, exact.denominator)
        return self.step(_equal, rest, self.constant(0))


_FIRST = 10**9  # beyond the number of any input
_COMMUTE = frozenset({operator.add, operator.mul, _equal})
_NEUTRAL = frozenset({(operator.add, 0), (operator.mul, 1)})
_NEUTRAL_RIGHT = frozenset({(operator.sub, 0), (operator.floordiv, 1)})


def is_fraction(symbol: Symbol) -> bool:
    """Return True for a size that may be a fraction: no integer, and no switch.

    >>> from bertsym.symbols import H, ffn_ratio, tied
    >>> [is_fraction(symbol) for symbol in (H, ffn_ratio, tied)]
    [False, True, False]
    """
    return bool(symbol.is_rational) and not symbol.is_integer
