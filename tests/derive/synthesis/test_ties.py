"""Tied tensors: the shape of the target, the condition of the tie, and targets without a formula."""

from __future__ import annotations

from typing import Any

import sympy

from bertsym.derive.evaluator import Evaluator
from bertsym.derive.synthesis.synthesize import synthesize
from bertsym.derive.synthesis.ties import unify_tied_shapes, without_dangling_ties
from bertsym.derive.types import Failure, Observation
from bertsym.layers import Role
from bertsym.symbols import H, V, tied
from bertsym.tree import Tensor

from .observing import Sizes, built

OBSERVATIONS = [built(lambda s: {"in": (s[V],), "out": (s[V],)}, {V: 6 + row, H: 6 + row}) for row in range(4)]
WIDE, NARROW = sympy.Gt(H, 7), sympy.Le(H, 7)
EVALUATORS = [Evaluator(observation.sizes) for observation in OBSERVATIONS]


def tensor(name: str, shape: Any, **fields: Any) -> Tensor:
    return Tensor(name, (shape,), Role.MATRIX, "", **fields)


def unified(*tensors: Tensor) -> tuple[list[Tensor], list[Failure]]:
    failures: list[Failure] = []
    return list(unify_tied_shapes(tensors, OBSERVATIONS, EVALUATORS, failures)), failures


def test_a_tied_tensor_gets_the_shape_of_its_target() -> None:
    target, copy = tensor("in", V), tensor("out", H, tied_to="in")
    assert unified(target, copy) == ([target, tensor("out", V, tied_to="in")], [])


def test_a_shape_that_observations_refute() -> None:
    target, copy = tensor("in", V + 1), tensor("out", H, tied_to="in")
    tensors, failures = unified(target, copy)
    assert tensors == [target]
    assert [(failure.tensor, failure.part) for failure in failures] == [("out", "tie")]
    assert "target in" in failures[0].reason
    flat = Tensor("in", (V, H), Role.MATRIX, "")
    assert unified(flat, copy)[0] == [flat]


def test_a_tensor_that_is_tied_at_times_keeps_its_own_shape() -> None:
    target, copy = tensor("in", V), tensor("out", H, tied_to="in", tied_when=tied)
    assert unified(target, copy) == ([target, copy], [])
    assert unified(target, tensor("free", H)) == ([target, tensor("free", H)], [])


def test_a_target_with_several_cases() -> None:
    large, small = tensor("in", V, when=WIDE), tensor("in", 2 * H, when=NARROW)
    copy = tensor("out", 7, tied_to="in")
    tensors, failures = unified(large, small, copy)
    assert failures == []
    assert tensors[2:] == [
        tensor("out", V, tied_to="in", when=WIDE),
        tensor("out", 2 * H, tied_to="in", when=NARROW),
    ]
    # A case that cannot meet the tensor's own condition is left out.
    tensors, _ = unified(large, small, tensor("out", 7, tied_to="in", when=WIDE))
    assert tensors[2:] == [tensor("out", V, tied_to="in", when=WIDE)]
    # A case of the same shape says when the tensor has it.
    tensors, _ = unified(large, small, tensor("out", V, tied_to="in"))
    assert tensors[2:] == [tensor("out", V, tied_to="in", when=WIDE)]


def test_a_target_without_a_formula() -> None:
    failures = [Failure("in", "dimension 0", "no formula")]
    free, copy = tensor("free", H), tensor("out", H, tied_to="in")
    assert list(without_dangling_ties([free, copy], failures)) == [free]
    assert [(failure.tensor, failure.part) for failure in failures] == [("in", "dimension 0"), ("out", "tie")]
    assert failures[1].reason == "it is tied to in, which has no formula"


def model(sizes: Sizes) -> Observation:
    """Return an embedding with an output that is its copy if a switch is on, else a matrix of its own."""
    targets = {"out": "in"} if sizes[tied] else {}
    return built(lambda s: {"in": (s[V], s[H]), "out": (s[V], s[H])}, sizes, targets)


def test_a_tie_by_a_switch() -> None:
    observations = [model({V: 20 + 3 * row, H: 5 + row * row % 7, tied: row % 2 == 0}) for row in range(10)]
    candidate = synthesize(observations, [V, H, tied])
    assert candidate.refused == ()
    into, out = candidate.tensors
    assert (into.shape, out.shape, out.tied_to, out.tied_when) == ((V, H), (V, H), "in", tied)


def test_ties_to_two_tensors_have_no_formula() -> None:
    observations = [
        built(
            lambda s: {"first": (s[V],), "second": (s[V],), "out": (s[V],)},
            {V: 20 + row},
            {"out": "first" if row % 2 else "second"},
        )
        for row in range(8)
    ]
    candidate = synthesize(observations, [V])
    assert [(failure.tensor, failure.part) for failure in candidate.refused] == [("out", "tie")]
    assert "first, second" in candidate.refused[0].reason


def test_a_failed_target_fails_its_copies() -> None:
    observations = [
        built(lambda s: {"in": (s[V] ** 5 % 97,), "out": (s[V] ** 5 % 97,)}, {V: 20 + row}, {"out": "in"})
        for row in range(30)
    ]
    candidate = synthesize(observations, [V])
    assert candidate.tensors == ()
    assert {failure.tensor for failure in candidate.refused} == {"in", "out"}
