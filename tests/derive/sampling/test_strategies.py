"""Strategies choose samples inside of the domains that show comparisons, periods and outliers."""

from __future__ import annotations

from itertools import combinations, islice, product
from random import Random

from bertsym.derive.domain.field_domain import FieldDomain
from bertsym.derive.domain.space import Space
from bertsym.derive.sampling.strategies import (
    adversarial,
    below_default,
    full_factorial,
    orthogonal_array,
    small_and_near_default,
    small_with_outliers,
)
from tests.derive.sampling.spaces import SPACE, free_space


def test_an_orthogonal_array_has_all_combinations_of_any_sizes() -> None:
    for strength, levels in ((2, 5), (3, 3), (2, 7)):
        space = free_space(**{f"size_{index}": 9 for index in range(levels)})
        rows = list(orthogonal_array(space, Random(strength), strength, levels))
        assert len(rows) == levels**strength
        for names in combinations(space.base, strength):
            combined = {tuple(row[name] - 1 for name in names) for row in rows}
            assert combined == set(product(range(levels), repeat=strength)), names


def test_a_full_factorial_design_is_made_only_if_it_is_small() -> None:
    space = free_space(hidden=9, width=9)
    rows = [(steps["hidden"], steps["width"]) for steps in full_factorial(space, Random(1), 9)]
    assert rows == list(product((1, 2, 3), repeat=2))
    assert list(full_factorial(space, Random(1), 8)) == []


def test_adversarial_samples_have_every_order_of_every_two_sizes() -> None:
    """Draw 200 samples in the space: every two sizes are equal in some, and each is the larger one in others."""
    sizes = [FieldDomain(f"size_{index}", 64, min_steps=index % 2) for index in range(5)]
    sizes += [FieldDomain("depth", 3, min_steps=0, is_depth=True)]
    space = Space({axis.name: axis.base for axis in sizes}, tuple(sizes), ())
    for seed in range(5):
        samples = [space.fields(steps) for steps in adversarial(space, Random(seed), 200)]
        assert len(samples) == 200
        assert all(space.contains(fields) for fields in samples), seed
        for one, other in combinations(space.base, 2):
            orders = {(fields[one] > fields[other]) - (fields[one] < fields[other]) for fields in samples}
            assert orders == {-1, 0, 1}, (seed, one, other)
        assert max(fields["depth"] for fields in samples) > 9, seed


def test_adversarial_samples_keep_constraints() -> None:
    """A size that is a multiple of another is one in all of 200 samples."""
    for steps in adversarial(SPACE, Random(3), 200):
        fields = SPACE.fields(steps)
        assert fields["text"] % fields["heads"] == 0
        assert fields["window"] <= fields["patch"]
        assert fields["twice"] == 2 * fields["text"]


def test_an_outlier_is_far_from_the_other_sizes_but_no_deep_stack() -> None:
    space = free_space(hidden=64, width=64, layers=2)
    samples = list(islice(small_with_outliers(space, Random(2)), 300))
    assert max(steps["hidden"] for steps in samples) == 1024
    assert max(steps["layers"] for steps in samples) == 64
    usual = [steps for index, steps in enumerate(samples) if index % 5 != 4]
    assert max(steps["hidden"] for steps in usual) <= 40


def test_samples_near_the_default_keep_most_fields() -> None:
    space = free_space(**{f"width_{index}": 300 + index for index in range(8)})
    samples = list(small_and_near_default(space, Random(3)))
    small, near = samples[:8], samples[8:]
    assert max(count for steps in small for count in steps.values()) <= 10
    assert sum(steps[name] == space.base[name] for steps in near for name in steps) > len(near) * 8 // 2


def test_depths_below_the_default_stay_near_it() -> None:
    space = free_space(layers=48)
    depths = {below_default(space, Random(seed), {"layers": 48}, 2)["layers"] for seed in range(20)}
    assert depths == {46, 47, 48}
