"""Constraint templates against a fake oracle: the weakest that builds, and none that the defaults keep by chance."""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import Any

import pytest

from bertsym.derive.domain.base_trials import BaseTrials
from bertsym.derive.domain.constraint_templates import ConstraintSearch, constraints_with_constants, weak_constraints
from bertsym.derive.domain.field_domain import Choice, Determined, FieldDomain, Free, MultipleOf
from tests.derive.fake_oracle import FakeOracle, Shapes, require


def search_of(shapes: Any, target: str = "fake", /, **defaults: Any) -> ConstraintSearch:
    oracle: Any = FakeOracle(shapes, target, **defaults)
    return ConstraintSearch(BaseTrials(oracle, dict(oracle.description.fields)), Random(1))


def found(search: ConstraintSearch, name: str, *, with_constants: bool = False) -> FieldDomain:
    axis = search.find(name, is_depth=False, with_constants=with_constants)
    assert axis is not None
    return axis


def test_constraints_come_from_the_weakest_to_the_strongest() -> None:
    base = {"hidden": 64, "heads": 8, "kv": 8, "head_width": 8}
    free = FieldDomain("hidden", 64)
    allowed = [axis.allowed for axis in weak_constraints(free, base, ["heads", "kv", "head_width"])]
    assert allowed[0] == Free(2)
    assert allowed[1] == MultipleOf(("heads",))
    assert allowed.index(MultipleOf(("heads",), 4)) < allowed.index(MultipleOf(("heads", "kv")))
    assert Determined(("heads", "head_width")) in allowed
    constants = [axis.allowed for axis in constraints_with_constants(free, base, ["heads"])]
    assert constants[0] == Free(4)
    assert constants[-1] == Determined(("heads",), 8)


def test_a_quotient_of_three_fields() -> None:
    base = {"hidden": 4096, "expand": 2, "head_width": 64, "heads": 128}
    allowed = [
        axis.allowed for axis in weak_constraints(FieldDomain("heads", 128), base, ["hidden", "expand", "head_width"])
    ]
    assert Determined(("hidden", "expand"), divided_by="head_width") in allowed


def test_a_field_of_another_configuration_is_no_factor() -> None:
    base = {"vision.hidden": 64, "vision.heads": 8, "text.width": 8}
    allowed = [
        axis.allowed
        for axis in weak_constraints(FieldDomain("vision.hidden", 64), base, ["vision.heads", "text.width"])
    ]
    assert MultipleOf(("vision.heads", "text.width")) not in allowed
    assert MultipleOf(("text.width",)) in allowed


def attention(hidden: int, heads: int, stride: int) -> Shapes:
    require(hidden > 0 and heads > 0 and stride > 0 and hidden % heads == 0)
    return {"w": (hidden, stride)}


def test_a_divisor_is_found_and_a_number_that_happens_to_divide_is_not() -> None:
    search = search_of(attention, hidden=768, heads=12, stride=2)
    assert found(search, "hidden").allowed == MultipleOf(("heads",))
    free = search_of(attention, hidden=768, heads=12, stride=2)
    assert found(free, "stride").allowed == Free()


def test_the_minimum_is_the_least_that_builds() -> None:
    def shapes(hidden: int, layers: int) -> Shapes:
        require(hidden > 16)
        return {"w": (hidden, layers)}

    search = search_of(shapes, "own:build", hidden=64, layers=2)
    assert found(search, "hidden").min_steps == 17
    assert found(search, "layers").min_steps == 0


def test_two_equal_divisors_are_both_found() -> None:
    def shapes(hidden: int, heads: int, decoder_heads: int) -> Shapes:
        require(min(heads, decoder_heads) > 0 and hidden % heads == 0 and hidden % decoder_heads == 0)
        return {"w": (hidden,)}

    search = search_of(shapes, hidden=1024, heads=16, decoder_heads=16)
    assert set(found(search, "hidden").multiple_of) == {"heads", "decoder_heads"}


def test_an_equal_field_is_determined() -> None:
    def shapes(hidden: int, out: int) -> Shapes:
        require(hidden == out)
        return {"w": (hidden, out)}

    search = search_of(shapes, hidden=64, out=64)
    assert search.find("hidden", is_depth=False, with_constants=False) == FieldDomain(
        "hidden", 64, Determined(("out",))
    )


def test_a_stride_and_a_list_are_the_last_to_be_tried() -> None:
    def aligned(hidden: int) -> Shapes:
        require(hidden % 16 == 0)
        return {"w": (hidden,)}

    search = search_of(aligned, hidden=64)
    assert search.find("hidden", is_depth=False, with_constants=False) is None
    assert found(search, "hidden", with_constants=True).allowed == Free(16)

    def listed(kernel: int) -> Shapes:
        require(kernel in (1, 3, 4, 24))
        return {"w": (kernel,)}

    assert found(search_of(listed, kernel=3), "kernel", with_constants=True).allowed == Choice((3, 1, 4, 24))


def test_a_ratio_is_a_multiple_of_a_quarter() -> None:
    def shapes(hidden: int, ratio: Fraction) -> Shapes:
        require(ratio > 0)
        return {"w": (hidden, int(hidden * ratio))}

    axis = found(search_of(shapes, hidden=64, ratio=Fraction(4)), "ratio")
    assert (axis.allowed, axis.is_ratio) == (Free(Fraction(1, 4)), True)


def test_fields_that_only_build_in_proportion() -> None:
    def shapes(hidden: int, inner: int, other: int) -> Shapes:
        require(hidden == 4 * inner)
        return {"w": (hidden, inner, other)}

    search = search_of(shapes, hidden=256, inner=64, other=7)
    for name in ("hidden", "inner"):
        assert search.find(name, is_depth=False, with_constants=False) is None
    assert set(search.find_proportional(["hidden", "inner"])) == {"inner", "hidden"}
    assert search.domains["hidden"].allowed == Determined(("inner",), 4)
    assert search.domains["inner"].allowed == Free()


def test_fields_with_a_constant_sum_are_in_no_proportion() -> None:
    def shapes(hidden: int, rows: int, columns: int) -> Shapes:
        require(rows + columns == hidden)
        return {"w": (rows, columns)}

    search = search_of(shapes, hidden=256, rows=64, columns=192)
    before = dict(search.domains)
    assert search.find_proportional(["rows", "columns"]) == []
    assert search.domains == before


@pytest.mark.parametrize("seed", range(4))
def test_the_seed_decides_only_how_far_away_is_tried(seed: int) -> None:
    oracle: Any = FakeOracle(attention, hidden=768, heads=12, stride=2)
    search = ConstraintSearch(BaseTrials(oracle, dict(oracle.description.fields)), Random(seed))
    assert found(search, "hidden").allowed == MultipleOf(("heads",))
