"""What torch asks of a symbolic number: an expression beside the value, and the value answers every question.

Torch's own node leads to a ShapeEnv, which reasons about symbols, guards every question and makes a size the number
that it was asked for. Here the path of the values is taken and the expressions are only carried along.
"""

from __future__ import annotations

import builtins
import math
import operator
from collections.abc import Callable
from typing import Any

import sympy

from bertsym.derive.concolic import expression_tree as trees
from bertsym.derive.concolic.expression_tree import Tree


class Trace:
    """The relations that held on the path taken, in order, each once, and the expressions whose bare value was used."""

    def __init__(self) -> None:
        self.relations: dict[tuple[str, Tree, Tree], None] = {}
        self.taken: dict[Tree, None] = {}

    def take(self, *sides: Tree | None) -> None:
        """Record that the value of these went where no expression follows."""
        self.taken.update(dict.fromkeys(side for side in sides if side is not None and not isinstance(side, int)))

    def hold(self, sign: str, left: Tree | None, right: Tree | None) -> None:
        """Record a relation, unless it is one of numbers."""
        if left is not None and right is not None and not (isinstance(left, int) and isinstance(right, int)):
            self.relations[sign, left, right] = None


class Node:
    """An integer, a fraction or a truth value; the methods of torch's protocol are put in below."""

    def __init__(self, tree: Tree | None, hint: Any, trace: Trace | None) -> None:
        self.tree, self.hint, self.trace = tree, hint, trace

    def __repr__(self) -> str:
        return str(self.hint)

    def taken(self) -> Any:
        """The value, for a use that is recorded."""
        if self.trace is not None:
            self.trace.take(self.tree)
        return self.hint

    @property
    def expr(self) -> Any:
        """A constant, for the parts of torch that would reason about symbols."""
        return sympy.Float(self.hint) if isinstance(self.hint, float) else sympy.Integer(int(self.hint))


def _plain(number: Any, near: Node) -> Node:
    return Node(number if type(number) is builtins.int else None, number, near.trace)


def _summed(node: Node, operands: Any) -> Node:
    tree: Tree | None = 0
    for operand in operands:
        tree = trees.add(tree, operand.tree)
    return Node(tree, sum(operand.hint for operand in operands), node.trace)


_QUESTIONS: dict[str, Callable[..., Any]] = {
    "is_int": lambda node: type(node.hint) is builtins.int,
    "is_float": lambda node: type(node.hint) is float,
    "is_bool": lambda node: type(node.hint) is bool,
    "is_nested_int": lambda _: False,
    "is_constant": lambda _: False,
    "is_symbolic": lambda _: True,
    "has_hint": lambda _: True,
    "maybe_as_int": lambda _: None,
    "clone": lambda node: node,
    "str": repr,
    "_graph_repr": repr,
    "sym_sum": _summed,
    "sym_float": lambda node: Node(None, float(node.hint), node.trace),
    "sym_ite": lambda node, then, otherwise: then if node.hint else otherwise,
    **dict.fromkeys(("wrap_int", "wrap_float", "wrap_bool"), lambda node, number: _plain(number, node)),
}
_TAKEN = ("int_", "guard_int", "guard_float")
# Truth values are torch's own checks of sizes, which every shape passes.
_TOLD = (
    *("bool_", "guard_bool", "expect_true", "statically_known_true"),
    *("guard_or_false", "guard_or_true", "guard_size_oblivious"),
)
# A tensor just made is contiguous; a parameter's strides are nobody's concern here.
_LAID_OUT = {
    **dict.fromkeys(("is_contiguous", "is_non_overlapping_and_dense"), True),
    **dict.fromkeys(("is_channels_last_contiguous_2d", "is_channels_last_contiguous_3d"), False),
    **dict.fromkeys(("is_channels_last_strides_2d", "is_channels_last_strides_3d"), False),
}
_KEPT: dict[str, tuple[Callable[..., Any], Callable[..., Tree | None]]] = {
    "add": (operator.add, trees.add),
    "sub": (operator.sub, trees.subtract),
    "mul": (operator.mul, trees.multiply),
    "floordiv": (operator.floordiv, trees.floor_divide),
    "int_floordiv": (operator.floordiv, trees.floor_divide),
    "mod": (operator.mod, trees.modulo),
    "neg": (operator.neg, lambda tree: trees.multiply(tree, -1)),
    "sym_max": (max, lambda left, right: trees.extreme("max", (left, right))),
    "sym_min": (min, lambda left, right: trees.extreme("min", (left, right))),
    "ceil": (math.ceil, lambda tree: tree),
    "floor": (math.floor, lambda tree: tree),
}
_LOST: dict[str, Callable[..., Any]] = {
    **{name: getattr(operator, name) for name in ("eq", "ne", "lt", "le", "gt", "ge", "truediv", "pow", "and_", "or_")},
    **dict.fromkeys(("int_truediv", "float_truediv"), operator.truediv),
    **dict.fromkeys(("float_pow", "pow_by_natural"), operator.pow),
    "sym_and": lambda left, right: left and right,
    "sym_or": lambda left, right: left or right,
    "sym_not": operator.not_,
}


def _operation(compute: Callable[..., Any], express: Callable[..., Tree | None]) -> Callable[..., Node]:
    def method(self: Node, *others: Node) -> Node:
        hint = compute(self.hint, *(other.hint for other in others))
        whole = type(hint) is builtins.int
        return Node(express(self.tree, *(other.tree for other in others)) if whole else None, hint, self.trace)

    return method


for _name, _answer in _QUESTIONS.items():
    setattr(Node, _name, _answer)
for _name in _TAKEN:
    setattr(Node, _name, lambda node, *_: node.taken())
for _name in _TOLD:
    setattr(Node, _name, lambda node, *_: node.hint)
for _name, _holds in _LAID_OUT.items():
    setattr(Node, _name, lambda node, *_, holds=_holds: _plain(holds, node))
for _name, (_compute, _express) in _KEPT.items():
    setattr(Node, _name, _operation(_compute, _express))
for _name, _compute in _LOST.items():
    setattr(Node, _name, _operation(_compute, lambda *_: None))
