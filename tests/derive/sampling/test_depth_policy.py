"""A depth is sampled deeper if a rule over its layers may need a deeper stack to show."""

from __future__ import annotations

import sympy
from sympy import Symbol

from bertsym.derive.domain.field_domain import FieldDomain, Free
from bertsym.derive.domain.space import Space
from bertsym.derive.sampling.depth_policy import depths_to_extend, failures_by_field
from bertsym.derive.types import Candidate, Failure
from bertsym.layers import Role
from bertsym.symbols import H, Kind, L, Own
from bertsym.tree import Loop, Tensor
from tests.derive.sampling.spaces import free_space

SPACE = free_space(layers=4, hidden=8)
SYMBOLS: dict[str, Symbol] = {"layers": L, "hidden": H}


def bias(when: sympy.Basic = sympy.true, *loops: Loop) -> Tensor:
    return Tensor("layer.{}.bias" if loops else "bias", (H,), Role.BIAS, "", "layer", loops, when=when)


def extended(*tensors: Tensor, failures: tuple[Failure, ...] = ()) -> list[str]:
    return list(depths_to_extend(Candidate(tensors, failures), SPACE, SYMBOLS))


def test_a_loop_over_all_layers_needs_no_deeper_stack() -> None:
    assert extended(bias(sympy.true, Loop(sympy.S.Zero, L))) == []


def test_a_loop_over_some_layers_does() -> None:
    assert extended(bias(sympy.true, Loop(sympy.S.Zero, L, sympy.S(2)))) == ["layers"]


def test_a_comparison_with_a_number_beyond_the_usual_does() -> None:
    assert extended(bias(sympy.Gt(L, 2))) == []
    assert extended(bias(sympy.Gt(L, 3))) == ["layers"]
    assert extended(bias(sympy.Gt(H, 300))) == []


def test_a_failure_that_the_depth_may_explain_does() -> None:
    failure = Failure("layer.{}.weight", "dimension 0", "no formula", frozenset({L, H}))
    assert failures_by_field([failure, failure], SPACE, SYMBOLS) == {"layers": 2, "hidden": 2}
    assert extended(failures=(failure,)) == ["layers"]


def test_more_than_two_stacks_are_not_sampled_deeper() -> None:
    names = ("encoder", "decoder", "vision")
    depths = tuple(FieldDomain(name, 4, Free(), is_depth=True) for name in names)
    space = Space(dict.fromkeys(names, 4), depths, ())
    symbols: dict[str, Symbol] = {name: Own(name, Kind.DEPTH) for name in names}
    for count in (2, 3):
        failure = Failure("weight", "dimension 0", "no formula", frozenset([symbols[n] for n in names[:count]]))
        found = depths_to_extend(Candidate((), (failure,)), space, symbols)
        assert list(found) == (list(names[:2]) if count == 2 else [])
