"""A derivation as what is stored of it: the formula, where its sizes stand in the code, and the evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import prod

from sympy import Expr, Symbol

from bertsym.algebra import free
from bertsym.derive.derivation import Derivation
from bertsym.derive.domain.field_domain import FieldDomain
from bertsym.derive.domain.space import FixedBy
from bertsym.derive.domain.stored_space import to_tried
from bertsym.derive.types import Number
from bertsym.model import Definition
from bertsym.saved_model.derived import Derived, Evidence, Frozen, Idle, Place, Refused, Tried
from bertsym.symbols import BY_SYMBOL
from bertsym.values import replace

ENGINE = 10


def recorded(found: Derivation, count: int | None = None) -> Derived:
    """All that a file keeps; `count` is what the code itself has at its own sizes."""
    own = found.fields
    used = set(found.derived.base)
    kept = {axis.name for axis in found.space.axes if not axis.no_effect or found.symbols[axis.name] in used}
    parts = {
        name
        for axis in found.space.axes
        if axis.name in kept
        for name in (*axis.multiple_of, *([axis.divided_by] if axis.divided_by else ()))
    }
    kept |= {name for name in parts if name in found.symbols}
    symbols = {name: symbol for name, symbol in found.symbols.items() if name in kept}
    axes = {axis.name: axis for axis in found.space.axes}
    still = {part: [one for one in found.space.fixed if one.fixed_by is part] for part in FixedBy}
    leaders = {leader for axis in axes.values() for leader in axis.depends_on}
    evidence = Evidence(
        found.trials,
        found.edges,
        found.builds,
        found.seed,
        exponent(found),
        count,
        tuple(Refused(one.tensor, one.part, one.reason) for one in found.refused),
    )
    return replace(
        found.derived,
        base={symbol: own[name] for name, symbol in symbols.items()},
        places={symbol: absent(Place(name, to_tried(axes[name])), found.absences) for name, symbol in symbols.items()},
        definitions=(*found.derived.definitions, *_following(found, symbols)),
        whole=tuple(part for name in symbols if _divided(axes[name], symbols) for part in _whole(symbols, axes[name])),
        frozen={one.name: Frozen(_json(own[one.name]), one.why) for one in still[FixedBy.DERIVATION]},
        idle={name: _idle(axis, own) for name, axis in axes.items() if name not in symbols}
        | {one.name: _left(own[one.name], leads=one.name in leaders) for one in still[FixedBy.NO_EFFECT]},
        evidence=evidence,
        engine=ENGINE,
        held={one.name: _json(own[one.name]) for one in still[FixedBy.CODE]},
    )


def absent(place: Place, absences: Mapping[str, Expr | None]) -> Place:
    """The place with what the code takes where a configuration leaves it out."""
    if place.field not in absences:
        return place
    return replace(place, absent=absences[place.field], needed=absences[place.field] is None)


def _idle(axis: FieldDomain, own: Mapping[str, Number]) -> Idle:
    """What is kept of a field without effect: how to draw it, where that is a number or a switch."""
    return Idle() if axis.is_ratio and not axis.depends_on else Idle(own[axis.name], to_tried(axis))


def _left(own: Number, *, leads: bool) -> Idle:
    """What is kept of a field without effect that stands still: its value, where others are drawn by it."""
    return Idle(own, Tried(0, 0, values=(own,))) if leads else Idle()


def exponent(found: Derivation) -> int:
    """The largest k for which the chance of a false pass is at most 10^-k."""
    k = 0
    while found.chance * 10 ** (k + 1) <= 1 and k < 300:
        k += 1
    return k


def _json(number: Number) -> int | float:
    return float(number) if isinstance(number, Fraction) else number


def _divided(axis: FieldDomain, symbols: Mapping[str, Symbol]) -> bool:
    """Whether it must be a multiple, always, of fields that have symbols."""
    if axis.is_determined or axis.only_if or axis.greater_than is not None:
        return False
    names = axis.multiple_of
    return bool(names) and set(names) <= set(symbols) and all(BY_SYMBOL[symbols[n]].minimum > 0 for n in names)


def _whole(symbols: Mapping[str, Symbol], axis: FieldDomain) -> Iterator[Expr]:
    """What must be whole numbers: a size over each that it is a multiple of."""
    return (symbols[axis.name] / (int(axis.stride) * symbols[name]) for name in axis.multiple_of)


def _following(found: Derivation, symbols: Mapping[str, Symbol]) -> Iterator[Definition]:
    """Sizes that the code accepts at no other value than that of others."""
    defined = {definition.symbol for definition in found.derived.definitions}
    for axis in found.space.axes:
        over = () if axis.divided_by is None else (axis.divided_by,)
        if axis.is_determined and axis.name in symbols and {*axis.multiple_of, *over} <= set(symbols):
            symbol = symbols[axis.name]
            value = (
                int(axis.stride)
                * prod(symbols[name] for name in axis.multiple_of)
                / prod(symbols[name] for name in over)
            )
            if symbol not in defined and not free(value) & defined:
                defined.add(symbol)
                yield Definition(symbol, value)
