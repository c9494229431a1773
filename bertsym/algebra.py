"""Expressions to expressions: substitute, expand, differentiate, evaluate exactly. Nothing here formats."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import partial, reduce
from math import prod
from typing import Any

import sympy
from sympy import Expr, Function, Integer, Rational, Symbol
from sympy.logic.boolalg import Boolean, BooleanFalse, BooleanTrue

from bertsym.errors import DivisionByZero

Value = int | Fraction | bool


class Iverson(Function):  # type: ignore[misc]  # sympy is untyped
    """The Iverson bracket: 1 if its condition holds, else 0; it evaluates as soon as the condition is decided.

    >>> from bertsym.symbols import tied
    >>> Iverson(tied), Iverson(tied).subs(tied, True)
    (Iverson(tied), 1)
    """

    nargs = 1
    is_integer = True
    is_nonnegative = True

    @classmethod
    def eval(cls, condition: Boolean) -> Expr | None:
        """Return 1 or 0 for a decided condition."""
        if isinstance(condition, BooleanTrue):
            return Integer(1)
        if isinstance(condition, BooleanFalse):
            return Integer(0)
        return None

    def _eval_derivative(self, _symbol: Symbol) -> Expr:
        return Integer(0)


def atom(value: Value) -> Any:
    """Return a Python number or truth value as the exact sympy object."""
    if isinstance(value, bool):
        return sympy.true if value else sympy.false
    if isinstance(value, Fraction):
        return Rational(value.numerator, value.denominator)
    return Integer(value)


def substitute(expression: Expr, values: Mapping[Symbol, Any]) -> Expr:
    """Put values or expressions in for symbols, all at once and exactly; decided conditions disappear."""
    if not values:
        return expression
    exact = {s: atom(v) if isinstance(v, int | Fraction) else v for s, v in values.items()}
    return expression.xreplace(exact)


def expand(expression: Expr) -> Expr:
    """Write an expression out as a sum of monomials."""
    return sympy.expand(expression)


def derivative(expression: Expr, symbol: Symbol, order: int = 1) -> Expr:
    """Return the derivative of that order, expanded; conditions count as constants."""
    return expand(sympy.diff(expression, symbol, order))


def free(expression: Expr) -> set[Symbol]:
    """Return the symbols for which a number would need values."""
    return {s for s in expression.free_symbols if isinstance(s, Symbol)}


def evaluate(expression: Expr, values: Mapping[Symbol, Value]) -> Fraction:
    """Return the exact value; every free symbol must have one. Raises `DivisionByZero`.

    >>> from bertsym.symbols import H, L
    >>> evaluate(12 * L * H**2 + H / 2, {L: 12, H: 3})
    Fraction(2595, 2)
    """
    return Fraction(_number(expression, values))


def _number(expression: Expr, values: Mapping[Symbol, Value]) -> int | Fraction:
    """Evaluate node by node in Python's numbers, which takes a tenth of the time of sympy's."""
    if expression.is_Integer:
        return int(expression)
    if expression.is_Symbol and not isinstance(values.get(expression, True), bool):
        return values[expression]
    if expression.is_Add:
        return sum(_number(argument, values) for argument in expression.args)
    if expression.is_Mul:
        return prod(_number(argument, values) for argument in expression.args)
    if expression.is_Pow and expression.exp.is_Integer and expression.exp.is_positive:
        return _number(expression.base, values) ** int(expression.exp)
    number = substitute(expression, values)
    if not isinstance(number, Rational):
        if number in (sympy.zoo, sympy.nan):
            sizes = sorted(f"{symbol}={values[symbol]}" for symbol in free(expression))
            raise DivisionByZero(str(expression), tuple(sizes))
        raise TypeError(f"not a number: {number}")
    return Fraction(int(number.p), int(number.q))


def choice_by_relation(relation: type[Boolean], one: Expr, other: Expr) -> Expr:
    """Return `one` if the relation between the two holds, else `other`, as an expression with an Iverson bracket.

    >>> from bertsym.symbols import H, V
    >>> choice_by_relation(sympy.Ge, H, V)
    V + (H - V)*Iverson(H >= V)
    """
    return other + (one - other) * Iverson(relation(one, other))


def max_to_iverson(expression: Expr) -> Expr:
    """Write each `Max` and `Min` with Iverson brackets, because formulas are saved and printed with conditions only.

    >>> from bertsym.symbols import H, V
    >>> max_to_iverson(sympy.Max(H, V) + 1)
    V + (H - V)*Iverson(H >= V) + 1
    """
    without_max = expression.replace(sympy.Max, lambda *parts: reduce(partial(choice_by_relation, sympy.Ge), parts))
    return without_max.replace(sympy.Min, lambda *parts: reduce(partial(choice_by_relation, sympy.Le), parts))


def at_least_one(divisor: Symbol) -> Expr:
    """Return the divisor, or 1 if the divisor is 0, because a formula is evaluated at all sizes.

    >>> from bertsym.symbols import H
    >>> at_least_one(H)
    H
    """
    return divisor if divisor.is_positive else 1 + (divisor - 1) * Iverson(sympy.Ge(divisor, 1))


def monomials(expression: Expr) -> dict[tuple[tuple[Expr, int], ...], Fraction]:
    """Return an expression, expanded, as {((generator, exponent), ...): coefficient}.

    A generator is a symbol or an indivisible whole such as an Iverson bracket; exponents may be negative.

    >>> from bertsym.symbols import H
    >>> monomials(H**2 + 2 * H + 2 * H)
    {((H, 2),): Fraction(1, 1), ((H, 1),): Fraction(4, 1)}
    """
    result: dict[tuple[tuple[Expr, int], ...], Fraction] = {}
    expanded = expand(expression)
    for term, coefficient in expanded.as_coefficients_dict().items():
        number, rest = term.as_coeff_Mul()
        exact = Fraction(int(coefficient.p), int(coefficient.q)) * Fraction(int(number.p), int(number.q))
        powers = rest.as_powers_dict() if rest != 1 else {}
        if not all(isinstance(exponent, Integer) for exponent in powers.values()):
            raise TypeError(f"a power that is not whole: {rest}")
        key = tuple(sorted(((base, int(exponent)) for base, exponent in powers.items()), key=lambda p: str(p[0])))
        result[key] = result.get(key, Fraction(0)) + exact
    return {key: value for key, value in result.items() if value}
