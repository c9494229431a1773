"""The derivatives of a total by its sizes."""

from __future__ import annotations

from sympy import Expr, Symbol, floor

from bertsym.algebra import derivative, free
from bertsym.convention import EXACT, Convention
from bertsym.count import total
from bertsym.errors import BertsymError, Unreadable
from bertsym.model import Model
from bertsym.symbols import BY_SYMBOL, Kind
from bertsym.values import value

# A bound on work: counts are polynomials of a lower degree in most sizes.
MAX_ORDER = 20


@value
class NoDerivative(BertsymError):
    """A count that is rounded down after a division goes in steps."""

    by: str

    def __str__(self) -> str:
        return f"the count rounds {self.by} down after a division: it goes in steps and has no derivative by it"


def differentiate(model: Model, by: Symbol, order: int = 1, convention: Convention = EXACT) -> Expr:
    """Differentiate the total by a size, in public symbols; a derived size (F, d) is its own variable.

    Raises `Unreadable` for a yes-or-no symbol or an order outside 1..20, and `NoDerivative`.

    >>> from bertsym.symbols import V
    >>> from bertsym.zoo import named
    >>> differentiate(named("bert"), V)
    H
    """
    if BY_SYMBOL[by].kind is Kind.SWITCH:
        raise Unreadable("the size to differentiate by", by, "a number, not a yes-or-no switch")
    if not 1 <= order <= MAX_ORDER:
        raise Unreadable("order", order, f"an integer from 1 to {MAX_ORDER}")
    model.check_known([by])
    whole = total(model, convention, keep=[by])
    if any(by in free(rounded) for rounded in whole.atoms(floor)):
        raise NoDerivative(str(by))
    return derivative(whole, by, order)
