"""What the code was seen to compare: the relations of builds with symbols, as conditions that may tell, and as borders.

A projection where in differs from twice out is seen at no draw that nobody aimed at it.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

import sympy
from sympy import Expr
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean

from bertsym.derive.concolic.extremes import without_extremes
from bertsym.derive.concolic.trace import ConcolicTrace

MOST, LONGEST, SMALL = 40, 24, 4


def relations(proposals: Iterable[ConcolicTrace]) -> list[Boolean]:
    """The relations that are not plain ones of two symbols or of one and a small number, each once."""
    every = dict.fromkeys(map(_plainly, _apart(proposals)))
    return [one for one in every if isinstance(one, Relational) and not _simple(one)][:MOST]


def landmarks(proposals: Iterable[ConcolicTrace]) -> tuple[list[Expr], list[tuple[Expr, Expr]]]:
    """Return the expressions that a layer's index was compared with, and the divisors of its remainders with theirs.

    >>> from bertsym.symbols import H, L
    >>> told = [sympy.Lt(H - L, number) for number in range(5)]
    >>> told += [sympy.Ne(sympy.Mod(number, L, evaluate=False), H) for number in range(5)]
    >>> landmarks([ConcolicTrace({}, tuple(told), (), (), ())])
    ([H - L], [(L, H)])
    """
    places: dict[Expr, None] = {}
    periods: dict[tuple[Expr, Expr], None] = {}
    for one in _indexed(proposals):
        for side, other in (one.args, one.args[::-1]):
            if isinstance(side, sympy.Mod):
                periods[without_extremes(side.args[1]), without_extremes(other)] = None
            elif isinstance(side, sympy.Integer) and not other.has(sympy.Mod):
                places[without_extremes(other)] = None
    return list(places)[:MOST], list(periods)[:MOST]


def _blanked(relation: Relational) -> tuple[object, ...]:
    """The relation without its numbers and its sign."""
    return tuple(
        ("%", side.args[1]) if isinstance(side, sympy.Mod) and side.args[0].is_Integer
        else "#" if side.is_Integer else side
        for side in relation.args
    )  # fmt: skip


def _grouped(proposals: Iterable[ConcolicTrace]) -> list[list[Relational]]:
    """The relations that differ in one number alone, together; the number may be the index of a layer."""
    groups: dict[tuple[object, ...], dict[Relational, None]] = {}
    for proposal in proposals:
        for one in proposal.conditions:
            if isinstance(one, Relational) and sympy.count_ops(one) <= LONGEST:
                groups.setdefault(_blanked(one), {})[one] = None
    return list(map(list, groups.values()))


def _apart(proposals: Iterable[ConcolicTrace]) -> list[Relational]:
    """The relations, and of those about the index of a layer the first ones alone, so that there is room for others."""
    groups = _grouped(proposals)
    return [one for group in groups for one in group[: SMALL if len(group) > SMALL else None]]


def _indexed(proposals: Iterable[ConcolicTrace]) -> list[Relational]:
    return [group[0] for group in _grouped(proposals) if len(group) > 1]


def borders(proposals: Iterable[ConcolicTrace]) -> list[Expr]:
    """What is 0 where one of the relations changes, or where one size of two becomes the larger."""
    listed = tuple(proposals)
    every = list(map(_plainly, _apart(listed)))
    sides = {side for proposal in listed for shape in proposal.shapes.values() for side in shape if side is not None}
    extremes = {found for side in sides for found in side.atoms(sympy.Min, sympy.Max)}
    apart = [one.lhs - one.rhs for one in every if isinstance(one, Relational)]
    apart += [one - other for found in sorted(extremes, key=str) for one, other in combinations(found.args, 2)]
    found = (without_extremes(one) for one in apart)
    return list(dict.fromkeys(one for one in found if one.free_symbols and sympy.count_ops(one) <= LONGEST))[:MOST]


def _plainly(relation: Boolean) -> Boolean:
    """The relation in what can be reckoned: a remainder by its quotient, the larger of two by a condition."""
    if not isinstance(relation, Relational) or sympy.count_ops(relation) > LONGEST:
        return sympy.true
    sides = (
        without_extremes(side.replace(sympy.Mod, lambda above, below: above - below * sympy.floor(above / below)))
        for side in relation.args
    )
    return relation.func(*sides)


def _simple(relation: Relational) -> bool:
    return all(side.is_Symbol or (side.is_Integer and side <= SMALL) for side in relation.args)
