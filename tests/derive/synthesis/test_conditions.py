"""Predicate learning: conditions drawn at random are found from some rows, and hold in fresh rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import pytest
import sympy
from sympy import Symbol
from sympy.logic.boolalg import Boolean

from bertsym.derive.evaluator import Evaluator
from bertsym.derive.limits import MAX_CONJUNCTION, MAX_THRESHOLD_VALUES, MIN_EQUAL_SAMPLES
from bertsym.derive.synthesis.conditions import Conditions, Predicate
from bertsym.symbols import F, H, Kind, L, N, Own, tied

from .observing import Sizes, draw

A, B, C = (Own(name, Kind.WIDTH, 0) for name in ("first", "second", "third"))
GATED = Own("gated", Kind.SWITCH)
Holds = Callable[[Sizes], Any]


def rows(count: int, random: Random, high: int = 14) -> list[Sizes]:
    """Return samples of three sizes from 0 and one switch."""
    return [{**sizes, GATED: random.random() < 0.5} for sizes in draw([A, B, C], random, count, 0, high)]


def found(holds: Holds, samples: Sequence[Sizes], preferred: Sequence[Symbol] = ()) -> Boolean | None:
    """Return the condition that is found for the rows in which a function holds."""
    cases = {row: bool(holds(sizes)) for row, sizes in enumerate(samples)}
    return Conditions(samples, list(samples[0])).find(cases, preferred)


@pytest.mark.parametrize("seed", range(6))
def test_conditions_drawn_at_random(seed: int) -> None:
    random = Random(seed)
    k, unit = random.randint(0, 4), random.choice((2, 3, 5, 8))
    drawn: list[tuple[Holds, list[Symbol]]] = [
        (lambda s: s[GATED], [GATED]),
        (lambda s: not s[GATED], [GATED]),
        (lambda s: s[A] > k, [A]),
        (lambda s: s[A] <= k, [A]),
        (lambda s: s[A] != k, [A]),
        (lambda s: s[A] == s[B], [A, B]),
        (lambda s: s[A] > s[B], [A, B]),
        (lambda s: s[A] <= s[C], [A, C]),
        (lambda s: s[A] > k and s[GATED], [A, GATED]),
        (lambda s: s[A] > s[B] and s[B] > k, [A, B]),
        (lambda s: s[A] > s[B] or s[GATED], [A, B, GATED]),
        (lambda s: s[A] % unit == 0, [A]),
        (lambda s: s[A] % unit != 0, [A]),
        (lambda s: s[B] > 0 and s[A] % s[B] == 0, [A, B]),
        (lambda s: s[B] == 0 or s[A] % s[B] != 0, [A, B]),
        (lambda s: s[C] > 1 and (s[A] > 3 or s[B] > 4), [A, B, C]),
        (lambda s: s[A] > 2 and s[B] > 3 and s[C] > 4, [A, B, C]),
    ]
    samples, fresh = rows(300, random, high=8), rows(200, random, high=8)
    for holds, preferred in drawn:
        condition = found(holds, samples, preferred)
        assert condition is not None
        for sizes in fresh:
            assert Evaluator(sizes).holds(condition) == bool(holds(sizes)), (condition, sizes)


def test_always_and_never() -> None:
    samples = rows(20, Random(1))
    assert found(lambda _: True, samples) == sympy.true
    never = found(lambda _: False, samples)
    assert never is not None
    assert not any(Evaluator(sizes).holds(never) for sizes in samples)


def test_the_shortest_condition_is_found() -> None:
    samples = rows(100, Random(2))
    assert found(lambda s: s[A] > 0, samples) == sympy.Gt(A, 0)
    assert found(lambda s: s[A] == 0, samples) == sympy.Le(A, 0)
    assert found(lambda s: s[A] == 1, samples) == sympy.Eq(A, 1)
    assert found(lambda s: s[B] <= 4, samples) == sympy.Le(B, 4)
    assert found(lambda s: s[GATED] and s[A] > s[B], samples, [A, B, GATED]) == sympy.And(GATED, A > B)
    assert found(lambda s: s[GATED] or s[A] > s[B], samples, [A, B, GATED]) == sympy.Or(GATED, A > B)


def test_rows_that_are_not_asked_for_do_not_matter() -> None:
    samples = rows(60, Random(3))
    conditions = Conditions(samples, list(samples[0]))
    cases = {row: sizes[A] > 2 for row, sizes in enumerate(samples) if sizes[GATED]}
    condition = conditions.find(cases, [A])
    assert condition == sympy.Gt(A, 2)
    assert conditions.rows_where(condition) == {row for row, sizes in enumerate(samples) if sizes[A] > 2}


def test_sizes_known_to_have_an_effect_come_first() -> None:
    samples: list[Sizes] = [{A: row, B: 30 - row} for row in range(12)]
    conditions = Conditions(samples, [A, B])
    cases = {row: row > 3 for row in range(12)}
    assert conditions.find(cases) == sympy.Gt(A, 3)
    assert conditions.find(cases, [B]) == sympy.Le(B, 26)


def test_a_condition_that_touches_a_known_size_comes_before_others() -> None:
    odd, other = A, B
    samples = [
        {odd: 4 if row == 5 else 5 + row, H: 40 + row % 3, other: 42 if row == 5 else 50 + row} for row in range(12)
    ]
    conditions = Conditions(samples, [odd, H, other])
    cases = {row: row != 5 for row in range(12)}
    assert conditions.find(cases) == sympy.Gt(odd, 4)
    assert conditions.find(cases, [H]) == sympy.Ne(H, other)


def test_inactive_sizes_are_a_last_resort() -> None:
    samples: list[Sizes] = [{A: row % 5, B: row % 3, GATED: row % 2 == 0} for row in range(30)]
    conditions = Conditions(samples, [A])
    assert conditions.find({row: row % 2 == 0 for row in range(30)}) == GATED
    assert conditions.find({row: row % 3 > 1 for row in range(30)}) == sympy.Gt(B, 1)
    # Two inactive sizes are never compared with each other.
    assert {frozenset({A, B})} & {predicate.symbols for predicate in conditions.simple} == set()
    assert all(len(predicate.symbols) == 1 for predicate in conditions.over_inactive)


@pytest.mark.parametrize("supporting", [MIN_EQUAL_SAMPLES - 1, MIN_EQUAL_SAMPLES])
def test_one_value_needs_independent_samples(supporting: int) -> None:
    """`N == 6` is accepted if enough samples have 6; rows of one sample count once."""
    numbers = [6] * supporting + [3, 2, 1, 5, 3, 7, 9, 2, 8, 4]
    table: list[Sizes] = [{N: number, H: 40 + row} for row, number in enumerate(numbers)]
    cases = {row: number == 6 for row, number in enumerate(numbers)}
    accepted = supporting >= MIN_EQUAL_SAMPLES
    assert (Conditions(table, [N, H]).find(cases) == sympy.Eq(N, 6)) is accepted
    one_sample = [max(row, supporting - 1) for row in range(len(numbers))]
    assert Conditions(table, [N, H], one_sample).find(cases) != sympy.Eq(N, 6)


def test_support_is_counted_in_the_rows_that_are_asked_for() -> None:
    predicate = Predicate(lambda: sympy.true, frozenset({N}), 0b1111, 0b0111)
    assert predicate.has_support(0b1111, range(4))
    assert not predicate.has_support(0b1011, range(4))
    assert not predicate.has_support(0b1111, [0, 0, 1, 2])
    assert Predicate(lambda: sympy.true, frozenset({N}), 0b1111).has_support(0, range(4))


def test_relations_of_the_model_code_are_predicates() -> None:
    samples = draw([A, B, C], Random(4), 80)
    relation = sympy.Ne(A, B * C)
    broken = sympy.Gt(A / (B - B), 1)  # a relation without a value is left out
    conditions = Conditions(samples, [A, B, C], compared=[relation, broken, sympy.Gt(F, 2)])
    for holds in (True, False):
        cases = {row: (sizes[A] != sizes[B] * sizes[C]) == holds for row, sizes in enumerate(samples)}
        condition = conditions.find(cases)
        assert condition is not None
        assert all(
            Evaluator(sizes).holds(condition) == ((sizes[A] != sizes[B] * sizes[C]) == holds)
            for sizes in draw([A, B, C], Random(5), 80)
        )


def test_a_conjunction_is_bounded() -> None:
    sizes = [Own(f"size_{k}", Kind.WIDTH, 0) for k in range(MAX_CONJUNCTION + 1)]
    samples = draw(sizes, Random(6), 400, 0, 3)
    for count in (MAX_CONJUNCTION, MAX_CONJUNCTION + 1):
        chosen = sizes[:count]
        condition = found(lambda s, chosen=chosen: all(s[size] > 0 for size in chosen), samples)  # type: ignore[misc]
        assert (condition is not None) is (count <= MAX_CONJUNCTION)


def test_noise_has_no_condition() -> None:
    random = Random(7)
    samples = rows(200, random)
    noise = {row: random.random() < 0.5 for row in range(200)}
    assert Conditions(samples, list(samples[0])).find(noise) is None


def test_thresholds_are_the_values_of_a_size_if_these_are_few() -> None:
    few: list[Sizes] = [{H: 100 + 7 * (row % MAX_THRESHOLD_VALUES)} for row in range(60)]
    many: list[Sizes] = [{H: 100 + 7 * (row % (MAX_THRESHOLD_VALUES + 1))} for row in range(60)]
    assert found(lambda s: s[H] > 114, few) == sympy.Gt(H, 114)
    assert found(lambda s: s[H] > 114, many) is None


def test_splits_prefer_known_sizes_and_cover_simple_predicates() -> None:
    samples = rows(30, Random(8))
    conditions = Conditions(samples, list(samples[0]))
    masks = list(conditions.split_masks([B], range(30)))
    over_b = [predicate.bits for predicate in conditions.simple if predicate.symbols == {B}]
    supported = conditions.supported(conditions.simple, (1 << 30) - 1)
    assert set(masks) == {predicate.bits for predicate in supported}
    assert set(masks[:3]) <= set(over_b)


def test_comparisons_are_one_of_each_pair_of_opposites() -> None:
    samples = draw([A, B, C], Random(9), 40)
    conditions = Conditions(samples, [A, B, C])
    comparisons = [predicate.make() for predicate in conditions.comparisons([A, B])]
    assert comparisons == [sympy.Ne(A, B), sympy.Gt(A, B), sympy.Gt(B, A)]
    for predicate in conditions.comparisons([A, B, C]):
        condition = predicate.make()
        truths = [Evaluator(sizes).holds(condition) for sizes in samples]
        assert truths == [bool(predicate.bits >> row & 1) for row in range(40)]


@pytest.mark.parametrize("pool", ["simple", "remainders", "over_inactive"])
def test_the_rows_of_a_predicate_are_those_in_which_it_holds(pool: str) -> None:
    samples = [{**sizes, L: 2 + row % 4, tied: row % 3 == 0} for row, sizes in enumerate(rows(60, Random(10)))]
    conditions = Conditions(samples, [A, B, GATED], compared=[sympy.Gt(A + B, 9)])
    predicates: list[Predicate] = getattr(conditions, pool)
    assert predicates
    for predicate in predicates:
        condition = predicate.make()
        assert condition.free_symbols <= predicate.symbols
        if condition not in (sympy.true, sympy.false):  # sympy knows that L > 0
            truths = [Evaluator(sizes).holds(condition) for sizes in samples]
            assert truths == [bool(predicate.bits >> row & 1) for row in range(60)], condition
