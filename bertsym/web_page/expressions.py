"""Expressions as JSON that the page's script evaluates: integers of any size as text, sizes by their index."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy
from sympy import Integer, Symbol

from bertsym.algebra import Iverson
from bertsym.expressions.reader import RELATIONS

Encoded = str | int | list[Any]
"""An expression: an integer as text, the index of a size, or a list of an operator and its operands."""

_OPERATORS: tuple[tuple[Any, str], ...] = (
    (sympy.Add, "+"),
    (sympy.Mul, "*"),
    (sympy.floor, "floor"),
    (sympy.Max, "max"),
    (sympy.Min, "min"),
    (Iverson, "[]"),
    (sympy.And, "and"),
    (sympy.Or, "or"),
    (sympy.Not, "not"),
    *((relation, str(sign)) for sign, relation in RELATIONS.items()),
)


def encoded(expression: Any, places: Mapping[Symbol, int]) -> Encoded:
    """Return an expression or a condition over the sizes at these places.

    >>> from bertsym.symbols import H, L, tied
    >>> encoded(4 * H + L**2, {H: 0, L: 1})
    ['+', ['^', 1, '2'], ['*', '4', 0]]
    >>> encoded(Iverson(tied) / 2, {tied: 0})
    ['*', ['/', '1', '2'], ['[]', 0]]
    """
    if isinstance(expression, Symbol):
        return places[expression]
    if isinstance(expression, Integer):
        return str(int(expression))
    if isinstance(expression, sympy.Rational):
        return ["/", str(int(expression.p)), str(int(expression.q))]
    if expression in (sympy.true, sympy.false):
        return ["true" if expression == sympy.true else "false"]
    if isinstance(expression, sympy.Pow) and isinstance(expression.exp, Integer):
        return ["^", encoded(expression.base, places), str(int(expression.exp))]
    for kind, operator in _OPERATORS:
        if isinstance(expression, kind):
            # sympy sorts the operands of a sum in another order in each process, unless it is asked.
            operands = sorted(expression.args, key=sympy.default_sort_key) if _commutes(operator) else expression.args
            return [operator, *(encoded(operand, places) for operand in operands)]
    raise TypeError(f"no JSON for {expression}")


def _commutes(operator: str) -> bool:
    return operator in ("+", "*", "max", "min", "and", "or")
