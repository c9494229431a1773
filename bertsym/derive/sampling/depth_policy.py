"""Depths that decide more than how often a layer is there: what layers are like may follow a rule of deeper stacks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from sympy import Symbol
from sympy.core.relational import Relational

from bertsym.derive.domain.field_path import list_path
from bertsym.derive.domain.space import Space
from bertsym.derive.types import Candidate, Failure

MOST = 2
SHALLOW = 2


def ruling(inferred: Candidate, space: Space, symbols: Mapping[str, Symbol]) -> Sequence[str]:
    """The depths that may be why tensors have no formula, or that a rule of layers is about, if they are few."""
    times = causes(inferred.refused, space, symbols)
    ruled = [loop.stop for tensor in inferred.tensors for loop in tensor.loops if not loop.plain]
    relations = (one for tensor in inferred.tensors for one in tensor.when.atoms(Relational))
    # What comes with the last of the values that were drawn may go on coming with each.
    last = {symbols[axis.name]: axis.max_steps - 1 for axis in space.axes if axis.is_depth}
    ruled += [
        one for one in relations if one.rhs.is_Integer and one.rhs >= min(last.get(one.lhs, SHALLOW + 1), SHALLOW + 1)
    ]
    about = set().union(*(one.free_symbols for one in ruled))
    axes = [axis for axis in space.axes if axis.is_depth and axis.is_free and axis.stride == 1]
    most = max((times[axis.name] for axis in axes), default=0)
    deep = [axis.name for axis in axes if symbols[axis.name] in about or 0 < times[axis.name] == most]
    return deep if len({list_path(name) or name for name in deep}) <= MOST else []


def causes(refused: Iterable[Failure], space: Space, symbols: Mapping[str, Symbol]) -> Counter[str]:
    """How many tensors without a formula each field may be the cause of."""
    times = Counter(symbol for refusal in refused for symbol in refusal.sizes)
    return Counter({axis.name: times[symbols[axis.name]] for axis in space.axes})
