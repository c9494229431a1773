"""The exact value of a tree at numbers."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from fractions import Fraction
from math import floor

from sympy import Symbol

from bertsym.algebra import Value
from bertsym.expressions.tree import Node, Op

_OPERATIONS: Mapping[Op, Callable[..., Fraction | int]] = {
    Op.NEGATE: operator.neg,
    Op.ADD: operator.add,
    Op.SUBTRACT: operator.sub,
    Op.MULTIPLY: operator.mul,
    Op.DIVIDE: lambda left, right: left // right if not left % right else Fraction(left) / right,
    Op.FLOOR_DIVIDE: operator.floordiv,
    Op.REMAINDER: operator.mod,
    Op.POWER: lambda base, exponent: base ** int(exponent) if exponent >= 0 else Fraction(base) ** int(exponent),
    Op.FLOOR: floor,
}
_COMPARISONS: Mapping[Op, Callable[[Value, Value], bool]] = {
    Op.BELOW: operator.lt,
    Op.AT_MOST: operator.le,
    Op.EQUAL: operator.eq,
    Op.UNEQUAL: operator.ne,
    Op.AT_LEAST: operator.ge,
    Op.ABOVE: operator.gt,
}


def evaluate(tree: Node, values: Mapping[Symbol, Value]) -> Fraction:
    """Return the exact value of a tree of numbers; raises `ZeroDivisionError`."""
    return Fraction(_number(tree, values))


def _number(tree: Node, values: Mapping[Symbol, Value]) -> Value:
    """Return the exact value of a tree: an integer as long as no division leaves a rest, because that is quicker."""
    if tree.symbol is not None:
        return values[tree.symbol]
    if not tree.operands:
        return tree.number
    operands = [_number(operand, values) for operand in tree.operands]
    return _OPERATIONS[tree.op](*operands)


def holds(condition: Node, values: Mapping[Symbol, Value]) -> bool:
    """Return True if a condition of comparisons, `and` and `or` holds; a comparison that divides by 0 does not."""
    if condition.op in (Op.AND, Op.OR):
        parts = (holds(part, values) for part in condition.operands)
        return all(parts) if condition.op is Op.AND else any(parts)
    try:
        left, right = (_number(side, values) for side in condition.operands)
    except ZeroDivisionError:
        return False
    return _COMPARISONS[condition.op](left, right)
