"""Classes over one configuration as one model: two sizes of the same field become one size."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from sympy import Symbol

from bertsym.model import Definition
from bertsym.saved_model.derived import (
    Basis,
    ConfigField,
    Constraint,
    Derived,
    DerivedHead,
    Evidence,
    UnresolvedTensor,
)
from bertsym.symbols import BY_SYMBOL, Kind, Own
from bertsym.tree import Tensor
from bertsym.values import replace

Rules = Mapping[Symbol, Symbol]
T = TypeVar("T")


def merge_heads(first: Derived, others: Mapping[str, Derived]) -> Derived:
    """Return the first class with the others as heads.

    A size that one class begins at 0 and another at 1 begins at 1. A head that fixes a size of the first class has no
    formula in that size: its tensors are unresolved.
    """
    symbols = {field.path: symbol for symbol, field in first.fields.items()}
    for other in others.values():
        for symbol, field in other.fields.items():
            symbols[field.path] = _narrower(symbols.get(field.path, symbol), symbol)
    model = _renamed(first, symbols)
    renamed = {name: _renamed(other, symbols) for name, other in others.items()}
    heads = {
        name: DerivedHead(other.cls, _with_components(other.tensors, model.tensors), _with_unresolved(other, model))
        for name, other in renamed.items()
    }
    every = [model, *renamed.values()]
    fixed = _merged({f: at for f, at in one.fixed_by_code.items() if _field(model, f) is None} for one in every)
    no_effect = {
        path: field
        for path, field in model.no_effect.items()
        if path not in fixed and not any(_field(other, path) for other in renamed.values())
    }
    return replace(
        model,
        defaults=_merged(one.defaults for one in every),
        fields=_merged(one.fields for one in every),
        definitions=_definitions(every),
        constraints=_constraints(every),
        no_effect=MappingProxyType(no_effect),
        heads=MappingProxyType(heads),
        fixed_by_code=fixed,
    )


def _field(derived: Derived, path: str) -> ConfigField | None:
    return next((field for field in derived.fields.values() if field.path == path), None)


def _narrower(first: Symbol, second: Symbol) -> Symbol:
    """Return a symbol that takes the values that both take; a depth if one of them is, because few are sampled."""
    if not isinstance(first, Own) or not isinstance(second, Own):
        return first if not isinstance(first, Own) else second
    size = BY_SYMBOL[first]
    kind = Kind.DEPTH if Kind.DEPTH in (first.kind, second.kind) else first.kind
    return Own(str(first), kind, max(first.minimum, second.minimum), size.meaning, size.example)


def _renamed(derived: Derived, symbols: Mapping[str, Symbol]) -> Derived:
    rules = {symbol: symbols[field.path] for symbol, field in derived.fields.items()}
    rules = {old: new for old, new in rules.items() if old != new}
    if not rules:
        return derived
    return replace(
        derived,
        defaults={rules.get(symbol, symbol): default for symbol, default in derived.defaults.items()},
        fields={rules.get(symbol, symbol): _config_field(field, rules) for symbol, field in derived.fields.items()},
        definitions=tuple(_definition(definition, rules) for definition in derived.definitions),
        tensors=tuple(_tensor(tensor, rules) for tensor in derived.tensors),
        constraints=tuple(Constraint(c.quotient.xreplace(rules), c.basis) for c in derived.constraints),
    )


def _config_field(field: ConfigField, rules: Rules) -> ConfigField:
    return field if field.if_omitted is None else replace(field, if_omitted=field.if_omitted.xreplace(rules))


def _definition(definition: Definition, rules: Rules) -> Definition:
    adjusts = None if definition.adjusts is None else rules.get(definition.adjusts, definition.adjusts)
    inverse = None if definition.inverse is None else definition.inverse.xreplace(rules)
    symbol = rules.get(definition.symbol, definition.symbol)
    return Definition(symbol, definition.value.xreplace(rules), adjusts, inverse)


def _tensor(tensor: Tensor, rules: Rules) -> Tensor:
    loops = tuple(loop.replaced(rules) for loop in tensor.loops)
    shape = tuple(dimension.xreplace(rules) for dimension in tensor.shape)
    when, tied_when = tensor.when.xreplace(rules), tensor.tied_when.xreplace(rules)
    routing = None if tensor.routing is None else tensor.routing.with_sizes(rules)
    return replace(tensor, shape=shape, loops=loops, when=when, tied_when=tied_when, routing=routing)


def _with_components(tensors: tuple[Tensor, ...], first: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Return the tensors of a head with the components of the first class, under whatever prefix that stands in it."""
    components = {tensor.name: tensor.component for tensor in first}
    prefixes = ["", *dict.fromkeys(f"{tensor.name.partition('.')[0]}." for tensor in tensors)]
    prefixed = [{prefix + name: component for name, component in components.items()} for prefix in prefixes]
    names = {tensor.name for tensor in tensors}
    best = max(prefixed, key=lambda candidate: len(candidate.keys() & names))
    return tuple(replace(tensor, component=best.get(tensor.name, tensor.component)) for tensor in tensors)


def _with_unresolved(other: Derived, first: Derived) -> Evidence | None:
    """Return the evidence of a head, with an unresolved part for every size of the first class that the head fixes."""
    if other.evidence is None:
        return None
    reasons = dict.fromkeys(other.fixed_by_code, "only its own value is accepted")
    reasons |= {path: fixed.reason for path, fixed in other.fixed_by_derivation.items()}
    fixed = [field.path for field in first.fields.values() if field.path in reasons]
    unresolved = tuple(UnresolvedTensor("all", path, reasons[path]) for path in fixed)
    return replace(other.evidence, unresolved=(*other.evidence.unresolved, *unresolved))


def _merged(maps: Iterable[Mapping[T, Any]]) -> Mapping[T, Any]:
    """Return the entries of all maps; the first map that has a key decides."""
    merged: dict[T, Any] = {}
    for one in maps:
        merged |= {key: entry for key, entry in one.items() if key not in merged}
    return MappingProxyType(merged)


def _constraints(every: list[Derived]) -> tuple[Constraint, ...]:
    """Return each quotient once; what the code rejected under one head is a constraint of the code."""
    strongest: dict[Any, Basis] = {}
    for constraint in (constraint for derived in every for constraint in derived.constraints):
        known = strongest.setdefault(constraint.quotient, constraint.basis)
        if list(Basis).index(constraint.basis) < list(Basis).index(known):
            strongest[constraint.quotient] = constraint.basis
    return tuple(Constraint(quotient, basis) for quotient, basis in strongest.items())


def _definitions(every: list[Derived]) -> tuple[Definition, ...]:
    """Return the definitions of the first class, and those of other sizes from the other classes."""
    definitions: dict[Symbol, Definition] = {}
    for definition in (definition for derived in every for definition in derived.definitions):
        definitions.setdefault(definition.symbol, definition)
    return tuple(definitions.values())
