"""Expressions as the other process sends them, `["*", 4, "hidden"]`: untrusted, so bounded in every direction."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import sympy
from sympy import Expr, Integer, Symbol

from bertsym.errors import echo
from bertsym.expressions.reader import Malformed
from bertsym.symbols import BY_SYMBOL, Kind
from bertsym.values import value

DEEPEST = 12
MOST_OPERANDS = 64
MOST_TERMS = 400
HIGHEST_POWER = 8
HIGHEST_DEGREE = 32
LARGEST_NUMBER = 10**12


@value
class _Sized:
    """An expression with bounds on its terms once written out and on its degree."""

    expression: Expr
    terms: int = 1
    degree: int = 1

    def __post_init__(self) -> None:
        if self.terms > MOST_TERMS or self.degree > HIGHEST_DEGREE:
            raise Malformed(f"more than {MOST_TERMS} terms, or a degree beyond {HIGHEST_DEGREE}")


def read(json: Any, symbols: Mapping[str, Symbol]) -> Expr:
    """The expression over these symbols; raises `Malformed`.

    A divisor that may be 0 is 1 there: where the code divided by it, it was not 0.

    >>> from bertsym.symbols import H, T
    >>> read(["+", ["*", 4, "H"], ["//", ["max", "H", 8], "T"]], {"H": H, "T": T})
    4*H + floor(Max(8, H)/Max(1, T))
    """
    return _read(json, symbols, 0).expression


def _read(json: Any, symbols: Mapping[str, Symbol], depth: int) -> _Sized:
    if depth > DEEPEST:
        raise Malformed(f"nested more than {DEEPEST} deep")
    match json:
        case bool():
            pass
        case int() if abs(json) <= LARGEST_NUMBER:
            return _Sized(Integer(json))
        case str() if json in symbols and BY_SYMBOL[symbols[json]].kind is not Kind.SWITCH:
            return _Sized(symbols[json])
        case ["^", base, int() as power] if not isinstance(power, bool) and 1 <= power <= HIGHEST_POWER:
            below = _read(base, symbols, depth + 1)
            bounds = _Sized(Integer(0), below.terms**power, below.degree * power)
            return _Sized(below.expression**power, bounds.terms, bounds.degree)
        case ["+" | "*" | "//" | "min" | "max" as sign, *operands] if 1 <= len(operands) <= MOST_OPERANDS:
            return _combined(sign, [_read(operand, symbols, depth + 1) for operand in operands])
    raise Malformed(f"no expression: {echo(json)}")


def _combined(sign: str, operands: list[_Sized]) -> _Sized:
    expressions = [operand.expression for operand in operands]
    added, multiplied = sum(operand.terms for operand in operands), prod(operand.terms for operand in operands)
    largest, summed = max(operand.degree for operand in operands), sum(operand.degree for operand in operands)
    match sign:
        case "+":
            bounds = _Sized(Integer(0), added, largest)
            return _Sized(sympy.Add(*expressions), bounds.terms, bounds.degree)
        case "min" | "max":
            bounds = _Sized(Integer(0), added, largest)
            extreme = sympy.Min if sign == "min" else sympy.Max
            return _Sized(extreme(*expressions, evaluate=False), bounds.terms, bounds.degree)
    bounds = _Sized(Integer(0), multiplied, summed)
    if sign == "*":
        return _Sized(sympy.Mul(*expressions), bounds.terms, bounds.degree)
    if len(expressions) != 2:
        raise Malformed("a quotient of other than two")
    above, below = expressions
    if below.is_number and not below.is_positive:
        raise Malformed(f"a division by {below}")
    positive = below if below.is_positive else sympy.Max(1, below, evaluate=False)
    return _Sized(sympy.floor(above / positive), bounds.terms, bounds.degree)
