"""Routed experts, by the names of fields and tensors; the real models are in tests/derive/test_active.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from sympy import Integer, Symbol

from bertsym.derive.synthesis.expert_routing import FIXED_EXPERTS_PER_TOKEN, experts_in, with_experts
from bertsym.layers import Role
from bertsym.saved_model.derived import Derived
from bertsym.symbols import F, H, L, experts, experts_per_token
from bertsym.tree import Loop, Routing, Tensor

UP = ("mlp.experts.up", (experts, F, H))
UNKNOWN = Routing(None, Integer(1))


def routed(
    fields: Mapping[str, Any],
    symbols: Mapping[str, Symbol],
    *tensors: tuple[str, tuple[Any, ...]],
    cls: str = "Model",
    **options: Any,
) -> Derived:
    inventory = tuple(Tensor(name, shape, Role.MATRIX, "", "model") for name, shape in tensors or (UP,))
    return with_experts(Derived("model", cls, "test", {}, (), inventory), fields, symbols, **options)


def routings(derived: Derived) -> list[Routing | None]:
    return [tensor.routing for tensor in derived.tensors]


def test_the_registered_symbol_and_its_default() -> None:
    derived = routed({"num_experts": 8, "top_k": 2}, {"num_experts": experts})
    assert routings(derived) == [Routing(experts_per_token, experts)]
    assert dict(derived.defaults) == {experts_per_token: 2}


def test_fields_that_keep_their_names() -> None:
    derived = routed({"num_experts": 8, "top_k": 2}, {"num_experts": experts}, keep_names=True)
    (symbol,) = derived.defaults
    assert str(symbol) == "top_k"
    derived = routed(
        {"num_experts": 8, "top_k": 2, "x": 3}, {"num_experts": experts, "x": Symbol("top_k")}, keep_names=True
    )
    (symbol,) = derived.defaults
    assert str(symbol) == "top_k_"  # the name is taken


def test_a_frozen_field_stays_a_number() -> None:
    derived = routed({"num_experts": 8, "top_k": 2}, {"num_experts": experts}, frozen=["top_k"])
    assert routings(derived) == [Routing(Integer(2), experts)]
    assert dict(derived.defaults) == {}


def test_the_number_of_experts_may_be_fixed() -> None:
    derived = routed({"num_experts": 8, "top_k": 2}, {}, ("experts.up", (Integer(8), F, H)))
    assert routings(derived) == [Routing(experts_per_token, Integer(8))]
    one = routed({"num_experts": 1, "top_k": 1}, {}, ("experts.up", (Integer(1), F, H)))
    assert routings(one) == [UNKNOWN]


@pytest.mark.parametrize(
    "fields", [{"num_experts": 8}, {"num_experts": 8, "top_k": 0}, {"num_experts": 8, "top_k": True}]
)
def test_no_field_says_how_many_experts_a_token_is_sent_to(fields: Mapping[str, Any]) -> None:
    assert routings(routed(fields, {"num_experts": experts})) == [Routing(None, experts)]


@pytest.mark.parametrize(("prefix", "number"), FIXED_EXPERTS_PER_TOKEN.items())
def test_a_number_that_the_class_fixes(prefix: str, number: int) -> None:
    derived = routed({"num_experts": 8}, {"num_experts": experts}, cls=f"{prefix}Model")
    assert routings(derived) == [Routing(Integer(number), experts)]


def test_experts_that_no_field_explains_are_marked_as_unknown() -> None:
    assert routings(routed({}, {})) == [UNKNOWN]
    assert routings(routed({"hidden": 4}, {"hidden": H}, ("mlp.up", (F, H)))) == [None]
    over = ("mlp.embed.weight", (2 * experts, H))
    assert routings(routed({"num_experts": 8}, {"num_experts": experts}, over)) == [UNKNOWN]
    assert routings(routed({"num_experts": 8}, {"num_experts": experts}, ("mlp.gate.weight", (experts, H)))) == [None]


def test_each_configuration_has_its_own_choice() -> None:
    fields = {"text.num_experts": 8, "text.top_k": 2, "vision.num_experts": 4, "vision.top_k": 1}
    derived = routed(fields, {"text.num_experts": experts}, UP, ("experts.vision", (Integer(4), H, F)))
    first, second = routings(derived)
    assert first == Routing(experts_per_token, experts)
    assert second is not None
    assert (str(second.chosen), second.among) == ("vision_top_k", 4)
    lone = routed({"text.num_experts": 8, "vision.top_k": 3}, {"text.num_experts": experts})
    assert routings(lone) == [Routing(experts_per_token, experts)]
    apart = {"text.num_experts": 8, "vision.top_k": 3, "audio.top_k": 2}
    assert routings(routed(apart, {"text.num_experts": experts})) == [Routing(None, experts)]


@pytest.mark.parametrize(
    ("name", "shape", "loops", "expected"),
    [
        ("mlp.experts.up", (experts, F, H), (), experts),
        ("mlp.experts.up", (experts * H, F), (), experts),
        ("mlp.experts.up", (F * (experts + 1), H), (), experts + 1),
        ("mlp.experts.up", (F, H), (), None),
        ("mlp.up", (experts, F, H), (), experts),
        ("mlp.up", (experts, F), (), None),
        ("mlp.experts.bias", (experts,), (), experts),
        ("mlp.expert_{}.up", (F, H), (Loop(Integer(0), experts),), experts),
        ("mlp.{}.up", (F, H), (Loop(Integer(0), experts),), experts),
        ("mlp.{}.up", (F, H), (Loop(Integer(0), L),), None),
        ("mlp.router.weight", (experts, F, H), (), None),
        ("mlp.gate", (experts, F, H), (), None),
        ("mlp.experts.scale", (), (), None),
    ],
)
def test_the_experts_that_a_tensor_runs_over(name: str, shape: Any, loops: Any, expected: Any) -> None:
    assert experts_in(Tensor(name, shape, Role.MATRIX, "", "", loops), experts) == expected


@pytest.mark.parametrize(
    ("name", "shape", "among", "expected"),
    [
        ("experts.up", (Integer(8), H), 8, 8),
        ("experts.up", (Integer(16), H), 8, None),
        ("mlp.up", (Integer(8), H, F), 8, None),
        ("experts.up", (Integer(1), H), 1, None),
        ("experts.up", (Integer(2), H), 2, 2),
    ],
)
def test_a_fixed_number_of_experts_needs_the_name(name: str, shape: Any, among: int, expected: Any) -> None:
    assert experts_in(Tensor(name, shape, Role.MATRIX, ""), Integer(among)) == expected
