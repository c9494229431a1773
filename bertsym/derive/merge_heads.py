"""Merge the derivations of several classes over one configuration into one model with heads.

Each class was derived alone, so two classes may have different symbols for the same configuration field. Merging gives
every field one symbol, and rewrites the formulas of all classes with it.
"""

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
from bertsym.saved_model.layer_lists import LayerKind, LayerList
from bertsym.symbols import BY_SYMBOL, Kind, Own
from bertsym.tree import Tensor
from bertsym.values import replace

Renaming = Mapping[Symbol, Symbol]
K = TypeVar("K")


def merge_heads(base: Derived, heads: Mapping[str, Derived]) -> Derived:
    """Return the base class with the other classes as its heads.

    A size with the minimum 0 in one class and 1 in another has the minimum 1. If a head fixes a size of the base, the
    head's formula does not hold in that size, so its tensors are marked as unresolved.
    """
    symbols = {field.path: symbol for symbol, field in base.fields.items()}
    for head in heads.values():
        for symbol, field in head.fields.items():
            symbols[field.path] = _common_symbol(symbols.get(field.path, symbol), symbol)
    model = _renamed(base, symbols)
    renamed = {name: _renamed(_with_lists_of(base, head), symbols) for name, head in heads.items()}
    classes = [model, *renamed.values()]
    fixed = _union({path: at for path, at in c.fixed_by_code.items() if _field(model, path) is None} for c in classes)
    no_effect = {
        path: field
        for path, field in model.no_effect.items()
        if path not in fixed and not any(_field(head, path) for head in renamed.values())
    }
    return replace(
        model,
        defaults=_union(derived.defaults for derived in classes),
        fields=_union(derived.fields for derived in classes),
        definitions=_definitions(classes),
        constraints=_constraints(classes),
        no_effect=MappingProxyType(no_effect),
        heads=MappingProxyType(
            {
                **model.heads,
                **{
                    name: DerivedHead(head.cls, _with_components(head.tensors, model.tensors), _evidence(head, model))
                    for name, head in renamed.items()
                },
            }
        ),
        fixed_by_code=fixed,
    )


def add_head(base: Derived, name: str, head: Derived) -> Derived:
    """Return the base with one more head, which was derived over the symbols of the base.

    A field at which only the head's formula is fixed stays free for the other classes. The head's formula must not
    contain its symbol.
    """
    fixed = {**head.fixed_by_code, **{path: at.value for path, at in head.fixed_by_derivation.items()}}
    merged = merge_heads(base, {name: replace(head, fixed_by_code={}, fixed_by_derivation={})})
    known = {*base.fixed_by_code, *base.fixed_by_derivation}
    added = replace(merged.heads[name], fixed={path: at for path, at in fixed.items() if path not in known})
    no_effect = {path: field for path, field in base.no_effect.items() if _field(merged, path) is None}
    return replace(
        merged,
        heads={**merged.heads, name: added},
        fixed_by_code=base.fixed_by_code,
        no_effect=MappingProxyType(no_effect),
    )


def _with_lists_of(base: Derived, head: Derived) -> Derived:
    """Return the head with the symbols that the base has for the layers of each kind."""
    lists = {layer_list.path: layer_list for layer_list in base.layer_lists}
    renaming: dict[Symbol, Symbol] = {}
    for layer_list in head.layer_lists:
        known = lists.get(layer_list.path)
        if known is not None and _words(known) == _words(layer_list):
            renaming |= dict(zip(layer_list.symbols, known.symbols, strict=True))
    return _with_symbols(head, renaming)


def _words(layer_list: LayerList) -> list[tuple[str, ...]]:
    return [kind.words for kind in layer_list.kinds]


def _field(derived: Derived, path: str) -> ConfigField | None:
    return next((field for field in derived.fields.values() if field.path == path), None)


def _common_symbol(first: Symbol, second: Symbol) -> Symbol:
    """Return the symbol for the values that both symbols take.

    A published symbol, such as H, is preferred to an own one. If only one of them is a depth, so is the result, because
    a depth is sampled from few values.
    """
    if not isinstance(first, Own):
        return first
    if not isinstance(second, Own):
        return second
    size = BY_SYMBOL[first]
    kind = Kind.DEPTH if Kind.DEPTH in (first.kind, second.kind) else first.kind
    return Own(str(first), kind, max(first.minimum, second.minimum), size.meaning, size.example)


def _renamed(derived: Derived, symbols: Mapping[str, Symbol]) -> Derived:
    """Return the derivation with the given symbol for each field."""
    renaming = {symbol: symbols[field.path] for symbol, field in derived.fields.items()}
    return _with_symbols(derived, renaming)


