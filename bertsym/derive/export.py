"""A derivation as what is stored of it: the formula, where its sizes stand in the code, and the evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import prod

from sympy import Expr, Symbol

from bertsym.algebra import free
from bertsym.derive.derivation import Derivation
from bertsym.derive.domain.space import FieldDomain, FixedBy
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
    kept = {axis.name for axis in found.space.axes if not axis.idle or found.symbols[axis.name] in used}
    parts = {
        name
        for axis in found.space.axes
        if axis.name in kept
        for name in (*axis.of, *([axis.over] if axis.over else ()))
    }
    kept |= {name for name in parts if name in found.symbols}
    symbols = {name: symbol for name, symbol in found.symbols.items() if name in kept}
    axes = {axis.name: axis for axis in found.space.axes}
    still = {part: [one for one in found.space.frozen if one.kept is part] for part in FixedBy}
    leaders = {leader for axis in axes.values() for leader in axis.leaders}
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
        places={symbol: absent(Place(name, tried(axes[name])), found.absences) for name, symbol in symbols.items()},
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
    return Idle() if axis.ratio and not axis.leaders else Idle(own[axis.name], tried(axis))


def _left(own: Number, *, leads: bool) -> Idle:
    """What is kept of a field without effect that stands still: its value, where others are drawn by it."""
    return Idle(own, Tried(0, 0, values=(own,))) if leads else Idle()


def exponent(found: Derivation) -> int:
    """The largest k for which the chance of a false pass is at most 10^-k."""
    k = 0
    while found.chance * 10 ** (k + 1) <= 1 and k < 300:
        k += 1
    return k


def tried(axis: FieldDomain) -> Tried | None:
    """The rule of an axis; None for a switch that was tried at both its values."""
    if axis.switch and len(axis.values) == 2 and not axis.needs:
        return None
    return Tried(
        axis.low,
        axis.most,
        axis.unit,
        axis.of,
        axis.exact,
        axis.over or "",
        axis.within or "",
        axis.above or "",
        axis.values,
        axis.needs,
    )


def _json(number: Number) -> int | float:
    return float(number) if isinstance(number, Fraction) else number


def _divided(axis: FieldDomain, symbols: Mapping[str, Symbol]) -> bool:
    """Whether it must be a multiple, always, of fields that have symbols."""
    if not axis.of or axis.exact or axis.needs or axis.above or not set(axis.of) <= set(symbols):
        return False
    return all(BY_SYMBOL[symbols[name]].minimum > 0 for name in axis.of)


def _whole(symbols: Mapping[str, Symbol], axis: FieldDomain) -> Iterator[Expr]:
    """What must be whole numbers: a size over each that it is a multiple of."""
    return (symbols[axis.name] / (int(axis.unit) * symbols[name]) for name in axis.of)


def _following(found: Derivation, symbols: Mapping[str, Symbol]) -> Iterator[Definition]:
    """Sizes that the code accepts at no other value than that of others."""
    defined = {definition.symbol for definition in found.derived.definitions}
    for axis in found.space.axes:
        over = () if axis.over is None else (axis.over,)
        if axis.exact and axis.name in symbols and {*axis.of, *over} <= set(symbols):
            symbol = symbols[axis.name]
            value = int(axis.unit) * prod(symbols[name] for name in axis.of) / prod(symbols[name] for name in over)
            if symbol not in defined and not free(value) & defined:
                defined.add(symbol)
                yield Definition(symbol, value)
