"""Constraints over rows of sizes, as programs that run on arrays: filters, and limits of one unknown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sympy
from sympy import Expr, Symbol

from bertsym.algebra import atom, free, substitute
from bertsym.expressions.reader import to_sympy
from bertsym.expressions.tree import RELATIONAL, Node, Op
from bertsym.solving.constraints import Constraint
from bertsym.solving.interval_propagation import Axis, Exact
from bertsym.solving.row_counts import Quotient, compiled, quotient
from bertsym.straight_line import Builder, NoProgram, Program
from bertsym.values import value


@value
class LinearLimit:
    """A comparison of `slope*X + constant` with 0 that bounds X from below, from above, or both; the slope is positive.

    The outputs of the program are the slope and the constant, over the unknowns before X. `strict`: the sum is not 0.
    """

    program: Program
    below: bool
    above: bool
    strict: bool

    def bounds(self, slope: Any, constant: Any) -> tuple[Any, Any]:
        """Return the lowest and the highest X, each None if the comparison does not bound it."""
        strict = 1 if self.strict else 0
        lowest = -((constant - strict) // slope) if self.below else None
        highest = (-constant - strict) // slope if self.above else None
        return lowest, highest


class Translation:
    """The translation of conditions into programs over integer unknowns, with the known sizes put in."""

    def __init__(
        self, unknowns: Mapping[Symbol, Symbol], axes: tuple[Axis, ...], known: Mapping[Symbol, Exact]
    ) -> None:
        self.unknowns = tuple(unknowns.values())
        self.axes = axes
        self.put_in: dict[Symbol, Any] = {**{symbol: atom(number) for symbol, number in known.items()}, **unknowns}

    def filter(self, condition: Node, depth: int) -> Program | None:
        """Return a program that is 1 if a condition on the unknowns up to a depth holds; None if there is none."""
        builder = Builder(self.unknowns[: depth + 1])
        try:
            program = builder.program([builder.condition(self._expression(condition))])
        except NoProgram:
            return None
        return None if builder.guards else program

    def limit(self, condition: Node, depth: int) -> LinearLimit | None:
        """Return a comparison as limits of the unknown at a depth; None if it is not linear in that unknown."""
        if condition.op not in RELATIONAL or condition.op is Op.UNEQUAL:
            return None
        left, right = (self._expression(side) for side in condition.operands)
        others = self.unknowns[:depth]
        try:
            sums = _linear(quotient(left - right), self.unknowns[depth])
            if sums is None:
                return None
            program = compiled(others, sums)
        except (NoProgram, TypeError):
            return None
        (low, high), _ = program.bounds([(axis.start, axis.stop) for axis in self.axes[:depth]])
        if low <= 0 <= high:
            return None
        at_most = condition.op in (Op.BELOW, Op.AT_MOST)
        if high < 0:
            program, at_most = compiled(others, [-side for side in sums]), not at_most
        equal = condition.op is Op.EQUAL
        return LinearLimit(program, equal or not at_most, equal or at_most, condition.op in (Op.BELOW, Op.ABOVE))

    def _expression(self, tree: Node) -> Any:
        return substitute(to_sympy(tree), self.put_in)


def _linear(difference: Quotient, symbol: Symbol) -> tuple[Expr, Expr] | None:
    """Return the slope and the constant of the numerator; None if it is not linear in the symbol."""
    parts: list[list[Expr]] = [[], []]
    for coefficient, powers in difference.terms:
        power = powers.get(symbol, 0)
        rest = {generator: exponent for generator, exponent in powers.items() if generator != symbol}
        if power > 1 or any(symbol in free(generator) for generator in rest):
            return None
        parts[power].append(sympy.Mul(sympy.Integer(coefficient), *(g**p for g, p in rest.items())))
    constant, slope = (sympy.Add(*terms) for terms in parts)
    return (slope, constant) if parts[1] else None


def decided(constraints: Iterable[Constraint], known: frozenset[Symbol], symbol: Symbol) -> list[Node]:
    """Return the conditions that a symbol decides, as the last of their sizes to become known."""
    return [
        part
        for constraint in constraints
        for part in constraint.parts
        if symbol in set(part.symbols()) <= {*known, symbol}
    ]
