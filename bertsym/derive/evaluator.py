"""Exact evaluation of expressions and conditions at the sizes of one observation."""

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
    """Exact values at the sizes of one observation; every subexpression is evaluated once.

    `expr.subs` would build a new sympy tree at each observation, and synthesis evaluates thousands of expressions.
    """

    def __init__(self, sizes: Mapping[Symbol, int | bool | Fraction]) -> None:
        self.sizes = sizes
        self._values: dict[Expr, Exact] = {}

    def number(self, expression: Expr) -> Exact:
        """Return the exact value.

        Raise KeyError if the expression has an unknown symbol, ZeroDivisionError if it divides by 0, and TypeError if
        it has a function that no formula of derive has.

        >>> from bertsym.symbols import H, heads
        >>> Evaluator({H: 50, heads: 4}).number(3 * heads * sympy.floor(H / heads) + H**2)
        2644
        """
        value = self._values.get(expression)
        if value is None:
            value = self._values[expression] = self._number(expression)
        return value

    def _number(self, expression: Expr) -> Exact:
        if isinstance(expression, Symbol):
            return self.sizes[expression]
        if isinstance(expression, Rational):
            return int(expression.p) if expression.q == 1 else Fraction(int(expression.p), int(expression.q))
        if isinstance(expression, Iverson):
            return int(self.holds(expression.args[0]))
        arguments = [self.number(argument) for argument in expression.args]
        if isinstance(expression, sympy.Add):
            return sum(arguments)
        if isinstance(expression, sympy.Mul):
            result: Exact = 1
            for factor in arguments:
                result *= factor
            return result
        if isinstance(expression, sympy.Pow):
            result = Fraction(arguments[0]) ** int(arguments[1])
            return result.numerator if result.denominator == 1 else result
        if isinstance(expression, sympy.floor):
            return int(arguments[0] // 1)
        raise TypeError(f"cannot evaluate {expression}: no rule for {type(expression).__name__}")

    def integer(self, expression: Expr) -> int:
        """Return the value of an expression that must be an integer; raise ArithmeticError if it is a fraction."""
        value = self.number(expression)
        if value.denominator != 1:
            raise ArithmeticError(f"{expression} is {value}, not an integer")
        return value.numerator

    def residual(self, expression: Expr, number: int) -> Exact | None:
        """Return the number minus the value of the expression, or None if that has no value here."""
        try:
            return number - self.number(expression)
        except (TypeError, ZeroDivisionError, KeyError):
            return None

    def holds(self, condition: Boolean) -> bool:
        """Return True if the condition holds."""
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
