"""What an answer must satisfy besides the target: constraints, budgets, a tolerance, a range; that it can be built."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from sympy import Symbol

from bertsym.algebra import Value, evaluate, free
from bertsym.convention import Convention
from bertsym.errors import BertsymError, Unreadable
from bertsym.model import Model, check_value
from bertsym.quantities import decimal
from bertsym.solving.constraints import Constraint
from bertsym.solving.polynomial import Exact
from bertsym.symbols import BY_SYMBOL
from bertsym.values import value


@value
class NothingFits(BertsymError):
    """Nothing among what was tried satisfies what was asked."""

    tried: str
    why: str

    def __str__(self) -> str:
        return f"{self.tried} satisfies {self.why}"


@value
class Limit:
    """A budget: a convention's count, at most or at least so many."""

    convention: Convention
    most: int | None = None
    least: int | None = None

    @property
    def title(self) -> str:
        """In words."""
        bound = f"at most {self.most:,}" if self.most is not None else f"at least {self.least:,}"
        return f"{self.convention.title} {bound}"

    def keeps(self, count: Exact) -> bool:
        """Whether a count keeps to it."""
        return (self.most is None or count <= self.most) and (self.least is None or count >= self.least)


@value
class Demand:
    """Constraints and budgets; how far from the target a count may be, as a fraction of it; the unknown's range."""

    constraints: tuple[Constraint, ...] = ()
    limits: tuple[Limit, ...] = ()
    tolerance: Fraction | None = None
    low: int | None = None
    high: int | None = None

    def within(self, number: Exact) -> bool:
        """Whether the unknown lies in its range."""
        return (self.low is None or number >= self.low) and (self.high is None or number <= self.high)

    def holds(self, values: Mapping[Symbol, Value]) -> bool:
        """Whether every constraint does."""
        return all(constraint.holds(values) for constraint in self.constraints)

    def in_words(self, target: int) -> str:
        """For a sentence."""
        wanted = [constraint.text for constraint in self.constraints] + [limit.title for limit in self.limits]
        if self.tolerance is not None:
            percent = decimal(self.tolerance * 100, 6).rstrip("0").rstrip(".")
            wanted.append(f"within {percent}% of {target:,}")
        if self.low is not None:
            wanted.append(f"from {self.low:,} to {self.high:,}")
        return " and ".join(wanted) or "the divisibility of its sizes"


def derived(model: Model, values: Mapping[Symbol, Value]) -> dict[Symbol, Value]:
    """The values with the sizes that the model defines from them: F from ffn_ratio and H, or the ratio from F."""
    found = dict(values)
    for definition in model.architecture.definitions:
        if definition.symbol not in found and free(definition.value) <= set(found):
            found[definition.symbol] = evaluate(definition.value, found)
        inverse = definition.inverse
        follows = inverse is not None and free(inverse) <= set(found)
        if definition.adjusts is not None and definition.adjusts not in found and follows:
            found[definition.adjusts] = evaluate(definition.inverse, found)
    return found


def buildable(model: Model, values: Mapping[Symbol, Value]) -> bool:
    """Whether a model of those sizes exists: each a value it may have, the derived ones whole, and what must divide."""
    full = derived(model, values)
    try:
        for symbol, number in full.items():
            check_value(BY_SYMBOL[symbol], number)
    except Unreadable:
        return False
    if any(full.get(symbol, most) > most for symbol, most in model.architecture.most.items()):
        return False
    bound = [d for d in model.architecture.definitions if d.adjusts is not None and d.symbol in values]
    if any(free(d.value) <= set(values) and evaluate(d.value, values) != values[d.symbol] for d in bound):
        return False
    for routing in model.architecture.routings:
        among, *fewer = (evaluate(side, full) for side in reversed(routing.sides) if free(side) <= set(full))
        if any(number > among for number in fewer):
            return False
    quotients = (quotient for quotient in model.architecture.whole if free(quotient) <= set(full))
    return all(evaluate(quotient, full).denominator == 1 for quotient in quotients)
