"""A derivation as the model that is saved: the formula, the fields behind its sizes, and the evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import prod

from sympy import Expr, Symbol

from bertsym.algebra import free
from bertsym.derive.derivation import Derivation
from bertsym.derive.domain.field_domain import FieldDomain
from bertsym.derive.domain.space import FixedBy
from bertsym.derive.domain.stored_space import to_stored
from bertsym.derive.layer_list_field import own_length
from bertsym.derive.types import Number
from bertsym.model import Definition
from bertsym.saved_model.allowed_values import Choice, Switch
from bertsym.saved_model.derived import (
    Basis,
    ConfigField,
    Constraint,
    Derived,
    Domain,
    Evidence,
    FixedValue,
    NoEffect,
    UnresolvedTensor,
)
from bertsym.symbols import BY_SYMBOL, Kind
from bertsym.values import replace

ENGINE = 13  # lists with an entry a layer since 12, first and last layers of another shape since 13
MAX_BOUND = 300
"""A bound of 10^-300 says no more than one of 10^-301, and the loop that counts it must end."""


def recorded(derivation: Derivation, parameters: int | None = None) -> Derived:
    """Return all that a file keeps; `parameters` is the count of the code itself at its defaults."""
    defaults, lists = derivation.fields, _list_fields(derivation)
    axes = {axis.name: axis for axis in derivation.space.axes if axis.name not in lists}
    symbols = _symbols(derivation)
    fixed = {by: [one for one in derivation.space.fixed if one.fixed_by is by] for by in FixedBy}
    leaders = {leader for axis in axes.values() for leader in axis.depends_on}
    fields = {symbol: ConfigField(path, to_stored(axes[path])) for path, symbol in symbols.items()}
    no_effect = {path: _no_effect(axis, defaults) for path, axis in axes.items() if path not in symbols}
    for one in fixed[FixedBy.NO_EFFECT]:
        # Fields that are sampled by it need its value.
        no_effect[one.name] = _constant(defaults[one.name]) if one.name in leaders else NoEffect()
    counted = {symbol for layer_list in derivation.derived.layer_lists for symbol in layer_list.symbols}
    of_lists = {symbol: number for symbol, number in derivation.derived.defaults.items() if symbol in counted}
    return replace(
        derivation.derived,
        defaults={symbol: defaults[path] for path, symbol in symbols.items()} | of_lists,
        fields={symbol: with_omission(field, derivation.absences) for symbol, field in fields.items()},
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
            tuple(UnresolvedTensor(one.tensor, one.part, one.reason) for one in derivation.refused),
        ),
        engine=ENGINE,
        fixed_by_code={one.name: _json(defaults[one.name]) for one in fixed[FixedBy.CODE]},
    )


def _symbols(derivation: Derivation) -> dict[str, Symbol]:
    """Return the fields that become sizes: those with an effect, those in a formula, and those that both depend on."""
    used = set(derivation.derived.defaults)
    axes = derivation.space.axes
    sizes = {axis.name for axis in axes if not axis.no_effect or derivation.symbols[axis.name] in used}
    followed = (axis for axis in axes if axis.name in sizes)
    leaders = {
        path for axis in followed for path in (*axis.multiple_of, *([axis.divided_by] if axis.divided_by else ()))
    }
    sizes |= leaders & derivation.symbols.keys()
    sizes -= _list_fields(derivation)
    return {path: symbol for path, symbol in derivation.symbols.items() if path in sizes}


def _list_fields(derivation: Derivation) -> set[str]:
    """Return the fields with an entry a layer and the lengths of such fields, no numbers of a configuration."""
    paths = {path for path, symbol in derivation.symbols.items() if BY_SYMBOL[symbol].kind is Kind.ORDER}
    return paths | {own_length(path) for path in paths} & derivation.symbols.keys()


def with_omission(field: ConfigField, absences: Mapping[str, Expr | None]) -> ConfigField:
    """Return the field with the value that the code takes if a configuration leaves it out."""
    if field.path not in absences:
        return field
    value = absences[field.path]
    return replace(field, if_omitted=value, omission_unknown=value is None)


def _no_effect(axis: FieldDomain, defaults: Mapping[str, Number]) -> NoEffect:
    """Return how to sample a field without effect; nothing of a ratio, which no other field may follow."""
    return NoEffect() if axis.is_ratio and not axis.depends_on else NoEffect(defaults[axis.name], to_stored(axis))


def _constant(default: Number) -> NoEffect:
    """Return a field without effect that stays at its default."""
    return NoEffect(default, Domain(Switch((default,)) if isinstance(default, bool) else Choice((default,))))


def exponent(derivation: Derivation) -> int:
    """Return the largest k for which the chance of a false pass is at most 10^-k."""
    k = 0
    while derivation.chance * 10 ** (k + 1) <= 1 and k < MAX_BOUND:
        k += 1
    return k


def _json(number: Number) -> int | float:
    return float(number) if isinstance(number, Fraction) else number


def _constraints(axis: FieldDomain, symbols: Mapping[str, Symbol]) -> Iterator[Constraint]:
    """Yield the quotients of a size and each size of which it is always a multiple.

    The domain stage keeps a multiple only if the code rejected the builds that broke it.
    """
    if axis.is_determined or axis.only_if or axis.greater_than is not None or not set(axis.multiple_of) <= set(symbols):
        return
    if all(BY_SYMBOL[symbols[path]].minimum > 0 for path in axis.multiple_of):
        for path in axis.multiple_of:
            yield Constraint(symbols[axis.name] / (int(axis.stride) * symbols[path]), Basis.CODE)


def _determined(derivation: Derivation, symbols: Mapping[str, Symbol]) -> Iterator[Definition]:
    """Yield the sizes that the code accepts at one value only, which other sizes determine."""
    defined = {definition.symbol for definition in derivation.derived.definitions}
    for axis in derivation.space.axes:
        over = () if axis.divided_by is None else (axis.divided_by,)
        if axis.is_determined and axis.name in symbols and {*axis.multiple_of, *over} <= set(symbols):
            symbol = symbols[axis.name]
            product = int(axis.stride) * prod(symbols[path] for path in axis.multiple_of)
            value = product / prod(symbols[path] for path in over)
            if symbol not in defined and not free(value) & defined:
                defined.add(symbol)
                yield Definition(symbol, value)
