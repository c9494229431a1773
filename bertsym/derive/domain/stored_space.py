"""The space from which the configurations of a saved model were sampled."""

from __future__ import annotations

from fractions import Fraction

from bertsym.derive.domain.space import FieldDomain, Space, ordered, switch
from bertsym.derive.types import Number
from bertsym.saved_model.derived import Derived, Tried
from bertsym.symbols import BY_SYMBOL, Kind


def space(derived: Derived) -> Space:
    """The space that a stored model was drawn from."""
    base: dict[str, Number] = {name: at.held for name, at in derived.frozen.items() if isinstance(at.held, int)}
    base |= {name: held for name, held in derived.held.items() if isinstance(held, int)}
    base |= {name: idle.base for name, idle in derived.idle.items() if idle.base is not None}
    # A file has 4 for 4.0, which code may refuse.
    exact = {symbol: Fraction if BY_SYMBOL[symbol].kind is Kind.RATIO else lambda n: n for symbol in derived.places}
    base |= {place.field: exact[symbol](derived.base[symbol]) for symbol, place in derived.places.items()}
    rules = {place.field: place.tried for place in derived.places.values()}
    rules |= {name: idle.tried for name, idle in derived.idle.items() if idle.base is not None}
    axes = [_axis(name, base[name], rule) for name, rule in rules.items() if rule or isinstance(base[name], bool)]
    return Space(base, ordered(axes) or (), ())


def _axis(name: str, base: Number, rule: Tried | None) -> FieldDomain:
    if rule is None:
        return switch(name, bool(base))
    values = tuple(map(Fraction, rule.values)) if isinstance(base, Fraction) else rule.values
    return FieldDomain(
        name,
        base,
        rule.unit,
        rule.of,
        rule.low,
        rule.most - rule.low + 1,
        rule.exact,
        rule.over or None,
        rule.within or None,
        rule.above or None,
        values,
        rule.needs,
    )
