"""The domain of a field: steps to values and back, the guard, the range that is sampled, and its words and file."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import pytest

from bertsym.derive.domain.field_domain import (
    Bounded,
    Choice,
    Determined,
    FieldDomain,
    Free,
    MultipleOf,
    Switch,
    alternative_values,
)
from bertsym.derive.domain.stored_space import from_stored, to_stored
from bertsym.derive.types import Fields, Number
from bertsym.values import replace

FIELDS: Fields = {"heads": 12, "groups": 8, "patch": 16, "hidden": 768, "tied": True}
DOMAINS = (
    FieldDomain("width", 100),
    FieldDomain("width", 96, Free(32)),
    FieldDomain("ratio", Fraction(4), Free(Fraction(1, 4))),
    FieldDomain("hidden", 768, MultipleOf(("heads",))),
    FieldDomain("hidden", 768, MultipleOf(("heads", "groups"), 2)),
    FieldDomain("window", 8, Bounded(Free(), at_most="patch")),
    FieldDomain("window", 20, Bounded(Free(2), greater_than="patch"), min_steps=0),
    FieldDomain("width", 24, Bounded(MultipleOf(("heads",)), at_most="hidden")),
    FieldDomain("inner", 3072, Determined(("hidden",), 4)),
    FieldDomain("state", 24, Determined(("heads", "patch"), 1, "groups")),
    FieldDomain("kernel", 4, Choice((4, 1, 16))),
    FieldDomain("tied", True, Switch()),
    FieldDomain("kernel", 4, Choice((4, 1)), only_if=(("tied", True),)),
    FieldDomain("depth", 12, is_depth=True, sampled_values=20),
)


@pytest.mark.parametrize("axis", DOMAINS, ids=lambda axis: axis.describe())
def test_the_steps_of_a_value_lead_back_to_it(axis: FieldDomain) -> None:
    for steps in range(axis.min_steps, axis.max_steps + 1):
        fields = {**FIELDS, axis.name: axis.value_at(steps, FIELDS)}
        again = axis.steps_of(fields)
        assert again is not None
        assert axis.value_at(again, FIELDS) == fields[axis.name]


@pytest.mark.parametrize(
    ("axis", "steps", "expected"),
    [
        (FieldDomain("width", 96, Free(32)), 3, 96),
        (FieldDomain("ratio", Fraction(4), Free(Fraction(1, 4))), 3, Fraction(3, 4)),
        (FieldDomain("hidden", 768, MultipleOf(("heads",))), 2, 24),
        (FieldDomain("hidden", 768, MultipleOf(("heads", "groups"))), 2, 48),  # the least common multiple is 24
        (FieldDomain("hidden", 768, MultipleOf(("heads", "groups"), 2)), 1, 48),
        (FieldDomain("window", 8, Bounded(Free(), at_most="patch")), 16, 16),
        (FieldDomain("window", 8, Bounded(Free(), at_most="patch")), 17, 1),  # begins again
        (FieldDomain("window", 20, Bounded(Free(), greater_than="patch")), 1, 17),
        (FieldDomain("inner", 3072, Determined(("hidden",), 4)), 5, 3072),
        (FieldDomain("state", 1, Determined(("hidden", "heads"), divided_by="patch")), 5, 576),
        (FieldDomain("kernel", 4, Choice((4, 1, 16))), 4, 1),
        (FieldDomain("tied", False, Switch()), 1, True),
        (FieldDomain("kernel", 4, Free(), only_if=(("tied", False),)), 9, 4),  # stays at its base value
    ],
)
def test_the_value_after_some_steps(axis: FieldDomain, steps: int, expected: Number) -> None:
    assert axis.value_at(steps, FIELDS) == expected


@pytest.mark.parametrize(
    ("axis", "number"),
    [
        (FieldDomain("width", 96, Free(32)), 100),
        (FieldDomain("hidden", 768, MultipleOf(("heads",))), 770),
        (FieldDomain("kernel", 4, Choice((4, 1, 16))), 2),
    ],
)
def test_a_value_that_is_not_allowed_has_no_steps(axis: FieldDomain, number: Number) -> None:
    assert axis.steps_of({**FIELDS, axis.name: number}) is None


def test_depths_and_divisors_are_sampled_from_few_values() -> None:
    width, divisor = FieldDomain("width", 100), FieldDomain("heads", 12, is_divisor=True)
    depth, limited = FieldDomain("depth", 12, is_depth=True), FieldDomain("width", 100, sampled_values=3, min_steps=2)
    assert width.value_count > divisor.value_count > depth.value_count > limited.value_count
    assert (limited.min_steps, limited.max_steps) == (2, 4)
    assert {limited.sample(Random(seed)) for seed in range(30)} == {2, 3, 4}


def test_a_default_beyond_the_samples_has_steps() -> None:
    assert FieldDomain("depth", 12, is_depth=True).default_steps_outside_range({"depth": 12}) == 12
    assert FieldDomain("depth", 5, is_depth=True).default_steps_outside_range({"depth": 5}) is None
    assert FieldDomain("hidden", 768, MultipleOf(("heads",))).default_steps_outside_range(FIELDS) is None


def test_a_field_reaches_allowed_values_among_fixed_others() -> None:
    fields = {**FIELDS, "window": 8, "width": 100, "inner": 3072}
    assert FieldDomain("hidden", 768, MultipleOf(("heads",))).reaches(120, fields)
    assert not FieldDomain("hidden", 768, MultipleOf(("heads",))).reaches(100, fields)
    assert not FieldDomain("window", 8, Bounded(Free(), at_most="patch")).reaches(17, fields)
    assert FieldDomain("inner", 3072, Determined(("hidden",), 4)).reaches(3072, fields)
    assert not FieldDomain("inner", 3072, Determined(("hidden",), 4)).reaches(3073, fields)
    assert not FieldDomain("width", 100, only_if=(("tied", False),)).reaches(99, fields)
    assert FieldDomain("width", 100).reaches(9999, fields)  # a width may be larger than samples are
    assert not FieldDomain("width", 100, is_divisor=True).reaches(9999, fields)


def test_bounds_stay_when_a_field_becomes_a_multiple() -> None:
    bounded = FieldDomain("width", 24, Free(2)).with_bounds(at_most="hidden")
    multiple = bounded.as_multiple_of(("heads",), min_steps=1)
    assert multiple.allowed == Bounded(MultipleOf(("heads",), 2), at_most="hidden")
    assert multiple.depends_on == ("heads", "hidden")
    assert multiple.with_stride(1).stride == 1
    both = multiple.with_bounds(greater_than="patch")
    assert (both.at_most, both.greater_than) == ("hidden", "patch")


@pytest.mark.parametrize(
    ("axis", "words"),
    [
        (DOMAINS[0], "1 to 500"),
        (DOMAINS[1], "32 to 16000 in steps of 32"),
        (DOMAINS[3], "1 to 24 times heads; others are refused"),
        (DOMAINS[5], "1 to 500, at most patch"),
        (DOMAINS[6], "patch and 0 to 998 in steps of 2"),
        (DOMAINS[8], "4*hidden; others are refused"),
        (DOMAINS[9], "heads*patch/groups; others are refused"),
        (DOMAINS[10], "1, 4, 16"),
        (DOMAINS[11], "yes and no"),
        (DOMAINS[12], "1, 4, if tied is true"),
    ],
)
def test_a_domain_in_words(axis: FieldDomain, words: str) -> None:
    assert axis.describe() == words


@pytest.mark.parametrize("axis", DOMAINS, ids=lambda axis: axis.describe())
def test_a_file_keeps_the_values_and_the_samples(axis: FieldDomain) -> None:
    stored = from_stored(axis.name, axis.base, to_stored(axis))
    assert (stored.allowed, stored.only_if) == (axis.allowed, axis.only_if)
    if axis.is_stepped:
        assert (stored.min_steps, stored.max_steps) == (axis.min_steps, axis.max_steps)


def test_a_guarded_switch_comes_back_from_a_file() -> None:
    guarded = FieldDomain("tied", True, Switch(), only_if=(("biased", True),))
    rule = to_stored(guarded)
    assert (rule.allowed, rule.only_if) == (Switch(), (("biased", True),))
    assert replace(from_stored("tied", True, rule), sampled_values=0) == guarded


def test_a_ratio_stays_a_fraction_in_a_file() -> None:
    """A file has 4 for 4.0; the options of a ratio are fractions again when it is read."""
    axis = FieldDomain("scale", Fraction(1, 2), Choice((Fraction(1, 2), Fraction(4))))
    stored = from_stored("scale", Fraction(1, 2), to_stored(replace(axis, allowed=Choice((Fraction(1, 2), 4)))))
    assert stored.options == (Fraction(1, 2), Fraction(4))
    assert all(isinstance(option, Fraction) for option in stored.options)


def test_other_values_of_a_field() -> None:
    assert list(alternative_values(True)) == [False]
    assert list(alternative_values(8)) == [1, 2, 4, 7, 9, 16, 24]
    assert all(number >= 0 for number in alternative_values(0))
    ratios = set(alternative_values(Fraction(1, 2)))
    assert Fraction(1, 2) not in ratios
    assert Fraction(1) in ratios
