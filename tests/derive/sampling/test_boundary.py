"""Samples lie on both sides of each condition and floor of a formula."""

from __future__ import annotations

from random import Random
from typing import Any

import sympy
from sympy import Symbol

from bertsym.algebra import Iverson
from bertsym.derive.limits import MAX_BOUNDARY_SAMPLES
from bertsym.derive.sampling.boundary import AxisSweep, boundary_samples, condition_samples
from bertsym.layers import Role
from bertsym.symbols import E, H, L, N, T, V, tied
from bertsym.tree import Loop, Tensor
from tests.derive.sampling.spaces import SPACE, SYMBOLS, free_space


def sizes_near(*tensors: Tensor) -> list[dict[Symbol, Any]]:
    """Return the sizes of boundary samples of four seeds."""
    sizes: list[dict[Symbol, Any]] = []
    for seed in range(4):
        samples = map(SPACE.fields, boundary_samples(tensors, SPACE, SYMBOLS, Random(seed)))
        sizes += [{SYMBOLS[name]: size for name, size in fields.items() if name in SYMBOLS} for fields in samples]
    return sizes


def test_a_condition_is_sampled_where_it_changes() -> None:
    odd = Tensor("odd", (H,), Role.BIAS, "", "odd", when=sympy.Ne(N, 6))
    positions = {int(at[N]) for at in sizes_near(odd)}
    assert {6} < positions <= {2, 4, 6, 8}
    beside = Tensor("beside", (H,), Role.BIAS, "", "beside", when=sympy.Gt(N, E))
    assert {True, False} == {at[N] > at[E] for at in sizes_near(beside)}
    assert all(abs(at[N] - at[E]) <= 2 * 4 * 24 for at in sizes_near(beside))
    larger = Tensor("larger", (N + (E - N) * Iverson(E >= N),), Role.BIAS, "", "larger")
    assert {True, False} == {at[E] >= at[N] for at in sizes_near(larger)}


def test_a_floor_is_sampled_where_it_increases() -> None:
    loop = Loop(sympy.S.Zero, sympy.floor((H + 5) / 64))
    hidden = [int(at[H]) for at in sizes_near(Tensor("layer.{}.w", (V,), Role.BIAS, "", "layer", (loop,)))]
    assert hidden
    assert all((below + 5) // 64 < (above + 5) // 64 for below, above in zip(hidden[::2], hidden[1::2], strict=True))


def test_a_condition_that_cannot_change_has_no_samples() -> None:
    never = Tensor("never", (H,), Role.BIAS, "", "never", when=sympy.Gt(L, 90))
    unknown = Tensor("unknown", (sympy.floor(H / T),), Role.BIAS, "", "unknown")
    switched = Tensor("switched", (H,), Role.BIAS, "", "switched", when=tied)
    assert sizes_near(never, unknown, switched) == []


def test_a_compound_condition_is_sampled_near_all_its_boundaries() -> None:
    space = free_space(hidden=64, positions=64)
    symbols: dict[str, Symbol] = {"hidden": H, "positions": N}
    both = Tensor("both", (H,), Role.BIAS, "", "both", when=sympy.And(H > 300, N > 200))
    fields = [space.fields(steps) for steps in boundary_samples([both], space, symbols, Random(1))]
    assert len(fields) <= MAX_BOUNDARY_SAMPLES
    assert any(abs(int(at["hidden"]) - 300) <= 2 and abs(int(at["positions"]) - 200) <= 2 for at in fields)


def test_a_sweep_finds_the_change_of_sign_and_one_step_further() -> None:
    space = free_space(hidden=64)
    (axis,) = space.axes
    sweep = AxisSweep(H - 1000, axis, space, {"hidden": H}, {"hidden": 64})
    counts = [steps["hidden"] for steps in sweep.samples()]
    assert counts == [998, 999, 1000, 1001]
    assert [sweep.meets({"hidden": count}) for count in counts] == [False, False, True, False]
    assert list(AxisSweep(H + 1, axis, space, {"hidden": H}, {"hidden": 64}).samples()) == []
    at_minimum = AxisSweep(H - 1, axis, space, {"hidden": H}, {"hidden": 64})
    assert {steps["hidden"] for steps in at_minimum.samples()} >= {1, 2}


def test_samples_at_which_a_condition_holds() -> None:
    space = free_space(hidden=64, positions=64)
    symbols: dict[str, Symbol] = {"hidden": H, "positions": N}
    rare = Tensor("rare", (H,), Role.BIAS, "", "rare", when=sympy.Eq(H, N))
    bracket = Tensor("bracket", (H + Iverson(N > 2),), Role.BIAS, "", "bracket")
    fields = [space.fields(steps) for steps in condition_samples([rare, bracket], space, symbols, Random(1))]
    assert sum(at["hidden"] == at["positions"] for at in fields) >= 10
    assert {True, False} == {at["positions"] > 2 for at in fields}
