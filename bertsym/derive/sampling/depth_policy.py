"""Decide which stacks must be sampled deeper.

Depths are sampled from few values, because every layer is built. A rule about layers, such as "every ninth layer has
experts", shows in deeper stacks only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from sympy import Symbol
from sympy.core.relational import Relational

from bertsym.derive.domain.field_path import list_path
from bertsym.derive.domain.space import Space
from bertsym.derive.limits import MAX_STACKS_TO_EXTEND, MAX_TRIVIAL_DEPTH
from bertsym.derive.types import Candidate, Failure


def depths_to_extend(candidate: Candidate, space: Space, symbols: Mapping[str, Symbol]) -> Sequence[str]:
    """Return the depths to sample deeper, or none if they belong to more than `MAX_STACKS_TO_EXTEND` stacks.

    A depth is sampled deeper for one of three reasons:

    - a formula has a loop over some of the layers only;
    - a condition compares the depth with a number above `MAX_TRIVIAL_DEPTH`, or with one of the last sampled values:
      what begins there may be a period;
    - the depth may explain more of the tensors without a formula than any other depth.
    """
    failures = failures_by_field(candidate.refused, space, symbols)
    partial_stops = [loop.stop for tensor in candidate.tensors for loop in tensor.loops if not loop.plain]
    relations = (relation for tensor in candidate.tensors for relation in tensor.when.atoms(Relational))
    last = {symbols[axis.name]: axis.max_steps - 1 for axis in space.axes if axis.is_depth}
    conspicuous = [
        relation
        for relation in relations
        if relation.rhs.is_Integer
        and relation.rhs >= min(last.get(relation.lhs, MAX_TRIVIAL_DEPTH + 1), MAX_TRIVIAL_DEPTH + 1)
    ]
    ruled = set().union(*(expression.free_symbols for expression in [*partial_stops, *conspicuous]))
    depths = [axis for axis in space.axes if axis.is_depth and axis.is_free and axis.stride == 1]
    most = max((failures[axis.name] for axis in depths), default=0)
    extend = [axis.name for axis in depths if symbols[axis.name] in ruled or 0 < failures[axis.name] == most]
    return extend if len({list_path(name) or name for name in extend}) <= MAX_STACKS_TO_EXTEND else []


def failures_by_field(failures: Iterable[Failure], space: Space, symbols: Mapping[str, Symbol]) -> Counter[str]:
    """Return the number of tensors without a formula that each field may explain."""
    count = Counter(symbol for failure in failures for symbol in failure.sizes)
    return Counter({axis.name: count[symbols[axis.name]] for axis in space.axes})
