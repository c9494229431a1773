"""The rule by which a class makes a list, as the derivation of the class gives it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import sympy
from sympy import Integer

from bertsym.derive.list_rules import list_rule, with_rules
from bertsym.derive.types import NO_EFFECT, CannotDerive
from bertsym.layers import Role
from bertsym.saved_model.derived import Derived
from bertsym.saved_model.layer_lists import LayerKind, LayerList, count_symbol, order_symbol
from bertsym.symbols import Kind, L, Own
from bertsym.tree import Loop, Tensor

FULL, CONV = (count_symbol(f"L_{word}", "layer_types", word) for word in ("full", "conv"))
LIST = LayerList(
    "layer_types",
    order_symbol("layer_types", "layer_types"),
    (LayerKind(FULL, ("full",)), LayerKind(CONV, ("conv",))),
    (0, 0, 1),
    "num_hidden_layers",
)
PERIOD = Own("period", Kind.WIDTH)


def derivation(*sizes: Any, whole: bool = True) -> Any:
    """Return a derivation of a list that has `conv` in every layer that ends a period."""
    ends, others = (Loop(PERIOD - 1, L, PERIOD, others=others) for others in (False, True))
    tensors = (
        Tensor("layers.{}.b", (), Role.MATRIX, "", loops=(ends,)),
        Tensor("layers.{}.a", (), Role.MATRIX, "", loops=(others,)),
    )
    derived = Derived("stack", "Stack", "here", dict.fromkeys((L, PERIOD, *sizes), 3), (), tensors)
    return SimpleNamespace(
        derived=derived, whole=whole, symbols={"num_hidden_layers": L, "period": PERIOD} | {str(s): s for s in sizes}
    )


def test_the_layers_of_each_kind_are_named_by_the_size_that_counts_them() -> None:
    rule = list_rule(LIST, derivation())
    assert rule is not None
    assert [tensor.name for tensor in rule.tensors] == ["L_conv.{}", "L_full.{}"]
    assert set(rule.fields.values()) == {"num_hidden_layers", "period"}
    (loop,) = rule.tensors[0].loops
    bounds = [int(bound.xreplace({s: Integer(7 if str(s) == "L" else 3) for s in bound.free_symbols})) for bound in
              map(sympy.sympify, loop.bounds)]  # fmt: skip
    assert list(loop.indices(*bounds)) == [2, 5]


@pytest.mark.parametrize("found", [derivation(whole=False), derivation(Own("ratio", Kind.RATIO))])
def test_an_incomplete_rule_is_none(found: Any) -> None:
    assert list_rule(LIST, found) is None


def test_a_class_that_always_makes_one_list_has_a_rule_without_sizes() -> None:
    def search(problem: str) -> Any:
        def failing(path: str) -> Any:
            raise CannotDerive(path, problem)

        return failing

    model = Derived("stack", "Stack", "here", {}, (), (), layer_lists=(LIST,))
    (constant,) = with_rules(model, search(NO_EFFECT)).layer_lists
    assert constant.rule is not None
    assert constant.rule.tensors == ()
    assert with_rules(model, search("it rejects all")).layer_lists == (LIST,)
