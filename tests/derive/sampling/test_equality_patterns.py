"""Sizes are made equal in patterns: every two of them, within their domains, and no two pairs always together."""

from __future__ import annotations

from itertools import combinations, islice
from random import Random

from bertsym.derive.domain.field_domain import FieldDomain, Free, Switch
from bertsym.derive.domain.space import Space
from bertsym.derive.sampling.equality_patterns import EqualitySamples, equality_patterns, impose_equalities
from tests.derive.sampling.spaces import SPACE, free_space


def test_every_two_sizes_are_equal_in_some_samples_and_unequal_in_others() -> None:
    random = Random(5)
    equal: set[tuple[str, str]] = set()
    unequal: set[tuple[str, str]] = set()
    for pattern in islice(equality_patterns(SPACE, random), 60):
        fields = SPACE.fields(impose_equalities(SPACE, SPACE.sample(random), pattern))
        assert fields["text"] % fields["heads"] == 0
        assert fields["image"] % (4 * fields["groups"]) == 0
        assert fields["window"] <= fields["patch"]
        assert fields["twice"] == 2 * fields["text"]
        assert 1 <= fields["layers"] <= 6
        for pair in combinations(sorted(fields), 2):
            (equal if fields[pair[0]] == fields[pair[1]] else unequal).add(pair)
    wide = ("image", "patch", "text", "window")
    assert set(combinations(wide, 2)) <= equal & unequal  # text and image are multiples of different divisors
    assert set(combinations(("groups", "heads", "layers"), 2)) <= equal & unequal


def test_no_two_equalities_always_come_together() -> None:
    space = free_space(**{f"width_{index}": 100 + index for index in range(6)})
    pairs = list(combinations(space.base, 2))
    for seed in range(5):
        random = Random(seed)
        samples = [
            space.fields(impose_equalities(space, space.sample(random), pattern))
            for pattern in islice(equality_patterns(space, random), 16)
        ]
        columns = {tuple(fields[one] == fields[other] for fields in samples) for one, other in pairs}
        assert len(columns) == len(pairs)


def test_sizes_with_equal_defaults_are_equal_first() -> None:
    widths = [FieldDomain(f"width_{index}", 100 + index) for index in range(40)]
    space = Space({}, (FieldDomain("out", 768, no_effect=True), FieldDomain("hidden", 768, Free(4)), *widths), ())
    for seed in range(5):
        pattern = next(equality_patterns(space, Random(seed)))
        assert [[axis.name for axis in group] for group in pattern] == [["hidden", "out"]]


def test_one_size_has_no_pattern() -> None:
    assert list(equality_patterns(free_space(hidden=8), Random(0))) == []


def test_every_other_round_inverts_the_switches() -> None:
    base = {"hidden": 64, "embedding": 32, "layers": 2, "linked": True}
    sizes = [FieldDomain(name, base[name], is_depth=name == "layers") for name in ("hidden", "embedding", "layers")]
    space = Space(base, (*sizes, FieldDomain("linked", True, Switch())), ())
    samples = EqualitySamples(Random(5))
    first, second, third = ([space.fields(steps) for steps in samples.next_round(space)] for _ in range(3))
    for one, other in zip(first, second, strict=True):
        assert one["linked"] is not other["linked"]
        # At an edge both may be 1 all the same.
        assert not one["hidden"] == one["embedding"] > 1 or other["hidden"] == other["embedding"]
    assert any(one["hidden"] == one["embedding"] for one in first)
    assert [one["hidden"] for one in third] != [one["hidden"] for one in second]


def test_a_new_space_begins_with_new_patterns() -> None:
    space = free_space(hidden=64, embedding=32)
    samples = EqualitySamples(Random(5))
    assert len(list(samples.next_round(space))) == 24
    samples.restart()
    patterns = [groups for groups, _ in samples._inverted]
    assert patterns == []
    assert len(list(samples.next_round(space))) == 24
