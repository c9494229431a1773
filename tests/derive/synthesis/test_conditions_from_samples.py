"""Conditions are learned from tables of sizes: independent samples count, and remainders are found."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import sympy
from sympy import Symbol

from bertsym.derive.evaluator import Evaluator
from bertsym.derive.synthesis.conditions import Conditions
from bertsym.symbols import H, Kind, N, Own


def test_a_sample_and_its_one_field_changes_are_one_reason() -> None:
    """Accept a number that three samples share as their condition, but not if two of them are changes of the first."""
    chosen = (1, 2, 3, 6, 7, 4, 6, 2, 3, 6, 7, 1)
    table = [{N: number, H: 40 + row} for row, number in enumerate(chosen)]
    apart = {row: number != 6 for row, number in enumerate(chosen)}
    assert Conditions(table, [N, H]).find(apart) == sympy.Ne(N, 6)
    one = [3 if number == 6 else row for row, number in enumerate(chosen)]
    assert Conditions(table, [N, H], one).find(apart) != sympy.Ne(N, 6)


def test_remainders_are_conditions() -> None:
    """Learn forty conditions on remainders from 150 samples each, and compare them at 300 others."""
    random = Random(11)
    sizes = (H, N, Own("zero", Kind.WIDTH, 0))
    for _ in range(40):
        one, other = random.sample(sizes, 2)
        unit = random.choice([2, 3, 5, 8])
        holds: Callable[[dict[Symbol, int]], bool] = random.choice(
            [
                lambda row, one=one, unit=unit: row[one] % unit == 0,
                lambda row, one=one, unit=unit: row[one] % unit != 0,
                lambda row, one=one, other=other: row[other] > 0 and row[one] % row[other] == 0,
                lambda row, one=one, other=other: row[other] == 0 or row[one] % row[other] != 0,
            ]
        )
        seen, fresh = (
            [{s: random.randint(s is not sizes[2], 14) for s in sizes} for _ in range(n)] for n in (150, 300)
        )
        found = Conditions(seen, sizes).find({row: holds(at) for row, at in enumerate(seen)}, {one, other})
        assert found is not None
        assert all(Evaluator(at).holds(found) == holds(at) for at in fresh), found
