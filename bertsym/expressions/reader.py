"""Text of saved files as sympy expressions: `4*H + (V + 6)//7 + [E != H]*E`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sympy
from sympy import Expr, Integer, Symbol
from sympy.logic.boolalg import Boolean

from bertsym.algebra import Iverson
from bertsym.expressions.grammar import EXACT_EXPRESSION, EXPRESSION, Malformed, parse
from bertsym.expressions.tree import Node, Op

__all__ = ["RELATIONS", "Malformed", "positive", "read", "read_condition", "read_equation", "to_sympy"]

RELATIONS: Mapping[str, Any] = {
    Op.EQUAL: sympy.Eq,
    Op.UNEQUAL: sympy.Ne,
    Op.ABOVE: sympy.Gt,
    Op.AT_LEAST: sympy.Ge,
    Op.BELOW: sympy.Lt,
    Op.AT_MOST: sympy.Le,
}


def read(text: object, symbols: Mapping[str, Symbol], *, exact: bool = False) -> Expr:
    """Return the expression over these symbols; an integer stands for itself. Raises `Malformed`.

    Only an `exact` expression may have a quotient that is not rounded down.

    >>> from bertsym.symbols import H, V, tied
    >>> read("4*H + (V - 1)//2", {"H": H, "V": V})
    4*H + floor(V/2 - 1/2)
    >>> read("[not tied]*H^2", {"H": H, "tied": tied})
    H**2*Iverson(~tied)
    """
    plain = str(text) if type(text) is int else text
    tree = parse(plain, EXACT_EXPRESSION if exact else EXPRESSION, symbols.get)
    if tree.is_condition:
        raise Malformed("expected a number, got a condition")
    return to_sympy(tree, positive_divisors=True)


def read_condition(text: object, symbols: Mapping[str, Symbol]) -> Boolean:
    """Return the condition over these symbols; raises `Malformed`.

    >>> from bertsym.symbols import E, H, tied
    >>> read_condition("tied and E != H", {"E": E, "H": H, "tied": tied})
    tied & Ne(E, H)
    """
    tree = parse(text, EXPRESSION, symbols.get)
    if not tree.is_condition:
        raise Malformed("expected a condition, got a number")
    return to_sympy(tree, positive_divisors=True)


def read_equation(text: object, symbols: Mapping[str, Symbol]) -> tuple[Symbol, Expr]:
    """Return the two sides of `d = H/heads`, a size and an exact expression over these symbols; raises `Malformed`.

    >>> from bertsym.symbols import F, H, ffn_ratio
    >>> read_equation("F = ffn_ratio*H", {"F": F, "H": H, "ffn_ratio": ffn_ratio})
    (F, H*ffn_ratio)
    """
    tree = parse(text, EXACT_EXPRESSION, symbols.get)
    if tree.op is not Op.EQUAL or tree.operands[0].op is not Op.SIZE:
        raise Malformed("expected an equation such as d = H/heads")
    left, right = tree.operands
    return left.symbol, to_sympy(right, positive_divisors=True)


def to_sympy(tree: Node, *, positive_divisors: bool = False) -> Any:
    """Return a tree as a sympy expression or condition.

    With `positive_divisors` a division by what may be 0 or less raises `Malformed`: at some sizes it has no value.
    """
    match tree.op:
        case Op.NUMBER:
            return Integer(tree.number)
        case Op.SIZE | Op.SWITCH:
            return tree.symbol
        case Op.TRUE | Op.FALSE:
            return sympy.true if tree.op is Op.TRUE else sympy.false
    operands = [to_sympy(operand, positive_divisors=positive_divisors) for operand in tree.operands]
    if positive_divisors and tree.op in _DIVISIONS and not positive(operands[1]):
        raise Malformed(f"a division by {operands[1]}, which need not be positive")
    return _OPERATIONS[tree.op](*operands)


_DIVISIONS = frozenset({Op.DIVIDE, Op.FLOOR_DIVIDE, Op.REMAINDER})
_OPERATIONS: Mapping[Op, Callable[..., Any]] = {
    Op.NEGATE: lambda operand: -operand,
    Op.ADD: lambda left, right: left + right,
    Op.SUBTRACT: lambda left, right: left + -right,
    Op.MULTIPLY: lambda left, right: left * right,
    Op.DIVIDE: lambda left, right: left * (1 / right),
    Op.FLOOR_DIVIDE: lambda left, right: sympy.floor(left * (1 / right)),
    Op.REMAINDER: lambda left, right: left - right * sympy.floor(left * (1 / right)),
    Op.POWER: lambda base, exponent: base ** int(exponent),
    Op.FLOOR: sympy.floor,
    Op.BRACKET: Iverson,
    Op.NOT: sympy.Not,
    Op.AND: sympy.And,
    Op.OR: sympy.Or,
    **{Op(sign): relation for sign, relation in RELATIONS.items()},
}


def positive(expression: Expr) -> bool:
    """Return True if an expression is above 0 at all sizes, plainly or as the larger of two of which one is.

    >>> from bertsym.symbols import H, heads
    >>> positive(H + 1), positive(H - 1), positive(1 + (H // heads - 1)*Iverson(sympy.Ge(H // heads, 1)))
    (True, False, True)
    """
    if expression.is_positive:
        return True
    for bracket in expression.atoms(Iverson):
        (relation,) = bracket.args
        if isinstance(relation, sympy.Ge | sympy.Gt | sympy.Le | sympy.Lt):
            if_true, if_false = (sympy.expand(expression.xreplace({bracket: Integer(side)})) for side in (1, 0))
            larger = (if_true, if_false) == (sympy.expand(relation.gts), sympy.expand(relation.lts))
            if larger and (if_true.is_positive or if_false.is_positive):
                return True
    return False
