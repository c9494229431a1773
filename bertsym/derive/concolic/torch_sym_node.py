"""The node behind a `torch.SymInt`: torch's private protocol for symbolic numbers, answered for concolic execution.

torch's own node leads to a `ShapeEnv`. That reasons about symbols, guards every question, and specialises a size to the
number that was asked for. Here the concrete value answers every question, and the expression is only carried along.
The protocol is private: `torch_dispatch.check_torch` tests that the installed torch follows it.
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
from bertsym.derive.concolic.path_recorder import PathRecorder


class SymNode:
    """An integer, a float or a truth value with its expression. The methods of the protocol are added below.

    `hint` is torch's name for the concrete value.
    """

    def __init__(self, tree: Tree | None, hint: Any, recorder: PathRecorder | None) -> None:
        self.tree, self.hint, self.recorder = tree, hint, recorder

    def __repr__(self) -> str:
        return str(self.hint)

    def concretise(self) -> Any:
        """Return the concrete value for a use that no expression follows, and record that use."""
        if self.recorder is not None:
            self.recorder.mark_concretised(self.tree)
        return self.hint

    @property
    def expr(self) -> Any:
        """The value as a constant of sympy, for the parts of torch that would reason about symbols."""
        return sympy.Float(self.hint) if isinstance(self.hint, float) else sympy.Integer(int(self.hint))


def _constant(number: Any, like: SymNode) -> SymNode:
    return SymNode(number if type(number) is builtins.int else None, number, like.recorder)


def _sum(node: SymNode, operands: Any) -> SymNode:
    tree: Tree | None = 0
    for operand in operands:
        tree = trees.add(tree, operand.tree)
    return SymNode(tree, sum(operand.hint for operand in operands), node.recorder)


_QUERIES: dict[str, Callable[..., Any]] = {
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
    "sym_sum": _sum,
    "sym_float": lambda node: SymNode(None, float(node.hint), node.recorder),
    "sym_ite": lambda node, then, otherwise: then if node.hint else otherwise,
    **dict.fromkeys(("wrap_int", "wrap_float", "wrap_bool"), lambda node, number: _constant(number, node)),
}
_CONCRETISING = ("int_", "guard_int", "guard_float")
# torch asks for truth values in its own checks of sizes, which every shape passes. They are not recorded.
_TRUTH_VALUES = (
    *("bool_", "guard_bool", "expect_true", "statically_known_true"),
    *("guard_or_false", "guard_or_true", "guard_size_oblivious"),
)
# A new tensor is contiguous, and no count depends on the strides of a parameter.
_LAYOUTS = {
    **dict.fromkeys(("is_contiguous", "is_non_overlapping_and_dense"), True),
    **dict.fromkeys(("is_channels_last_contiguous_2d", "is_channels_last_contiguous_3d"), False),
    **dict.fromkeys(("is_channels_last_strides_2d", "is_channels_last_strides_3d"), False),
}
_SYMBOLIC: dict[str, tuple[Callable[..., Any], Callable[..., Tree | None]]] = {
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
_CONCRETE: dict[str, Callable[..., Any]] = {
    **{name: getattr(operator, name) for name in ("eq", "ne", "lt", "le", "gt", "ge", "truediv", "pow", "and_", "or_")},
    **dict.fromkeys(("int_truediv", "float_truediv"), operator.truediv),
    **dict.fromkeys(("float_pow", "pow_by_natural"), operator.pow),
    "sym_and": lambda left, right: left and right,
    "sym_or": lambda left, right: left or right,
    "sym_not": operator.not_,
}


def _operation(compute: Callable[..., Any], express: Callable[..., Tree | None]) -> Callable[..., SymNode]:
    def method(self: SymNode, *others: SymNode) -> SymNode:
        hint = compute(self.hint, *(other.hint for other in others))
        whole = type(hint) is builtins.int
        return SymNode(express(self.tree, *(other.tree for other in others)) if whole else None, hint, self.recorder)

    return method


for _name, _answer in _QUERIES.items():
    setattr(SymNode, _name, _answer)
for _name in _CONCRETISING:
    setattr(SymNode, _name, lambda node, *_: node.concretise())
for _name in _TRUTH_VALUES:
    setattr(SymNode, _name, lambda node, *_: node.hint)
for _name, _holds in _LAYOUTS.items():
    setattr(SymNode, _name, lambda node, *_, holds=_holds: _constant(holds, node))
for _name, (_compute, _express) in _SYMBOLIC.items():
    setattr(SymNode, _name, _operation(_compute, _express))
for _name, _compute in _CONCRETE.items():
    setattr(SymNode, _name, _operation(_compute, lambda *_: None))
