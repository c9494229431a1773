"""A count that is no polynomial in its unknowns, such as one that rounds a quotient down, as an integer program.

It has the interface of `polynomial.Piecewise`.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from sympy import Expr, Symbol

from bertsym.algebra import substitute
from bertsym.solving.interval_propagation import Axis
from bertsym.solving.polynomial import DoesNotGrow, Exact, NotPolynomial, Piece, Piecewise, piecewise
from bertsym.solving.row_counts import RowCount, integer_symbol
from bertsym.straight_line import NoProgram


class CompiledCount:
    """A count over integer unknowns, of which the first have numbers."""

    __slots__ = ("row_count", "unknowns", "values")

    def __init__(self, row_count: RowCount, unknowns: tuple[Symbol, ...], values: tuple[int, ...] = ()) -> None:
        self.row_count = row_count
        self.unknowns = unknowns
        self.values = values

    def at(self, number: Exact) -> CompiledCount:
        """Put a whole number in for the first unknown."""
        return CompiledCount(self.row_count, self.unknowns[1:], (*self.values, int(number)))

    @property
    def conditional(self) -> bool:
        """Return True if a bound on the last unknown may not be enough to keep to a budget."""
        return False

    @property
    def constant(self) -> Exact:
        """Return the value of a count without unknowns."""
        numerator, denominator = self.row_count.whole.run(self.values)
        return _exact(numerator, denominator)

    def grows(self) -> bool:
        """Return False, because nothing is known about the growth in every unknown."""
        return False

    def rows(self) -> None:
        """Return None: only a polynomial has rows of coefficients."""

    def pieces(self, low: int, high: int) -> Iterator[Piece]:
        """Yield the stretch of a count in one unknown; raises `NotPolynomial` or `DoesNotGrow`."""
        along = self.row_count.along
        if along is None:
            raise NotPolynomial((str(self.unknowns[0]),))
        *numerators, denominator = along.run(self.values)
        coefficients = [_exact(numerator, denominator) for numerator in numerators]
        if any(coefficient < 0 for coefficient in coefficients[1:]):
            raise DoesNotGrow(str(self.unknowns[0]))
        while len(coefficients) > 1 and not coefficients[-1]:
            coefficients.pop()
        yield low, high, coefficients


def _exact(numerator: int, denominator: int) -> Exact:
    whole, rest = divmod(numerator, denominator)
    return Fraction(numerator, denominator) if rest else whole


Count = Piecewise | CompiledCount


def counted(expression: Expr, axes: tuple[Axis, ...]) -> Count:
    """Return a count over the axes, its only free symbols; raises `NotPolynomial` if it has no program either."""
    unknowns = tuple(axis.symbol for axis in axes)
    try:
        return piecewise(expression, unknowns)
    except NotPolynomial:
        integers = {axis.symbol: integer_symbol(axis) for axis in axes}
        try:
            row_count = RowCount(substitute(expression, integers), tuple(integers.values()), axes)
        except NoProgram:
            raise NotPolynomial(tuple(map(str, unknowns))) from None
        return CompiledCount(row_count, unknowns)
