"""The space from which the configurations of a saved model were sampled."""

from __future__ import annotations

from fractions import Fraction

from bertsym.derive.domain.space import FieldDomain, Space, ordered, switch
from bertsym.derive.types import Number
from bertsym.saved_model.derived import Derived
from bertsym.saved_model.domains import Bounded, Choice, Determined, Domain, Free, Guard, MultipleOf, Steps, Switch
from bertsym.symbols import BY_SYMBOL, Kind
from bertsym.values import replace


def space(derived: Derived) -> Space:
    """Return the space of every field that was sampled; the other fields stay at their defaults."""
    fixed = {**{path: at.value for path, at in derived.fixed_by_derivation.items()}, **derived.fixed_by_code}
    base: dict[str, Number] = {path: at for path, at in fixed.items() if isinstance(at, int)}
    base |= {path: field.default for path, field in derived.no_effect.items() if field.default is not None}
    # A file has 4 for 4.0, which code may refuse.
    exact = {symbol: Fraction if BY_SYMBOL[symbol].kind is Kind.RATIO else lambda n: n for symbol in derived.fields}
    base |= {field.path: exact[symbol](derived.defaults[symbol]) for symbol, field in derived.fields.items()}
    sampled = [(at.path, at.domain, at.only_if) for at in derived.fields.values()]
    sampled += [(path, at.domain, at.only_if) for path, at in derived.no_effect.items() if at.default is not None]
    axes = [_field_domain(path, base[path], domain, guard) for path, domain, guard in sampled if domain is not None]
    return Space(base, ordered(axes) or (), ())


def _field_domain(path: str, default: Number, domain: Domain, guard: Guard) -> FieldDomain:
    """Return the domain that the sampler works with."""
    match domain:
        case Switch():
            return replace(switch(path, bool(default)), needs=guard)
        case Choice(values):
            exact = tuple(map(Fraction, values)) if isinstance(default, Fraction) else values
            return FieldDomain(path, default, values=exact, needs=guard)
        case Determined(fields, factor, divided_by):
            return FieldDomain(path, default, factor, fields, exact=True, over=divided_by or None, needs=guard)
        case Free(steps):
            return _stepped(path, default, steps, guard)
        case Bounded(steps, at_most, greater_than):
            bounded = _stepped(path, default, steps, guard)
            return replace(bounded, within=at_most or None, above=greater_than or None)
        case MultipleOf(steps, fields, at_most, greater_than):
            multiple = _stepped(path, default, steps, guard)
            return replace(multiple, of=fields, within=at_most or None, above=greater_than or None)


def _stepped(path: str, default: Number, steps: Steps, guard: Guard) -> FieldDomain:
    span = steps.maximum - steps.minimum + 1
    return FieldDomain(path, default, steps.stride, low=steps.minimum, span=span, needs=guard)
