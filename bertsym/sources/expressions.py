"""Expressions as JSON and back: `["*", 4, "H"]` for 4H. Reading evaluates nothing and is bounded in every direction."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any

import sympy
from sympy import Expr, Integer, Symbol
from sympy.logic.boolalg import Boolean

from bertsym.algebra import expand
from bertsym.errors import echo
from bertsym.sources.jsonfile import Json
from bertsym.symbols import BY_SYMBOL, Kind
from bertsym.values import value

DEEPEST = 12
MOST_OPERANDS = 64
MOST_TERMS = 400
HIGHEST_POWER = 8
LARGEST_NUMBER = 10**12

_RELATIONS: Mapping[str, Any] = {
    "=": sympy.Eq,
    "!=": sympy.Ne,
    ">": sympy.Gt,
    ">=": sympy.Ge,
    "<": sympy.Lt,
    "<=": sympy.Le,
}


class Malformed(Exception):
    """What is wrong with an expression; the file's reader says where."""


@value
class Sized:
    """An expression with a bound on its terms once written out, so that no short text can grow without end."""

    expression: Expr
    terms: int


def read(json: Json, symbols: Mapping[str, Symbol]) -> Expr:
    """The expression over these symbols; raises `Malformed`.

    >>> from bertsym.symbols import H, V
    >>> read(["+", ["*", 4, "H"], ["//", ["+", "V", -1], 2]], {"H": H, "V": V})
    4*H + floor(V/2 - 1/2)
    """
    return _read(json, symbols, 0).expression


def _read(json: Json, symbols: Mapping[str, Symbol], depth: int) -> Sized:
    if depth > DEEPEST:
        raise Malformed(f"nested more than {DEEPEST} deep")
    match json:
        case bool():
            raise Malformed("expected a number, got a truth value")
        case int():
            if abs(json) > LARGEST_NUMBER:
                raise Malformed("a number beyond 10^12")
            return Sized(Integer(json), 1)
        case str():
            return Sized(_symbol(json, symbols, switch=False), 1)
        case ["^", base, int() as power] if not isinstance(power, bool) and 1 <= power <= HIGHEST_POWER:
            below = _read(base, symbols, depth + 1)
            return _bounded(below.expression**power, below.terms**power)
        case ["//", above, below]:
            return _floor(_read(above, symbols, depth + 1), _read(below, symbols, depth + 1))
        case ["min" | "max" as extreme, *operands] if 2 <= len(operands) <= MOST_OPERANDS:
            read_operands = [_read(operand, symbols, depth + 1) for operand in operands]
            build = sympy.Min if extreme == "min" else sympy.Max
            terms = sum(operand.terms for operand in read_operands)
            return _bounded(build(*(operand.expression for operand in read_operands), evaluate=False), terms)
        case ["+" | "*" as operation, *operands] if 1 <= len(operands) <= MOST_OPERANDS:
            read_operands = [_read(operand, symbols, depth + 1) for operand in operands]
            sizes = [operand.terms for operand in read_operands]
            terms = sum(sizes) if operation == "+" else reduce(lambda a, b: min(a * b, MOST_TERMS + 1), sizes)
            build = sympy.Add if operation == "+" else sympy.Mul
            _bounded(Integer(0), terms)
            return Sized(build(*(operand.expression for operand in read_operands)), terms)
    raise Malformed(f"no expression: {echo(json)}")


def _bounded(expression: Expr, terms: int) -> Sized:
    if terms > MOST_TERMS:
        raise Malformed(f"more than {MOST_TERMS} terms when written out")
    return Sized(expression, terms)


def _floor(above: Sized, below: Sized) -> Sized:
    if not below.expression.is_positive:
        raise Malformed(f"a division by {below.expression}, which need not be positive")
    return _bounded(sympy.floor(above.expression / below.expression), above.terms * below.terms)


def _symbol(name: str, symbols: Mapping[str, Symbol], *, switch: bool) -> Symbol:
    symbol = symbols.get(name)
    if symbol is None:
        raise Malformed(f"unknown size {echo(name)}")
    if (BY_SYMBOL[symbol].kind is Kind.SWITCH) is not switch:
        raise Malformed(f"{echo(name)} is {'a number, not a condition' if switch else 'a condition, not a number'}")
    return symbol


def read_condition(json: Json, symbols: Mapping[str, Symbol], depth: int = 0) -> Boolean:
    """The condition over these symbols; raises `Malformed`.

    >>> from bertsym.symbols import E, H, tied
    >>> read_condition(["and", "tied", ["!=", "E", "H"]], {"E": E, "H": H, "tied": tied})
    tied & Ne(E, H)
    """
    if depth > DEEPEST:
        raise Malformed(f"nested more than {DEEPEST} deep")
    match json:
        case True:
            return sympy.true
        case str():
            return _symbol(json, symbols, switch=True)
        case ["not", inside]:
            return sympy.Not(read_condition(inside, symbols, depth + 1))
        case ["and", *parts] if 1 <= len(parts) <= MOST_OPERANDS:
            return sympy.And(*(read_condition(part, symbols, depth + 1) for part in parts))
        case [str() as relation, str() as left, int() | str() as right] if relation in _RELATIONS:
            return _RELATIONS[relation](read(left, symbols), read(right, symbols))
    raise Malformed(f"no condition: {echo(json)}")


def write(expression: Expr) -> Json:
    """The expression as JSON: sums, products, powers, extremes and floors of quotients over integers and symbols.

    >>> from bertsym.symbols import H, V
    >>> write(4 * H + sympy.floor((V - 1) / 2))
    ['+', ['*', 4, 'H'], ['//', ['+', -1, 'V'], 2]]
    >>> write(sympy.Max(sympy.floor(H / 16), 4)), read(["max", 4, ["//", "H", 16]], {"H": H})
    (['max', 4, ['//', 'H', 16]], Max(4, floor(H/16)))
    """
    if isinstance(expression, Integer):
        return int(expression)
    if isinstance(expression, Symbol):
        return str(expression.name)
    if isinstance(expression, sympy.floor):
        above, below = sympy.fraction(sympy.together(expression.args[0]))
        return ["//", write(expand(above)), write(below)]
    if isinstance(expression, sympy.Min | sympy.Max):
        extreme = "min" if isinstance(expression, sympy.Min) else "max"
        return [extreme, *(write(part) for part in sorted(expression.args, key=sympy.default_sort_key))]
    if isinstance(expression, sympy.Pow) and isinstance(expression.exp, Integer) and expression.exp > 0:
        return ["^", write(expression.base), int(expression.exp)]
    if isinstance(expression, sympy.Add | sympy.Mul):
        sign = "+" if isinstance(expression, sympy.Add) else "*"
        return [sign, *(write(part) for part in sorted(expression.args, key=sympy.default_sort_key))]
    raise TypeError(f"no JSON for {expression}")


def write_condition(condition: Boolean) -> Json:
    """The condition as JSON."""
    if condition == sympy.true:
        return True
    if isinstance(condition, Symbol):
        return str(condition.name)
    if isinstance(condition, sympy.Not):
        return ["not", write_condition(condition.args[0])]
    if isinstance(condition, sympy.And):
        return ["and", *(write_condition(part) for part in sorted(condition.args, key=str))]
    for sign, relation in _RELATIONS.items():
        if isinstance(condition, relation):
            left, right = condition.args
            return [sign, write(left), write(right)]
    raise TypeError(f"no JSON for {condition}")