def _with_symbols(derived: Derived, renaming: Renaming) -> Derived:
    """Return the derivation over other symbols."""
    renaming = {old: new for old, new in renaming.items() if old != new}
    if not renaming:
        return derived
    return replace(
        derived,
        defaults={renaming.get(symbol, symbol): default for symbol, default in derived.defaults.items()},
        fields={
            renaming.get(symbol, symbol): _config_field(field, renaming) for symbol, field in derived.fields.items()
        },
        definitions=tuple(_definition(definition, renaming) for definition in derived.definitions),
        tensors=tuple(with_symbols(tensor, renaming) for tensor in derived.tensors),
        heads={
            name: replace(head, tensors=tuple(with_symbols(tensor, renaming) for tensor in head.tensors))
            for name, head in derived.heads.items()
        },
        constraints=tuple(Constraint(c.quotient.xreplace(renaming), c.basis) for c in derived.constraints),
        layer_lists=tuple(_layer_list(layer_list, renaming) for layer_list in derived.layer_lists),
    )


def _layer_list(layer_list: LayerList, renaming: Renaming) -> LayerList:
    kinds = (LayerKind(renaming.get(kind.count, kind.count), kind.words) for kind in layer_list.kinds)
    return replace(layer_list, order=renaming.get(layer_list.order, layer_list.order), kinds=tuple(kinds))


def _config_field(field: ConfigField, renaming: Renaming) -> ConfigField:
    return field if field.if_omitted is None else replace(field, if_omitted=field.if_omitted.xreplace(renaming))


def _definition(definition: Definition, renaming: Renaming) -> Definition:
    adjusts = None if definition.adjusts is None else renaming.get(definition.adjusts, definition.adjusts)
    inverse = None if definition.inverse is None else definition.inverse.xreplace(renaming)
    symbol = renaming.get(definition.symbol, definition.symbol)
    return Definition(symbol, definition.value.xreplace(renaming), adjusts, inverse)


def with_symbols(tensor: Tensor, renaming: Mapping[Symbol, Any]) -> Tensor:
    """Return the tensor with other symbols, or with numbers in their place."""
    loops = tuple(loop.replaced(renaming) for loop in tensor.loops)
    shape = tuple(dimension.xreplace(renaming) for dimension in tensor.shape)
    when, tied_when = tensor.when.xreplace(renaming), tensor.tied_when.xreplace(renaming)
    routing = None if tensor.routing is None else tensor.routing.with_sizes(renaming)
    return replace(tensor, shape=shape, loops=loops, when=when, tied_when=tied_when, routing=routing)


def _with_components(tensors: tuple[Tensor, ...], base: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Return the tensors of a head with the components that the base class gives them.

    A head may hold the base under an attribute, such as `bert.`. The prefix that makes most names equal to names of the
    base is taken.
    """
    components = {tensor.name: tensor.component for tensor in base}
    prefixes = ["", *dict.fromkeys(f"{tensor.name.partition('.')[0]}." for tensor in tensors)]
    prefixed = [{prefix + name: component for name, component in components.items()} for prefix in prefixes]
    names = {tensor.name for tensor in tensors}
    best = max(prefixed, key=lambda names_of_base: len(names_of_base.keys() & names))
    return tuple(replace(tensor, component=best.get(tensor.name, tensor.component)) for tensor in tensors)


def _evidence(head: Derived, base: Derived) -> Evidence | None:
    """Return the evidence of a head, with an unresolved part for each size of the base that the head fixes."""
    if head.evidence is None:
        return None
    reasons = dict.fromkeys(head.fixed_by_code, "only its own value is accepted")
    reasons |= {path: fixed.reason for path, fixed in head.fixed_by_derivation.items()}
    fixed = [field.path for field in base.fields.values() if field.path in reasons]
    unresolved = tuple(UnresolvedTensor("all", path, reasons[path]) for path in fixed)
    lists = {layer_list.path: layer_list.symbols for layer_list in base.layer_lists}
    other = {layer_list.path: layer_list.symbols for layer_list in head.layer_lists}
    if lists != other:
        path = min(path for path in lists.keys() | other.keys() if lists.get(path) != other.get(path))
        unresolved += (UnresolvedTensor("all", path, "its list has no formula for other kinds of layers"),)
    return replace(head.evidence, unresolved=(*head.evidence.unresolved, *unresolved))


def _union(mappings: Iterable[Mapping[K, Any]]) -> Mapping[K, Any]:
    """Return all items; if a key is in several mappings, the first one's value counts."""
    merged: dict[K, Any] = {}
    for mapping in mappings:
        merged |= {key: value for key, value in mapping.items() if key not in merged}
    return MappingProxyType(merged)


def _constraints(classes: Iterable[Derived]) -> tuple[Constraint, ...]:
    """Return each quotient once, with its strongest basis: a rejection by one head is one by the model code."""
    strongest: dict[Any, Basis] = {}
    for constraint in (constraint for derived in classes for constraint in derived.constraints):
        known = strongest.setdefault(constraint.quotient, constraint.basis)
        if list(Basis).index(constraint.basis) < list(Basis).index(known):
            strongest[constraint.quotient] = constraint.basis
    return tuple(Constraint(quotient, basis) for quotient, basis in strongest.items())


def _definitions(classes: Iterable[Derived]) -> tuple[Definition, ...]:
    """Return one definition for each defined symbol, that of the first class that has one."""
    definitions: dict[Symbol, Definition] = {}
    for definition in (definition for derived in classes for definition in derived.definitions):
        definitions.setdefault(definition.symbol, definition)
    return tuple(definitions.values())
