"""Classes over one configuration as one model: the sizes of each, where they stand for the same field, are made one."""

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

Rules = Mapping[Symbol, Symbol]
T = TypeVar("T")


def joined(first: Derived, others: Mapping[str, Derived]) -> Derived:
    """The first class with the others as heads.

    A size that one class begins at 0 and another at 1 begins at 1. A head in which a size of the first stands still is
    no formula in that size: it is refused.
    """
    symbols = {place.field: symbol for symbol, place in first.places.items()}
    for other in others.values():
        for symbol, place in other.places.items():
            symbols[place.field] = _narrower(symbols.get(place.field, symbol), symbol)
    whole = _renamed(first, symbols)
    moved = {name: _renamed(other, symbols) for name, other in others.items()}
    heads = {
        name: DerivedHead(other.cls, _called_alike(other.tensors, whole.tensors), _with_refusals(other, whole))
        for name, other in moved.items()
    }
    everything = [whole, *moved.values()]
    held = _merged({f: at for f, at in one.held.items() if _at(whole, f) is None} for one in everything)
    return replace(
        whole,
        base=_merged(one.base for one in everything),
        places=_merged(one.places for one in everything),
        definitions=_definitions(everything),
        whole=tuple(dict.fromkeys(quotient for one in everything for quotient in one.whole)),
        idle=MappingProxyType(
            {
                field: idle
                for field, idle in whole.idle.items()
                if field not in held and not any(_at(other, field) for other in moved.values())
            }
        ),
        heads=MappingProxyType(heads),
        held=held,
    )


def _at(derived: Derived, field: str) -> Place | None:
    return next((place for place in derived.places.values() if place.field == field), None)


def _narrower(one: Symbol, other: Symbol) -> Symbol:
    """The symbol that takes the values that both take; of two kinds that of a depth, which is drawn from few."""
    if not isinstance(one, Own) or not isinstance(other, Own):
        return one if not isinstance(one, Own) else other
    size = BY_SYMBOL[one]
    kind = Kind.DEPTH if Kind.DEPTH in (one.kind, other.kind) else one.kind
    return Own(str(one), kind, max(one.minimum, other.minimum), size.meaning, size.example)


def _renamed(derived: Derived, symbols: Mapping[str, Symbol]) -> Derived:
    rules = {symbol: symbols[place.field] for symbol, place in derived.places.items()}
    rules = {old: new for old, new in rules.items() if old != new}
    if not rules:
        return derived
    return replace(
        derived,
        base={rules.get(symbol, symbol): found for symbol, found in derived.base.items()},
        places={rules.get(symbol, symbol): _place(place, rules) for symbol, place in derived.places.items()},
        definitions=tuple(_definition(one, rules) for one in derived.definitions),
        tensors=tuple(_tensor(one, rules) for one in derived.tensors),
        whole=tuple(quotient.xreplace(rules) for quotient in derived.whole),
    )


def _place(place: Place, rules: Rules) -> Place:
    return place if place.absent is None else replace(place, absent=place.absent.xreplace(rules))


def _definition(one: Definition, rules: Rules) -> Definition:
    adjusts = None if one.adjusts is None else rules.get(one.adjusts, one.adjusts)
    inverse = None if one.inverse is None else one.inverse.xreplace(rules)
    return Definition(rules.get(one.symbol, one.symbol), one.value.xreplace(rules), adjusts, inverse)


def _tensor(one: Tensor, rules: Rules) -> Tensor:
    loops = tuple(loop.replaced(rules) for loop in one.loops)
    shape = tuple(side.xreplace(rules) for side in one.shape)
    when, tied_when = one.when.xreplace(rules), one.tied_when.xreplace(rules)
    routing = None if one.routing is None else one.routing.with_sizes(rules)
    return replace(one, shape=shape, loops=loops, when=when, tied_when=tied_when, routing=routing)


def _called_alike(tensors: tuple[Tensor, ...], first: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """The tensors of a head; what they form is called as in the first class, wherever that hangs in it."""
    components = {tensor.name: tensor.component for tensor in first}
    beginnings = ["", *dict.fromkeys(f"{tensor.name.partition('.')[0]}." for tensor in tensors)]
    moved = {begin: {begin + name: called for name, called in components.items()} for begin in beginnings}
    names = {tensor.name for tensor in tensors}
    called = max(moved.values(), key=lambda there: len(there.keys() & names))
    return tuple(replace(tensor, component=called.get(tensor.name, tensor.component)) for tensor in tensors)


def _with_refusals(other: Derived, first: Derived) -> Any:
    """The evidence of a head, with a refusal for every size of the first class that it leaves standing."""
    if other.evidence is None:
        return None
    why = dict.fromkeys(other.held, "only its own value is accepted")
    why |= {field: frozen.why for field, frozen in other.frozen.items()}
    refused = tuple(Refused("all", p.field, why[p.field]) for p in first.places.values() if p.field in why)
    return replace(other.evidence, refused=(*other.evidence.refused, *refused))


def _merged(maps: Iterable[Mapping[T, Any]]) -> Mapping[T, Any]:
    found: dict[T, Any] = {}
    for one in maps:
        found |= {key: there for key, there in one.items() if key not in found}
    return MappingProxyType(found)


def _definitions(everything: list[Derived]) -> tuple[Definition, ...]:
    """Those of the first class, and of the others where they define something else."""
    found: dict[Symbol, Definition] = {}
    for one in everything:
        for definition in one.definitions:
            found.setdefault(definition.symbol, definition)
    return tuple(found.values())
