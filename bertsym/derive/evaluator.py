"""Expressions and conditions to numbers, many at the same sizes: each part is reckoned once."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import sympy
from sympy import Expr, Rational, Symbol
from sympy.logic.boolalg import Boolean, BooleanAtom

from bertsym.algebra import Iverson

Exact = int | Fraction


class Evaluator:
    """The sizes of one build, and what has been reckoned at them."""

    def __init__(self, sizes: Mapping[Symbol, int | bool | Fraction]) -> None:
        self.sizes = sizes
        self.known: dict[Expr, Exact] = {}

    def number(self, expression: Expr) -> Exact:
        """The exact value.

        >>> from bertsym.symbols import H, heads
        >>> Evaluator({H: 50, heads: 4}).number(3 * heads * sympy.floor(H / heads) + H**2)
        2644
        """
        found = self.known.get(expression)
        if found is None:
            found = self.known[expression] = self._number(expression)
        return found

    def _number(self, expression: Expr) -> Exact:
        if isinstance(expression, Symbol):
            return self.sizes[expression]
        if isinstance(expression, Rational):
            return int(expression.p) if expression.q == 1 else Fraction(int(expression.p), int(expression.q))
        if isinstance(expression, Iverson):
            return int(self.holds(expression.args[0]))
        parts = [self.number(part) for part in expression.args]
        if isinstance(expression, sympy.Add):
            return sum(parts)
        if isinstance(expression, sympy.Mul):
            result: Exact = 1
            for part in parts:
                result *= part
            return result
        if isinstance(expression, sympy.Pow):
            result = Fraction(parts[0]) ** int(parts[1])
            return result.numerator if result.denominator == 1 else result
        if isinstance(expression, sympy.floor):
            return int(parts[0] // 1)
        raise TypeError(f"cannot reckon {expression}")

    def whole(self, expression: Expr) -> int:
        """The value of what must be a whole number; raises `ArithmeticError` where it is a fraction."""
        found = self.number(expression)
        if found.denominator != 1:
            raise ArithmeticError(f"{expression} is {found}")
        return found.numerator

    def apart(self, expression: Expr, number: int) -> Exact | None:
        """How much larger the number is than the expression; None where that cannot be reckoned here."""
        try:
            return number - self.number(expression)
        except (TypeError, ZeroDivisionError, KeyError):
            return None

    def holds(self, condition: Boolean) -> bool:
        """Whether the condition holds."""
        if isinstance(condition, BooleanAtom):
            return bool(condition)
        if isinstance(condition, Symbol):
            return bool(self.sizes[condition])
        if isinstance(condition, sympy.Not):
            return not self.holds(condition.args[0])
        if isinstance(condition, sympy.And):
            return all(map(self.holds, condition.args))
        if isinstance(condition, sympy.Or):
            return any(map(self.holds, condition.args))
        left, right = (self.number(side) for side in condition.args)
        return bool(_RELATIONS[type(condition)](left, right))


_RELATIONS: Mapping[type, Any] = {
    sympy.Eq: lambda a, b: a == b,
    sympy.Ne: lambda a, b: a != b,
    sympy.Gt: lambda a, b: a > b,
    sympy.Ge: lambda a, b: a >= b,
    sympy.Lt: lambda a, b: a < b,
    sympy.Le: lambda a, b: a <= b,
}
