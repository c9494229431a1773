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
from bertsym.saved_model.derived import Derived, DerivedHead, Place, Refused
from bertsym.symbols import BY_SYMBOL, Kind, Own
from bertsym.tree import Tensor
from bertsym.values import replace

Renaming = Mapping[Symbol, Symbol]
K = TypeVar("K")


def merge_heads(base: Derived, heads: Mapping[str, Derived]) -> Derived:
    """Return the base class with the other classes as its heads.

    A size with the minimum 0 in one class and 1 in another has the minimum 1. If a size of the base is a fixed field in
    a head, the head's formula does not hold in that size, so the head is marked as refused.
    """
    symbols = {place.field: symbol for symbol, place in base.places.items()}
    for head in heads.values():
        for symbol, place in head.places.items():
            symbols[place.field] = _common_symbol(symbols.get(place.field, symbol), symbol)
    whole = _renamed(base, symbols)
    renamed = {name: _renamed(head, symbols) for name, head in heads.items()}
    classes = [whole, *renamed.values()]
    held = _union({f: at for f, at in derived.held.items() if _place(whole, f) is None} for derived in classes)
    return replace(
        whole,
        base=_union(derived.base for derived in classes),
        places=_union(derived.places for derived in classes),
        definitions=_definitions(classes),
        whole=tuple(dict.fromkeys(quotient for derived in classes for quotient in derived.whole)),
        idle=MappingProxyType(
            {
                field: idle
                for field, idle in whole.idle.items()
                if field not in held and not any(_place(head, field) for head in renamed.values())
            }
        ),
        heads=MappingProxyType(
            {
                name: DerivedHead(head.cls, _with_components(head.tensors, whole.tensors), _evidence(head, whole))
                for name, head in renamed.items()
            }
        ),
        held=held,
    )


def _place(derived: Derived, field: str) -> Place | None:
    return next((place for place in derived.places.values() if place.field == field), None)


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
    renaming = {symbol: symbols[place.field] for symbol, place in derived.places.items()}
    renaming = {old: new for old, new in renaming.items() if old != new}
    if not renaming:
        return derived
    return replace(
        derived,
        base={renaming.get(symbol, symbol): value for symbol, value in derived.base.items()},
        places={renaming.get(symbol, symbol): _renamed_place(p, renaming) for symbol, p in derived.places.items()},
        definitions=tuple(_renamed_definition(definition, renaming) for definition in derived.definitions),
        tensors=tuple(_renamed_tensor(tensor, renaming) for tensor in derived.tensors),
        whole=tuple(quotient.xreplace(renaming) for quotient in derived.whole),
    )


def _renamed_place(place: Place, renaming: Renaming) -> Place:
    return place if place.absent is None else replace(place, absent=place.absent.xreplace(renaming))


def _renamed_definition(definition: Definition, renaming: Renaming) -> Definition:
    adjusts = None if definition.adjusts is None else renaming.get(definition.adjusts, definition.adjusts)
    inverse = None if definition.inverse is None else definition.inverse.xreplace(renaming)
    symbol = renaming.get(definition.symbol, definition.symbol)
    return Definition(symbol, definition.value.xreplace(renaming), adjusts, inverse)


def _renamed_tensor(tensor: Tensor, renaming: Renaming) -> Tensor:
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


def _evidence(head: Derived, base: Derived) -> Any:
    """Return the evidence of a head, with a refusal for each size of the base that is a fixed field of the head."""
    if head.evidence is None:
        return None
    why = dict.fromkeys(head.held, "only its own value is accepted")
    why |= {field: frozen.why for field, frozen in head.frozen.items()}
    refused = tuple(Refused("all", p.field, why[p.field]) for p in base.places.values() if p.field in why)
    return replace(head.evidence, refused=(*head.evidence.refused, *refused))


def _union(mappings: Iterable[Mapping[K, Any]]) -> Mapping[K, Any]:
    """Return all items; if a key is in several mappings, the first one's value counts."""
    merged: dict[K, Any] = {}
    for mapping in mappings:
        merged |= {key: value for key, value in mapping.items() if key not in merged}
    return MappingProxyType(merged)


def _definitions(classes: Iterable[Derived]) -> tuple[Definition, ...]:
    """Return one definition for each defined symbol, that of the first class that has one."""
    definitions: dict[Symbol, Definition] = {}
    for derived in classes:
        for definition in derived.definitions:
            definitions.setdefault(definition.symbol, definition)
    return tuple(definitions.values())
