"""A derivation as the model that is saved: the formula, the fields behind its sizes, and the evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import prod

from sympy import Expr, Symbol

from bertsym.algebra import free
from bertsym.derive.cegis import Derivation
from bertsym.derive.domain.space import FieldDomain, FixedBy
from bertsym.derive.types import Number
from bertsym.model import Definition
from bertsym.saved_model.derived import (
    Basis,
    ConfigField,
    Constraint,
    Derived,
    Evidence,
    FixedValue,
    NoEffect,
    UnresolvedTensor,
)
from bertsym.saved_model.domains import Bounded, Choice, Determined, Domain, Free, MultipleOf, Steps, Switch
from bertsym.symbols import BY_SYMBOL
from bertsym.values import replace

ENGINE = 10
MAX_BOUND = 300
"""A bound of 10^-300 says no more than one of 10^-301, and the loop that counts it must end."""


def recorded(derivation: Derivation, parameters: int | None = None) -> Derived:
    """Return all that a file keeps; `parameters` is the count of the code itself at its defaults."""
    defaults, axes = derivation.fields, {axis.name: axis for axis in derivation.space.axes}
    symbols = _symbols(derivation)
    fixed = {by: [one for one in derivation.space.frozen if one.kept is by] for by in FixedBy}
    leaders = {leader for axis in axes.values() for leader in axis.leaders}
    fields = {symbol: with_omission(_field(axes[path]), derivation.absences) for path, symbol in symbols.items()}
    no_effect = {path: _no_effect(axis, defaults) for path, axis in axes.items() if path not in symbols}
    for one in fixed[FixedBy.NO_EFFECT]:
        # Fields that are sampled by it need its value.
        value = defaults[one.name]
        no_effect[one.name] = NoEffect(value, Choice((value,))) if one.name in leaders else NoEffect()
    return replace(
        derivation.derived,
        defaults={symbol: defaults[path] for path, symbol in symbols.items()},
        fields=fields,
        definitions=(*derivation.derived.definitions, *_determined(derivation, symbols)),
        constraints=tuple(part for path in symbols for part in _constraints(axes[path], symbols)),
        fixed_by_derivation={
            one.name: FixedValue(_json(defaults[one.name]), one.why) for one in fixed[FixedBy.DERIVATION]
        },
        no_effect=no_effect,
        evidence=Evidence(
            derivation.trials,
            derivation.edges,
            derivation.builds,
            derivation.seed,
            exponent(derivation),
            parameters,
            tuple(UnresolvedTensor(one.tensor, one.part, one.why) for one in derivation.refused),
        ),
        engine=ENGINE,
        fixed_by_code={one.name: _json(defaults[one.name]) for one in fixed[FixedBy.CODE]},
    )


def _symbols(derivation: Derivation) -> dict[str, Symbol]:
    """Return the fields that become sizes: those with an effect, those in a formula, and those that both depend on."""
    used = set(derivation.derived.defaults)
    axes = derivation.space.axes
    sizes = {axis.name for axis in axes if not axis.idle or derivation.symbols[axis.name] in used}
    followed = (axis for axis in axes if axis.name in sizes)
    leaders = {path for axis in followed for path in (*axis.of, *([axis.over] if axis.over else ()))}
    sizes |= leaders & derivation.symbols.keys()
    return {path: symbol for path, symbol in derivation.symbols.items() if path in sizes}


def with_omission(field: ConfigField, absences: Mapping[str, Expr | None]) -> ConfigField:
    """Return the field with the value that the code takes if a configuration leaves it out."""
    if field.path not in absences:
        return field
    value = absences[field.path]
    return replace(field, if_omitted=value, omission_unknown=value is None)


def _field(axis: FieldDomain) -> ConfigField:
    return ConfigField(axis.name, domain(axis), axis.needs)


def _no_effect(axis: FieldDomain, defaults: Mapping[str, Number]) -> NoEffect:
    """Return how to sample a field without effect; nothing of a ratio, which no other field may follow."""
    return NoEffect() if axis.ratio and not axis.leaders else NoEffect(defaults[axis.name], domain(axis), axis.needs)


def exponent(derivation: Derivation) -> int:
    """Return the largest k for which the chance of a false pass is at most 10^-k."""
    k = 0
    while derivation.chance * 10 ** (k + 1) <= 1 and k < MAX_BOUND:
        k += 1
    return k


def domain(axis: FieldDomain) -> Domain:
    """Return the domain of a field as a saved model keeps it."""
    if axis.switch and len(axis.values) == len((False, True)):
        return Switch()
    if axis.values:
        return Choice(axis.values)
    if axis.exact:
        return Determined(axis.of, axis.unit, axis.over or "")
    steps, at_most, greater_than = Steps(axis.low, axis.most, axis.unit), axis.within or "", axis.above or ""
    if axis.of:
        return MultipleOf(steps, axis.of, at_most, greater_than)
    return Bounded(steps, at_most, greater_than) if at_most or greater_than else Free(steps)


def _json(number: Number) -> int | float:
    return float(number) if isinstance(number, Fraction) else number


def _constraints(axis: FieldDomain, symbols: Mapping[str, Symbol]) -> Iterator[Constraint]:
    """Yield the quotients of a size and each size of which it is always a multiple.

    The domain stage keeps a multiple only if the code rejected the builds that broke it.
    """
    if axis.exact or axis.needs or axis.above or not set(axis.of) <= set(symbols):
        return
    if all(BY_SYMBOL[symbols[path]].minimum > 0 for path in axis.of):
        for path in axis.of:
            yield Constraint(symbols[axis.name] / (int(axis.unit) * symbols[path]), Basis.CODE)


def _determined(derivation: Derivation, symbols: Mapping[str, Symbol]) -> Iterator[Definition]:
    """Yield the sizes that the code accepts at one value only, which other sizes determine."""
    defined = {definition.symbol for definition in derivation.derived.definitions}
    for axis in derivation.space.axes:
        over = () if axis.over is None else (axis.over,)
        if axis.exact and axis.name in symbols and {*axis.of, *over} <= set(symbols):
            symbol = symbols[axis.name]
            value = int(axis.unit) * prod(symbols[name] for name in axis.of) / prod(symbols[name] for name in over)
            if symbol not in defined and not free(value) & defined:
                defined.add(symbol)
                yield Definition(symbol, value)
