"""Draws that are not left to chance: sizes made equal, and either side of what a formula says of itself."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, islice
from random import Random
from typing import Any

import sympy
from sympy import Symbol

from bertsym.algebra import Iverson
from bertsym.derive.domain.field_domain import Bounded, Determined, FieldDomain, Free, MultipleOf, Switch
from bertsym.derive.domain.space import Space
from bertsym.derive.evaluator import Evaluator
from bertsym.derive.sampling.boundary import aimed
from bertsym.derive.sampling.equality_patterns import coinciding, groupings
from bertsym.derive.sampling.strategies import doubting
from bertsym.derive.synthesis.conditions import Conditions
from bertsym.layers import Role
from bertsym.symbols import E, H, Kind, L, N, Own, T, V, heads, tied
from bertsym.tree import Loop, Tensor

AXES = (
    FieldDomain("heads", 12, is_divisor=True),
    FieldDomain("layers", 4, is_depth=True),
    FieldDomain("text", 768, MultipleOf(("heads",))),
    FieldDomain("groups", 6, is_divisor=True),
    FieldDomain("image", 512, MultipleOf(("groups",), 4)),
    FieldDomain("patch", 16, Free(2)),
    FieldDomain("window", 8, Bounded(Free(), at_most="patch")),
    FieldDomain("twice", 1536, Determined(("text",), 2)),
    FieldDomain("biased", True, Switch()),
)
SPACE = Space({axis.name: axis.base for axis in AXES}, AXES, ())
SYMBOLS: dict[str, Symbol] = {"heads": heads, "layers": L, "text": H, "image": E, "patch": N, "window": V}


def test_every_two_sizes_are_equal_in_some_draws_and_apart_in_others() -> None:
    random = Random(5)
    seen: set[tuple[str, str]] = set()
    apart: set[tuple[str, str]] = set()
    for groups in islice(groupings(SPACE, random), 60):
        fields = SPACE.fields(coinciding(SPACE, SPACE.sample(random), groups))
        assert fields["text"] % fields["heads"] == 0
        assert fields["image"] % (4 * fields["groups"]) == 0
        assert fields["window"] <= fields["patch"]
        assert fields["twice"] == 2 * fields["text"]
        assert 1 <= fields["layers"] <= 6
        for one, other in combinations(sorted(fields), 2):
            (seen if fields[one] == fields[other] else apart).add((one, other))
    wide = ("image", "patch", "text", "window")
    assert set(combinations(wide, 2)) <= seen & apart  # the widths of two kinds of heads too
    assert set(combinations(("groups", "heads", "layers"), 2)) <= seen & apart


def test_no_two_equalities_always_come_together() -> None:
    widths = [FieldDomain(f"width_{place}", 100 + place) for place in range(6)]
    space = Space({axis.name: axis.base for axis in widths}, tuple(widths), ())
    for seed in range(5):
        random = Random(seed)
        draws = [
            space.fields(coinciding(space, space.sample(random), groups))
            for groups in islice(groupings(space, random), 16)
        ]
        pairs = list(combinations((axis.name for axis in widths), 2))
        told = {tuple(fields[one] == fields[other] for fields in draws) for one, other in pairs}
        assert len(told) == len(pairs)


def test_what_is_equal_in_the_code_is_equal_first() -> None:
    widths = [FieldDomain(f"width_{place}", 100 + place) for place in range(40)]
    space = Space({}, (FieldDomain("out", 768, no_effect=True), FieldDomain("hidden", 768, Free(4)), *widths), ())
    for seed in range(5):
        groups = next(groupings(space, Random(seed)))
        assert [[axis.name for axis in group] for group in groups] == [["hidden", "out"]]


def draws(*tensors: Tensor) -> list[dict[Symbol, Any]]:
    found: list[dict[Symbol, Any]] = []
    for seed in range(4):
        fields = map(SPACE.fields, aimed(tensors, SPACE, SYMBOLS, Random(seed)))
        found += [{SYMBOLS[name]: size for name, size in one.items() if name in SYMBOLS} for one in fields]
    return found


def test_a_condition_is_tried_where_it_changes() -> None:
    odd = Tensor("odd", (H,), Role.BIAS, "", "odd", when=sympy.Ne(N, 6))
    assert {2, 4, 6, 8} >= {at[N] for at in draws(odd)} > {6}
    beside = Tensor("beside", (H,), Role.BIAS, "", "beside", when=sympy.Gt(N, E))
    assert {True, False} == {at[N] > at[E] for at in draws(beside)}
    assert all(abs(at[N] - at[E]) <= 2 * 4 * 24 for at in draws(beside))
    larger = Tensor("larger", (N + (E - N) * Iverson(E >= N),), Role.BIAS, "", "larger")
    assert {True, False} == {at[E] >= at[N] for at in draws(larger)}


def test_a_rounding_is_tried_where_it_goes_on() -> None:
    loop = Loop(sympy.S.Zero, sympy.floor((H + 5) / 64))
    found = [int(str(at[H])) for at in draws(Tensor("layer.{}.w", (V,), Role.BIAS, "", "layer", (loop,)))]
    assert found
    whole = [(before + 5) // 64 < (after + 5) // 64 for before, after in zip(found[::2], found[1::2], strict=True)]
    assert all(whole)


def test_what_cannot_change_is_not_tried() -> None:
    never = Tensor("never", (H,), Role.BIAS, "", "never", when=sympy.Gt(L, 90))
    unknown = Tensor("unknown", (sympy.floor(H / T),), Role.BIAS, "", "unknown")
    switched = Tensor("switched", (H,), Role.BIAS, "", "switched", when=tied)
    assert draws(never, unknown, switched) == []


def test_builds_of_one_draw_are_one_reason() -> None:
    """A number that three builds have may be why they are apart; not so where these are one draw and its pairs."""
    chosen = (1, 2, 3, 6, 7, 4, 6, 2, 3, 6, 7, 1)
    table = [{N: number, H: 40 + row} for row, number in enumerate(chosen)]
    apart = {row: number != 6 for row, number in enumerate(chosen)}
    assert Conditions(table, [N, H]).telling(apart) == sympy.Ne(N, 6)
    one = [3 if number == 6 else row for row, number in enumerate(chosen)]
    assert Conditions(table, [N, H], one).telling(apart) != sympy.Ne(N, 6)


def test_doubt_draws_every_order_of_every_two_sizes() -> None:
    """Of 200 draws some have any two sizes equal, and each of them the larger; all are sizes of the space."""
    sizes = [FieldDomain(f"size_{place}", 64, min_steps=place % 2) for place in range(5)] + [
        FieldDomain("depth", 3, min_steps=0, is_depth=True)
    ]
    space = Space({axis.name: axis.base for axis in sizes}, tuple(sizes), ())
    for seed in range(5):
        drawn = [space.fields(steps) for steps in doubting(space, Random(seed), 200)]
        assert len(drawn) == 200
        assert all(space.contains(fields) for fields in drawn), seed
        for one, other in combinations(space.base, 2):
            orders = {(fields[one] > fields[other]) - (fields[one] < fields[other]) for fields in drawn}
            assert orders == {-1, 0, 1}, (seed, one, other)
        assert max(fields["depth"] for fields in drawn) > 9, seed


def test_doubt_keeps_to_the_rules_of_the_sizes() -> None:
    """A size that is a multiple of another is one in all of 200 draws."""
    for steps in doubting(SPACE, Random(3), 200):
        fields = SPACE.fields(steps)
        assert fields["text"] % fields["heads"] == 0
        assert fields["window"] <= fields["patch"]
        assert fields["twice"] == 2 * fields["text"]


def test_remainders_are_conditions() -> None:
    """Forty conditions on remainders, each told from the rows of 150 draws, and held against 300 others."""
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
        found = Conditions(seen, sizes).telling({row: holds(at) for row, at in enumerate(seen)}, {one, other})
        assert found is not None
        assert all(Evaluator(at).holds(found) == holds(at) for at in fresh), found
