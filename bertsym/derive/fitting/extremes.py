"""The larger and the smaller of two sizes as conditions, which is how formulas are kept."""

from __future__ import annotations

from functools import partial, reduce

import sympy
from sympy import Expr
from sympy.logic.boolalg import Boolean

from bertsym.algebra import Iverson


def without_extremes(expression: Expr) -> Expr:
    """The larger and the smaller of two as conditions, which is how formulas are kept.

    >>> from bertsym.symbols import H, V
    >>> without_extremes(sympy.Max(H, V) + 1)
    V + (H - V)*Iverson(H >= V) + 1
    """
    larger = expression.replace(sympy.Max, lambda *parts: reduce(partial(_either, sympy.Ge), parts))
    return larger.replace(sympy.Min, lambda *parts: reduce(partial(_either, sympy.Le), parts))


def _either(relation: type[Boolean], one: Expr, other: Expr) -> Expr:
    return other + (one - other) * Iverson(relation(one, other))
