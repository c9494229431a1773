"""Expressions as JSON that the page's script evaluates: integers of any size as text, sizes by their index."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy
from sympy import Integer, Symbol

from bertsym.algebra import Iverson
from bertsym.expressions.reader import RELATIONS
from bertsym.values import value

Encoded = str | int | list[Any]
"""An expression: an integer as text, the index of a size, or a list of an operator and its operands."""

_OPERATORS: tuple[tuple[Any, str], ...] = (
    (sympy.Add, "+"),
    (sympy.Mul, "*"),
    (sympy.floor, "floor"),
    (sympy.Max, "max"),
    (sympy.Min, "min"),
    (Iverson, "[]"),
    (sympy.And, "and"),
    (sympy.Or, "or"),
    (sympy.Not, "not"),
    *((relation, str(sign)) for sign, relation in RELATIONS.items()),
)


def encoded(expression: Any, places: Mapping[Symbol, int]) -> Encoded:
    """Return an expression or a condition over the sizes at these places.

    >>> from bertsym.symbols import H, L, tied
    >>> encoded(4 * H + L**2, {H: 0, L: 1})
    ['+', ['*', '4', 0], ['^', 1, '2']]
    >>> encoded(Iverson(tied) / 2, {tied: 0})
    ['*', ['/', '1', '2'], ['[]', 0]]
    """
    if isinstance(expression, Symbol):
        return places[expression]
    if isinstance(expression, Integer):
        return str(int(expression))
    if isinstance(expression, sympy.Rational):
        return ["/", str(int(expression.p)), str(int(expression.q))]
    if expression in (sympy.true, sympy.false):
        return ["true" if expression == sympy.true else "false"]
    if isinstance(expression, sympy.Pow) and isinstance(expression.exp, Integer):
        return ["^", encoded(expression.base, places), str(int(expression.exp))]
    for kind, operator in _OPERATORS:
        if isinstance(expression, kind):
            # sympy sorts the operands of a sum in another order in each process, unless it is asked.
            operands = sorted(expression.args, key=sympy.default_sort_key) if _commutes(operator) else expression.args
            return [operator, *(encoded(operand, places) for operand in operands)]
    raise TypeError(f"no JSON for {expression}")


@value
class _Node:
    """A part of an expression by its number."""

    number: int


class Sharing:
    """The repeated parts of the expressions of a model, each written once.

    The formula of a model with nested floors repeats them thousands of times. An index behind those of the sizes is
    that of a part in `table`, in which a part comes behind its own parts. Number all expressions, then write the data.
    """

    def __init__(self, sizes: int) -> None:
        self.table: list[Encoded] = []
        self._sizes = sizes
        self._nodes: list[tuple[Any, ...]] = []
        self._numbers: dict[tuple[Any, ...], _Node] = {}
        self._uses: list[int] = []
        self._places: dict[int, int] = {}

    def numbered(self, expression: Encoded) -> Any:
        """Return the expression as a node; a leaf and a fraction stay as they are."""
        if not isinstance(expression, list) or expression[0] == "/":
            return expression
        key = (expression[0], *(_hashable(self.numbered(part)) for part in expression[1:]))
        if key not in self._numbers:
            self._numbers[key] = _Node(len(self._nodes))
            self._nodes.append(key)
            self._uses.append(0)
            for part in key[1:]:
                if isinstance(part, _Node):
                    self._uses[part.number] += 1
        return self._numbers[key]

    def written(self, part: Any) -> Any:
        """Return data with each numbered expression written, an index in place of each part that is used twice."""
        if isinstance(part, dict):
            return {name: self.written(inside) for name, inside in part.items()}
        if isinstance(part, list | tuple):
            return [self.written(inside) for inside in part]
        if not isinstance(part, _Node):
            return part
        if part.number in self._places:
            return self._places[part.number]
        operator, *operands = self._nodes[part.number]
        whole: Encoded = [operator, *map(self.written, operands)]
        if self._uses[part.number] < 2:
            return whole
        self.table.append(whole)
        self._places[part.number] = self._sizes + len(self.table) - 1
        return self._places[part.number]


def _hashable(part: Any) -> Any:
    return tuple(part) if isinstance(part, list) else part


def _commutes(operator: str) -> bool:
    return operator in ("+", "*", "max", "min", "and", "or")
