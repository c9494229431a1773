"""Domains as a saved model keeps them: the class `Tried` of the file format, and the space that a file describes."""

from __future__ import annotations

from fractions import Fraction

from bertsym.derive.domain.field_domain import (
    AllowedValues,
    Bounded,
    Choice,
    Determined,
    FieldDomain,
    Free,
    MultipleOf,
    Switch,
)
from bertsym.derive.domain.space import Space, in_dependency_order
from bertsym.derive.types import Number
from bertsym.saved_model.derived import Derived, Tried
from bertsym.symbols import BY_SYMBOL, Kind


def stored_space(derived: Derived) -> Space:
    """Return the space from which the configurations of a saved model were sampled."""
    base: dict[str, Number] = {name: at.held for name, at in derived.frozen.items() if isinstance(at.held, int)}
    base |= {name: held for name, held in derived.held.items() if isinstance(held, int)}
    base |= {name: idle.base for name, idle in derived.idle.items() if idle.base is not None}
    # A file has 4 for 4.0, which the model code may reject as an integer.
    exact = {symbol: Fraction if BY_SYMBOL[symbol].kind is Kind.RATIO else lambda n: n for symbol in derived.places}
    base |= {place.field: exact[symbol](derived.base[symbol]) for symbol, place in derived.places.items()}
    rules = {place.field: place.tried for place in derived.places.values()}
    rules |= {name: idle.tried for name, idle in derived.idle.items() if idle.base is not None}
    axes = [from_tried(name, base[name], rule) for name, rule in rules.items() if rule or isinstance(base[name], bool)]
    return Space(base, in_dependency_order(axes) or (), ())


def to_tried(axis: FieldDomain) -> Tried | None:
    """Return the domain as a file keeps it; None for a switch that was sampled at both its values."""
    if axis.allowed == Switch() and not axis.only_if:
        return None
    return Tried(
        low=axis.min_steps,
        most=axis.max_steps,
        unit=axis.stride,
        of=axis.multiple_of,
        exact=axis.is_determined,
        over=axis.divided_by or "",
        within=axis.at_most or "",
        above=axis.greater_than or "",
        values=axis.options,
        needs=axis.only_if,
    )


def from_tried(name: str, base: Number, tried: Tried | None) -> FieldDomain:
    """Return the domain that a file keeps of a field; `base` is the value that the file has for it."""
    if tried is None:
        return FieldDomain(name, bool(base), Switch())
    count = tried.most - tried.low + 1
    return FieldDomain(name, base, _allowed(base, tried), tried.low, count, tried.needs)


def _allowed(base: Number, tried: Tried) -> AllowedValues:
    if isinstance(base, bool):
        return Switch(tried.values)
    if tried.values:
        return Choice(tuple(map(Fraction, tried.values)) if isinstance(base, Fraction) else tried.values)
    if tried.exact:
        return Determined(tried.of, tried.unit, tried.over or None)
    inner = MultipleOf(tried.of, tried.unit) if tried.of else Free(tried.unit)
    if tried.within or tried.above:
        return Bounded(inner, tried.within or None, tried.above or None)
    return inner
