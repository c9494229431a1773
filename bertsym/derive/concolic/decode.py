"""The decoder of expressions that the worker sends, `["*", 4, "hidden"]`: untrusted, so bounded in every direction."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import sympy
from sympy import Expr, Integer, Symbol

from bertsym.derive.limits import (
    MAX_EXPRESSION_DEGREE,
    MAX_EXPRESSION_DEPTH,
    MAX_EXPRESSION_NUMBER,
    MAX_EXPRESSION_OPERANDS,
    MAX_EXPRESSION_POWER,
    MAX_EXPRESSION_TERMS,
)
from bertsym.errors import echo
from bertsym.expressions.reader import Malformed
from bertsym.symbols import BY_SYMBOL, Kind
from bertsym.values import value


@value
class _Sized:
    """An expression, with bounds on its degree and on the number of its terms if it were expanded."""

    expression: Expr
    terms: int = 1
    degree: int = 1

    def __post_init__(self) -> None:
        if self.terms > MAX_EXPRESSION_TERMS or self.degree > MAX_EXPRESSION_DEGREE:
            raise Malformed(f"more than {MAX_EXPRESSION_TERMS} terms, or a degree beyond {MAX_EXPRESSION_DEGREE}")


def decode_expression(json: Any, symbols: Mapping[str, Symbol]) -> Expr:
    """Return the expression over these symbols; raise `Malformed`.

    A divisor that may be 0 becomes 1 there. The model code divided by it, so that it was not 0 on the path.

    >>> from bertsym.symbols import H, T
    >>> decode_expression(["+", ["*", 4, "H"], ["//", ["max", "H", 8], "T"]], {"H": H, "T": T})
    4*H + floor(Max(8, H)/Max(1, T))
    """
    return _decode(json, symbols, 0).expression


def _decode(json: Any, symbols: Mapping[str, Symbol], depth: int) -> _Sized:
    if depth > MAX_EXPRESSION_DEPTH:
        raise Malformed(f"nested more than {MAX_EXPRESSION_DEPTH} deep")
    match json:
        case bool():
            pass
        case int() if abs(json) <= MAX_EXPRESSION_NUMBER:
            return _Sized(Integer(json))
        case str() if json in symbols and BY_SYMBOL[symbols[json]].kind is not Kind.SWITCH:
            return _Sized(symbols[json])
        case ["^", base, int() as power] if not isinstance(power, bool) and 1 <= power <= MAX_EXPRESSION_POWER:
            decoded = _decode(base, symbols, depth + 1)
            bounds = _Sized(Integer(0), decoded.terms**power, decoded.degree * power)  # checked before sympy expands
            return _Sized(decoded.expression**power, bounds.terms, bounds.degree)
        case ["+" | "*" | "//" | "min" | "max" as sign, *operands] if 1 <= len(operands) <= MAX_EXPRESSION_OPERANDS:
            return _combine(sign, [_decode(operand, symbols, depth + 1) for operand in operands])
    raise Malformed(f"no expression: {echo(json)}")


def _combine(sign: str, operands: list[_Sized]) -> _Sized:
    expressions = [operand.expression for operand in operands]
    sum_terms, product_terms = sum(operand.terms for operand in operands), prod(operand.terms for operand in operands)
    max_degree, sum_degree = max(operand.degree for operand in operands), sum(operand.degree for operand in operands)
    match sign:
        case "+":
            bounds = _Sized(Integer(0), sum_terms, max_degree)
            return _Sized(sympy.Add(*expressions), bounds.terms, bounds.degree)
        case "min" | "max":
            bounds = _Sized(Integer(0), sum_terms, max_degree)
            extreme = sympy.Min if sign == "min" else sympy.Max
            return _Sized(extreme(*expressions, evaluate=False), bounds.terms, bounds.degree)
    bounds = _Sized(Integer(0), product_terms, sum_degree)
    if sign == "*":
        return _Sized(sympy.Mul(*expressions), bounds.terms, bounds.degree)
    if len(expressions) != 2:
        raise Malformed(f"a quotient of {len(expressions)} operands")
    numerator, denominator = expressions
    if denominator.is_number and not denominator.is_positive:
        raise Malformed(f"a division by {denominator}")
    positive = denominator if denominator.is_positive else sympy.Max(1, denominator, evaluate=False)
    return _Sized(sympy.floor(numerator / positive), bounds.terms, bounds.degree)
