"""A derivation as what is stored of it: the formula, where its sizes stand in the code, and the evidence."""

from __future__ import annotations

from sympy import Expr, Symbol

from bertsym.derive.deriving import Derivation
from bertsym.derive.space import Axis
from bertsym.sources.derived import Derived, Evidence, Frozen, Idle, Place, Refused, Tried
from bertsym.values import replace

ENGINE = 1


def recorded(found: Derivation, count: int | None = None) -> Derived:
    """All that a file keeps; `count` is what the code itself has at its own sizes."""
    axes = {axis.name: axis for axis in found.space.axes}
    base = {
        symbol: found.derived.base.get(symbol, found.space.base[name])
        for name, symbol in found.symbols.items()
        if name in found.space.base
    }
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
        base=base,
        places={symbol: Place(name, _tried(axes.get(name))) for name, symbol in found.symbols.items()},
        whole=tuple(_whole(found.symbols[name], axis, found) for name, axis in axes.items() if axis.of is not None),
        frozen={name: Frozen(found.space.base[name], why) for name, why in found.space.frozen},
        idle={name: Idle(found.space.base.get(name)) for name in found.space.idle},
        evidence=evidence,
        engine=ENGINE,
    )


def exponent(found: Derivation) -> int:
    """The largest k for which the chance of a false pass is at most 10^-k."""
    k = 0
    while found.chance * 10 ** (k + 1) <= 1 and k < 300:
        k += 1
    return k


def _tried(axis: Axis | None) -> Tried | None:
    if axis is None:
        return None
    if axis.of is not None:
        low = max(axis.least, 1)
        return Tried(low, low + axis.choices - 1, axis.factor, (axis.of,))
    low = -(-axis.least // axis.factor)
    return Tried(low, low + axis.choices - 1, axis.factor)


def _whole(symbol: Symbol, axis: Axis, found: Derivation) -> Expr:
    """What must be a whole number: a size over what it is a multiple of."""
    quotient: Expr = symbol / (axis.factor * found.symbols[str(axis.of)])
    return quotient
