"""Expressions as text that `reader` reads again.

Each expression has one spelling, so that two versions of a file can be compared.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import sympy
from sympy import Expr, Integer, Symbol
from sympy.logic.boolalg import Boolean

from bertsym.algebra import Iverson
from bertsym.expressions.reader import RELATIONS

# How tightly a text holds together, loosest first.
_OR, _AND, _NOT, _RELATION, _SUM, _PRODUCT, _MINUS, _POWER, _ATOM = range(9)


def write(expression: Expr) -> int | str:
    """Return the expression as text; an integer as itself.

    >>> from bertsym.symbols import H, V
    >>> write(4 * H + sympy.floor((V - 1) / 2)), write(sympy.Integer(7))
    ('4*H + (V - 1)//2', 7)
    """
    return int(expression) if isinstance(expression, Integer) else _written(expression, 0)


def write_condition(condition: Boolean) -> str:
    """Return the condition as text.

    >>> from bertsym.symbols import E, H, tied
    >>> write_condition(sympy.And(tied, sympy.Or(sympy.Ne(E, H), sympy.Gt(H, 3))))
    '(E != H or H > 3) and tied'
    """
    return _written(condition, 0)


def _written(found: Any, least: int) -> str:
    """Return the text, in parentheses if what stands around it binds more tightly."""
    text, binding = _spelled(found)
    return text if binding >= least else f"({text})"


def _spelled(found: Any) -> tuple[str, int]:
    """Return the text and how tightly it holds together."""
    match found:
        case Symbol():
            return str(found.name), _ATOM
        case sympy.Rational():
            return _rational(Fraction(int(found.p), int(found.q)))
        case Iverson():
            return f"[{_written(found.args[0], 0)}]", _ATOM
        case sympy.floor():
            above, below = sympy.fraction(sympy.together(found.args[0]))
            return f"{_written(sympy.expand(above), _PRODUCT)}//{_written(below, _ATOM)}", _PRODUCT
        case sympy.Pow() if isinstance(found.exp, Integer):
            return _power(found.base, int(found.exp))
        case sympy.Add():
            return _sum(found), _SUM
        case sympy.Mul():
            return _product(found)
    return _condition(found)


def _condition(found: Any) -> tuple[str, int]:
    match found:
        case sympy.Not():
            return f"not {_written(found.args[0], _NOT)}", _NOT
        case sympy.And() | sympy.Or():
            word, binding = ("and", _AND) if isinstance(found, sympy.And) else ("or", _OR)
            return f" {word} ".join(sorted(_written(part, binding + 1) for part in found.args)), binding
    if found == sympy.true:
        return "true", _ATOM
    for sign, relation in RELATIONS.items():
        if isinstance(found, relation):
            left, right = (_written(side, _RELATION + 1) for side in found.args)
            return f"{left} {sign} {right}", _RELATION
    raise TypeError(f"no text for {found}")


def _rational(number: Fraction) -> tuple[str, int]:
    if number.denominator != 1:
        return f"{number.numerator}/{number.denominator}", _PRODUCT if number > 0 else _SUM
    return str(number), _ATOM if number >= 0 else _MINUS


def _power(base: Any, exponent: int) -> tuple[str, int]:
    if exponent < 0:
        return f"1/{_written(base**-exponent, _ATOM)}", _PRODUCT
    return f"{_written(base, _ATOM)}^{exponent}", _POWER


def _sum(found: Any) -> str:
    """Return the terms with their own signs, the highest degree first."""
    pieces: list[str] = []
    for term in found.as_ordered_terms():
        negative = term.could_extract_minus_sign()
        text = _negated(term) if negative and not pieces else _written(-term if negative else term, _SUM + 1)
        pieces += [text] if not pieces else ["-" if negative else "+", text]
    return " ".join(pieces)


def _product(found: Any) -> tuple[str, int]:
    """Return the factors, a denominator after a slash; the first factor's own // needs no parentheses."""
    if found.could_extract_minus_sign():
        return _negated(found), _SUM
    above, below = sympy.fraction(found)
    if below != 1:
        return f"{_written(above, _PRODUCT)}/{_written(below, _ATOM)}", _PRODUCT
    factors = found.as_ordered_factors()
    return "*".join(_written(factor, _PRODUCT + 1) for factor in factors), _PRODUCT


def _negated(found: Any) -> str:
    """Return a positive term after a minus, with parentheses around a quotient that is rounded down."""
    return f"-{_written(-found, _MINUS if isinstance(-found, sympy.floor) else _PRODUCT)}"
