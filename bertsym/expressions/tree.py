"""The tree of an expression as it was typed: operators, numbers and sizes, before any algebra."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from sympy import Symbol


class Op(StrEnum):
    """An operator, or the kind of a leaf."""

    NUMBER = "number"
    SIZE = "size"
    SWITCH = "switch"
    TRUE = "true"
    FALSE = "false"
    NEGATE = "negate"
    ADD = "+"
    SUBTRACT = "-"
    MULTIPLY = "*"
    DIVIDE = "/"
    FLOOR_DIVIDE = "//"
    REMAINDER = "%"
    POWER = "^"
    FLOOR = "floor"
    BRACKET = "[]"
    NOT = "not"
    AND = "and"
    OR = "or"
    EQUAL = "="
    UNEQUAL = "!="
    ABOVE = ">"
    AT_LEAST = ">="
    BELOW = "<"
    AT_MOST = "<="


LOGIC = frozenset({Op.NOT, Op.AND, Op.OR})
RELATIONAL = frozenset({Op.EQUAL, Op.UNEQUAL, Op.ABOVE, Op.AT_LEAST, Op.BELOW, Op.AT_MOST})
CONDITIONS = LOGIC | RELATIONAL | {Op.SWITCH, Op.TRUE, Op.FALSE}
ARITHMETIC = frozenset(Op) - CONDITIONS - {Op.BRACKET}


class Node(NamedTuple):
    """An operator with its operands; a leaf has a number or a symbol instead."""

    op: Op
    operands: tuple[Node, ...] = ()
    number: int = 0
    symbol: Symbol | None = None

    @property
    def is_condition(self) -> bool:
        """Return True if the node is true or false, not a number."""
        return self.op in CONDITIONS

    def symbols(self) -> Iterator[Symbol]:
        """Yield the sizes and switches of the tree, each as often as it occurs."""
        if self.symbol is not None:
            yield self.symbol
        for operand in self.operands:
            yield from operand.symbols()


def constant(number: int | Fraction) -> Node:
    """Return a leaf for a whole number, a quotient of two for a fraction; a minus stands before either."""
    if number < 0:
        return Node(Op.NEGATE, (constant(-number),))
    if isinstance(number, Fraction) and number.denominator != 1:
        return Node(Op.DIVIDE, (constant(number.numerator), constant(number.denominator)))
    return Node(Op.NUMBER, number=int(number))


def size(symbol: Symbol) -> Node:
    """Return the leaf of a size."""
    return Node(Op.SIZE, symbol=symbol)
