"""Path conditions of several traces, as candidates for conditions of tensors and as boundaries to sample at.

ResNet has a projection if `inplanes != planes*expansion`. No sample shows that unless it is aimed at the boundary.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

import sympy
from sympy import Expr
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean

from bertsym.algebra import max_to_iverson
from bertsym.derive.concolic.trace import ConcolicTrace
from bertsym.derive.limits import (
    MAX_CONDITION_OPERATIONS,
    MAX_CONDITIONS_PER_INDEX,
    MAX_PATH_CONDITIONS,
    MAX_SIMPLE_NUMBER,
)


def candidate_conditions(traces: Iterable[ConcolicTrace]) -> list[Boolean]:
    """Return the distinct relations that synthesis does not try by itself.

    It tries comparisons of two symbols and of a symbol with a small number.

    >>> from bertsym.symbols import E, H
    >>> relations = (sympy.Ne(H, 2 * E), sympy.Ne(H, E), H > 3)
    >>> candidate_conditions([ConcolicTrace({}, relations, (), (), ())])
    [Ne(H, 2*E)]
    """
    distinct = dict.fromkeys(map(_without_mod_and_max, _representatives(traces)))
    candidates = [relation for relation in distinct if isinstance(relation, Relational) and not _is_simple(relation)]
    return candidates[:MAX_PATH_CONDITIONS]


def index_landmarks(traces: Iterable[ConcolicTrace]) -> tuple[list[Expr], list[tuple[Expr, Expr]]]:
    """Return the expressions that a layer's index was compared with, and (divisor, remainder) of its remainders.

    >>> from bertsym.symbols import H, L
    >>> relations = [sympy.Lt(H - L, index) for index in range(5)]
    >>> relations += [sympy.Ne(sympy.Mod(index, L, evaluate=False), H) for index in range(5)]
    >>> index_landmarks([ConcolicTrace({}, tuple(relations), (), (), ())])
    ([H - L], [(L, H)])
    """
    landmarks: dict[Expr, None] = {}
    periods: dict[tuple[Expr, Expr], None] = {}
    for relation in _index_relations(traces):
        for side, opposite in (relation.args, relation.args[::-1]):
            if isinstance(side, sympy.Mod):
                periods[max_to_iverson(side.args[1]), max_to_iverson(opposite)] = None
            elif isinstance(side, sympy.Integer) and not opposite.has(sympy.Mod):
                landmarks[max_to_iverson(opposite)] = None
    return list(landmarks)[:MAX_PATH_CONDITIONS], list(periods)[:MAX_PATH_CONDITIONS]


def boundaries(traces: Iterable[ConcolicTrace]) -> list[Expr]:
    """Return expressions that are 0 on the boundary of a relation, or where two operands of a min or max are equal.

    >>> from bertsym.symbols import E, H
    >>> boundaries([ConcolicTrace({"w": (sympy.Max(H, 8),)}, (sympy.Ne(H, 2 * E),), (), (), ())])
    [-2*E + H, 8 - H]
    """
    listed = tuple(traces)
    relations = list(map(_without_mod_and_max, _representatives(listed)))
    dimensions = {d for trace in listed for shape in trace.shapes.values() for d in shape if d is not None}
    extremes = {extreme for dimension in dimensions for extreme in dimension.atoms(sympy.Min, sympy.Max)}
    differences = [relation.lhs - relation.rhs for relation in relations if isinstance(relation, Relational)]
    differences += [
        left - right for extreme in sorted(extremes, key=str) for left, right in combinations(extreme.args, 2)
    ]
    zeros = map(max_to_iverson, differences)
    distinct = dict.fromkeys(zero for zero in zeros if zero.free_symbols and _is_short(zero))
    return list(distinct)[:MAX_PATH_CONDITIONS]


def _groups(traces: Iterable[ConcolicTrace]) -> list[list[Relational]]:
    """Group the relations that differ in one number only, which may be the index of a layer."""
    groups: dict[tuple[object, ...], dict[Relational, None]] = {}
    for trace in traces:
        for condition in trace.conditions:
            if isinstance(condition, Relational) and _is_short(condition):
                groups.setdefault(_without_numbers(condition), {})[condition] = None
    return list(map(list, groups.values()))


def _without_numbers(relation: Relational) -> tuple[object, ...]:
    """Return the sides of the relation, a number or the number in a remainder left blank."""
    return tuple(
        ("%", side.args[1]) if isinstance(side, sympy.Mod) and side.args[0].is_Integer
        else "#" if side.is_Integer else side
        for side in relation.args
    )  # fmt: skip


def _representatives(traces: Iterable[ConcolicTrace]) -> list[Relational]:
    """Return the relations, and of a group about a layer's index the first ones only, to leave room for others."""
    representatives = []
    for group in _groups(traces):
        representatives += group[: MAX_CONDITIONS_PER_INDEX if len(group) > MAX_CONDITIONS_PER_INDEX else None]
    return representatives


def _index_relations(traces: Iterable[ConcolicTrace]) -> list[Relational]:
    """Return one relation of each group, because several numbers in the same relation are indices of layers."""
    return [group[0] for group in _groups(traces) if len(group) > 1]


def _without_mod_and_max(relation: Boolean) -> Boolean:
    """Write a remainder with its quotient and a max with a bracket, as the evaluator reads them; true if too long."""
    if not isinstance(relation, Relational) or not _is_short(relation):
        return sympy.true
    sides = (
        max_to_iverson(side.replace(sympy.Mod, lambda left, right: left - right * sympy.floor(left / right)))
        for side in relation.args
    )
    return relation.func(*sides)


def _is_short(expression: Expr | Boolean) -> bool:
    return bool(sympy.count_ops(expression) <= MAX_CONDITION_OPERATIONS)


def _is_simple(relation: Relational) -> bool:
    return all(side.is_Symbol or (side.is_Integer and side <= MAX_SIMPLE_NUMBER) for side in relation.args)
