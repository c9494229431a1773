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

from bertsym.derive.building.proposal import Proposal
from bertsym.derive.fitting.extremes import without_extremes

MOST, LONGEST, SMALL = 40, 24, 4


def relations(proposals: Iterable[Proposal]) -> list[Boolean]:
    """The relations that are not plain ones of two symbols or of one and a small number, each once."""
    every = dict.fromkeys(_plainly(one) for proposal in proposals for one in proposal.conditions)
    return [one for one in every if isinstance(one, Relational) and not _simple(one)][:MOST]


def borders(proposals: Iterable[Proposal]) -> list[Expr]:
    """What is 0 where one of the relations changes, or where one size of two becomes the larger."""
    listed = tuple(proposals)
    every = [_plainly(one) for proposal in listed for one in proposal.conditions]
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
