"""A count over chosen sizes, the others fixed: for curves, which need it at many values."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from sympy import Symbol

from bertsym.algebra import Value
from bertsym.convention import EXACT, Convention
from bertsym.model import Model
from bertsym.solving.closure import Closure
from bertsym.solving.configurations import closed
from bertsym.solving.legality import Recounter
from bertsym.solving.open_model import require
from bertsym.solving.polynomial import Exact, Piecewise, horner, piecewise, root
from bertsym.solving.request import Request
from bertsym.symbols import BY_SYMBOL, in_order
from bertsym.values import value

# A bound larger than any size that a figure shows.
WITHOUT_END = 10**15


@value
class CountOver:
    """A count over sizes, in the order in which numbers are put in; the closure has all other sizes."""

    closure: Closure
    convention: Convention
    count: Piecewise

    @property
    def known(self) -> Mapping[Symbol, Value]:
        """Return the sizes of the model that stand still, in order."""
        ready = self.closure.ready
        return {symbol: ready.given[symbol] for symbol in in_order(ready.given) if symbol in ready.architecture.counted}

    def total(self, values: Mapping[Symbol, int]) -> int | None:
        """Return the exact count of the model at these values as `total` counts it, or None if there is no such model.

        A number of heads that no count depends on is 1, because a single head divides every width.
        """
        beside = {floating.symbol: 1 for floating in self.closure.floating}
        counts = Recounter(self.closure, (("", self.convention),)).recount({**beside, **values})
        return None if counts is None else counts[0]

    def crossing(self, first: Exact, target: int, places: int) -> Fraction | None:
        """Return the real value of the second size at which the count is the target, rounded to decimal places.

        Return None if the count jumps over the target, or exceeds it even at the least value of the size.
        Raises `DoesNotGrow` or `NotPolynomial`.
        """
        least = BY_SYMBOL[self.count.unknowns[1]].minimum
        for start, stop, coefficients in self.count.at(first).pieces(least, WITHOUT_END):
            if horner(coefficients, start) <= target <= horner(coefficients, stop):
                return root(coefficients, target, places)
        return None


def count_over(
    model: Model, sizes: tuple[Symbol, ...], convention: Convention = EXACT, *, level: bool = False
) -> CountOver:
    """Return the count of a model over sizes; with `level`, it need not depend on them.

    Raises `NotDependent`, `NotPolynomial`, `MissingSize` or `Conflict`.
    """
    closure, (total,) = closed(model, Request(sizes, 1, convention), accompanied=True)
    for symbol in sizes if not level else ():
        require(total, symbol, model)
    return CountOver(closure, convention, piecewise(total, sizes))
