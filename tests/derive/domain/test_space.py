"""Spaces: the order of domains, values from steps, fixed fields and what follows them, and each way to sample."""

from __future__ import annotations

from random import Random

from bertsym.derive.domain.field_domain import Bounded, Determined, FieldDomain, Free, MultipleOf, Switch
from bertsym.derive.domain.space import FixedBy, FixedField, Space, in_dependency_order, with_domain
from bertsym.values import replace

BASE = {"heads": 4, "hidden": 64, "inner": 256, "window": 3, "layers": 2, "tied": True}
AXES = (
    FieldDomain("heads", 4, is_divisor=True),
    FieldDomain("hidden", 64, MultipleOf(("heads",))),
    FieldDomain("inner", 256, Determined(("hidden",), 4)),
    FieldDomain("window", 3, Bounded(Free(), at_most="heads")),
    FieldDomain("layers", 2, is_depth=True, min_steps=0),
    FieldDomain("tied", True, Switch()),
)
SPACE = Space(BASE, AXES, ())


def test_a_domain_stands_after_what_it_depends_on() -> None:
    arranged = in_dependency_order(reversed(AXES))
    assert arranged is not None
    names = [axis.name for axis in arranged]
    assert names.index("heads") < names.index("hidden") < names.index("inner")
    assert with_domain(AXES, FieldDomain("heads", 4, MultipleOf(("inner",)))) is None  # a circle


def test_values_follow_the_steps_and_else_the_base() -> None:
    assert SPACE.fields({}) == BASE
    assert SPACE.fields({"heads": 8, "hidden": 3}) == {**BASE, "heads": 8, "hidden": 24, "inner": 96}
    assert SPACE.fields({"heads": 5})["hidden"] == 5 * 16  # 64 were 16 steps of 4
    assert SPACE.fields(SPACE.default_steps()) == BASE


def test_a_line_of_one_field_equals_the_fields_at_each_of_its_steps() -> None:
    random = Random(5)
    for name in BASE:
        start = SPACE.sample(random)
        line = SPACE.line(start, name)
        for count in (0, 1, 7, 1, 3):
            assert line(count) == SPACE.fields({**start, name: count})


def test_dependent_fields_keep_their_steps_when_another_changes() -> None:
    assert SPACE.with_changes(BASE, {"heads": 5}) == {**BASE, "heads": 5, "hidden": 80, "inner": 320}
    assert SPACE.with_changes(BASE, {"hidden": 8, "inner": 7}) == {**BASE, "hidden": 8, "inner": 7}


def test_every_sample_is_a_member() -> None:
    random = Random(4)
    samplers = (SPACE.sample, SPACE.sample_near_default, SPACE.sample_small, SPACE.sample_with_ties)
    for sample in samplers:
        for _ in range(60):
            fields = SPACE.fields(sample(random))
            assert SPACE.contains(fields)
            assert fields["hidden"] % fields["heads"] == 0
            assert fields["inner"] == 4 * fields["hidden"]
            assert fields["window"] <= fields["heads"]
    assert not SPACE.contains({**BASE, "hidden": 65})
    assert not SPACE.contains({**BASE, "inner": 255})


def test_each_way_to_sample_has_its_values() -> None:
    random = Random(4)
    edges = [SPACE.sample(random, edge=True) for _ in range(200)]
    minimal = sum(steps["heads"] == 1 for steps in edges)
    assert 60 < minimal < 110  # two of five, and a few by chance
    near = [SPACE.fields(SPACE.sample_near_default(random)) for _ in range(200)]
    assert sum(fields["heads"] == 4 for fields in near) > 140
    small = [SPACE.sample_small(random) for _ in range(200)]
    assert {steps["hidden"] for steps in small} == {1, 2, 3, 4, 6, 10}
    ties = [SPACE.fields(SPACE.sample_with_ties(random)) for _ in range(200)]
    assert any(fields["layers"] == fields["heads"] for fields in ties)
    assert max(fields["layers"] for fields in ties) > 6  # deeper than other samples


def test_depths_can_be_extended() -> None:
    extended = SPACE.with_extended_depths(["layers"]).axis("layers")
    assert extended is not None
    assert (extended.value_count, AXES[4].value_count) == (20, 6)


def test_a_determined_field_is_fixed_with_its_leaders() -> None:
    space = Space(BASE, AXES[2:], (FixedField("hidden", "held", FixedBy.CODE),)).propagate_fixed()
    assert [(field.name, field.fixed_by) for field in space.fixed] == [
        ("hidden", FixedBy.CODE),
        ("inner", FixedBy.CODE),
    ]
    assert space.axis("inner") is None
    fixed = SPACE.with_fixed({"hidden": 32})
    assert fixed.base["hidden"] == 32
    assert [field.name for field in fixed.fixed] == ["hidden", "inner"]
    assert {field.fixed_by for field in fixed.fixed} == {FixedBy.DERIVATION}


def test_the_degree_of_a_value_in_the_steps() -> None:
    degrees = {axis.name: SPACE.degree(axis) for axis in AXES}
    assert degrees == {"heads": 1, "hidden": 2, "inner": 2, "window": 1, "layers": 1, "tied": 1}


def test_fields_without_effect_are_named() -> None:
    space = replace(SPACE, axes=(replace(AXES[0], no_effect=True), *AXES[1:]))
    assert space.fields_without_effect == ("heads",)
