"""A derivation as what is stored of it: the formula, where its sizes stand in the code, and the evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import prod

from sympy import Expr, Symbol

from bertsym.algebra import free
from bertsym.derive.building.process import Number
from bertsym.derive.derivation import Derivation
from bertsym.derive.sizes.space import Axis, Kept, Space, ordered, switch
from bertsym.model import Definition
from bertsym.sources.derived import Derived, Evidence, Frozen, Idle, Place, Refused, Tried
from bertsym.symbols import BY_SYMBOL, Kind
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
    still = {part: [one for one in found.space.frozen if one.kept is part] for part in Kept}
    leaders = {leader for axis in axes.values() for leader in axis.leaders}
    evidence = Evidence(
        found.trials,
        found.edges,
        found.builds,
        found.seed,
        exponent(found),
        count,
        tuple(Refused(one.tensor, one.part, one.why) for one in found.refused),
    )
    return replace(
        found.derived,
        base={symbol: own[name] for name, symbol in symbols.items()},
        places={symbol: absent(Place(name, tried(axes[name])), found.absences) for name, symbol in symbols.items()},
        definitions=(*found.derived.definitions, *_following(found, symbols)),
        whole=tuple(part for name in symbols if _divided(axes[name], symbols) for part in _whole(symbols, axes[name])),
        frozen={one.name: Frozen(_json(own[one.name]), one.why) for one in still[Kept.FROZEN]},
        idle={name: _idle(axis, own) for name, axis in axes.items() if name not in symbols}
        | {one.name: _left(own[one.name], leads=one.name in leaders) for one in still[Kept.IDLE]},
        evidence=evidence,
        engine=ENGINE,
        held={one.name: _json(own[one.name]) for one in still[Kept.HELD]},
    )


def absent(place: Place, absences: Mapping[str, Expr | None]) -> Place:
    """The place with what the code takes where a configuration leaves it out."""
    if place.field not in absences:
        return place
    return replace(place, absent=absences[place.field], needed=absences[place.field] is None)


def _idle(axis: Axis, own: Mapping[str, Number]) -> Idle:
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


def tried(axis: Axis) -> Tried | None:
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


def _divided(axis: Axis, symbols: Mapping[str, Symbol]) -> bool:
    """Whether it must be a multiple, always, of fields that have symbols."""
    if not axis.of or axis.exact or axis.needs or axis.above or not set(axis.of) <= set(symbols):
        return False
    return all(BY_SYMBOL[symbols[name]].minimum > 0 for name in axis.of)


def _whole(symbols: Mapping[str, Symbol], axis: Axis) -> Iterator[Expr]:
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


def _axis(name: str, base: Number, rule: Tried | None) -> Axis:
    if rule is None:
        return switch(name, bool(base))
    values = tuple(map(Fraction, rule.values)) if isinstance(base, Fraction) else rule.values
    return Axis(
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
