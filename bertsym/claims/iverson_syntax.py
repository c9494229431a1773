"""The syntax inside an Iverson bracket: [tied], [not tied and cross], [E != H]."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import sympy
from sympy import Expr, Symbol
from sympy.logic.boolalg import Boolean

from bertsym.claims.names import meaning, plain
from bertsym.claims.tokens import Mark, Token
from bertsym.errors import UnreadableFormula
from bertsym.symbols import BY_NAME, BY_SYMBOL, Kind

_RELATIONS = {
    Mark.EQUALS: sympy.Eq,
    Mark.NOT_EQUAL: sympy.Ne,
    Mark.LESS: sympy.Lt,
    Mark.LESS_EQUAL: sympy.Le,
    Mark.GREATER: sympy.Gt,
    Mark.GREATER_EQUAL: sympy.Ge,
}


def condition(tokens: Sequence[Token], names: Mapping[str, Symbol], column: int) -> Boolean:
    """Read switches and comparisons joined by and, or, not, without brackets of their own."""
    alternatives = [
        sympy.And(*(_literal(part, names, column) for part in _split(either, Mark.AND)))
        for either in _split(tokens, Mark.OR)
    ]
    whole = sympy.Or(*alternatives)
    if whole in (sympy.true, sympy.false):
        raise UnreadableFormula(column, "a condition that always holds, or never")
    return whole


def _split(tokens: Sequence[Token], mark: Mark) -> list[list[Token]]:
    parts: list[list[Token]] = [[]]
    for token in tokens:
        if token.mark is mark:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _literal(tokens: Sequence[Token], names: Mapping[str, Symbol], column: int) -> Boolean:
    if tokens and tokens[0].mark is Mark.NOT:
        return sympy.Not(_literal(tokens[1:], names, column))
    if len(tokens) == 1:
        switch = _operand(tokens[0], names)
        if isinstance(switch, Symbol) and BY_SYMBOL[switch].kind is Kind.SWITCH:
            return switch
    if len(tokens) == 3 and tokens[1].mark in _RELATIONS:
        left, right = _operand(tokens[0], names), _operand(tokens[2], names)
        if not any(isinstance(side, Symbol) and BY_SYMBOL[side].kind is Kind.SWITCH for side in (left, right)):
            return _RELATIONS[tokens[1].mark](left, right)
    where = tokens[0].column if tokens else column
    raise UnreadableFormula(where, "a condition compares two sizes, as in [E != H], or names a switch, as in [tied]")


def _operand(token: Token, names: Mapping[str, Symbol]) -> Expr:
    if token.mark is Mark.NUMBER:
        value = Fraction(token.value)
        return sympy.Rational(value.numerator, value.denominator)
    raw = plain(str(token.value))
    if raw in names:
        return names[raw]
    name = meaning(raw)
    if token.mark in (Mark.NAME, Mark.TEXT) and name is not None:
        return BY_NAME[name].symbol
    raise UnreadableFormula(token.column, "a condition compares sizes or names a switch")
