"""Bisection: the boundary of a monotone predicate, in either direction, with few questions."""

from __future__ import annotations

from math import ceil, log2

import pytest

from bertsym.bisection import find_boundary


@pytest.mark.parametrize("boundary", [0, 1, 5, 63, 98, 99])
def test_the_boundary_is_found_in_either_direction(boundary: int) -> None:
    assert find_boundary(0, 100, lambda number: number <= boundary) == (boundary, boundary + 1)
    assert find_boundary(100, 0, lambda number: number > boundary) == (boundary + 1, boundary)


def test_neighbours_are_the_boundary_without_a_question() -> None:
    def never(number: int) -> bool:
        raise AssertionError(number)

    assert find_boundary(3, 4, never) == (3, 4)
    assert find_boundary(4, 3, never) == (4, 3)
    assert find_boundary(3, 3, never) == (3, 3)


@pytest.mark.parametrize("distance", [2, 3, 100, 1000])
def test_the_questions_are_as_many_as_the_contract_says(distance: int) -> None:
    asked: list[int] = []

    def holds(number: int) -> bool:
        asked.append(number)
        return number < distance // 3

    find_boundary(0, distance, holds)
    assert len(asked) <= ceil(log2(distance))
    assert asked[0] == distance // 2


def test_a_predicate_that_is_not_monotone_gets_one_of_its_boundaries() -> None:
    last, first = find_boundary(0, 90, lambda number: number % 20 < 10)
    assert first == last + 1
    assert last % 20 < 10 <= first % 20
