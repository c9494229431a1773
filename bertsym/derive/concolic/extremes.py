"""The larger and the smaller of two sizes as conditions, which is how formulas are kept."""

from __future__ import annotations

from functools import partial, reduce

import sympy
from sympy import Expr, Symbol
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


def at_least_one(divisor: Symbol) -> Expr:
    """Return what to divide by: the size, or 1 where it can be 0, for a formula is read at all sizes.

    >>> from bertsym.symbols import H
    >>> at_least_one(H)
    H
    """
    return divisor if divisor.is_positive else 1 + (divisor - 1) * Iverson(sympy.Ge(divisor, 1))


def _either(relation: type[Boolean], one: Expr, other: Expr) -> Expr:
    return other + (one - other) * Iverson(relation(one, other))
