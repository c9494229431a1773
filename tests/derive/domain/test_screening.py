"""Screening and depths against a fake oracle: which fields change the inventory, and a base with small stacks."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from bertsym.derive.domain.base_trials import BaseTrials
from bertsym.derive.domain.depths import (
    choose_rich_base,
    find_depths,
    is_list_length,
    multiplies_tensors,
    shallow_depth,
    shrink_depths,
)
from bertsym.derive.domain.field_domain import FieldDomain
from bertsym.derive.domain.screening import Screening
from tests.derive.fake_oracle import FakeOracle, Shapes, require

WIDTHS = {f"unused_{index}": 10 + index for index in range(20)}


def trials_of(shapes: Any, **defaults: Any) -> tuple[BaseTrials, FakeOracle]:
    oracle: Any = FakeOracle(shapes, **defaults)
    return BaseTrials(oracle, dict(oracle.description.fields)), oracle


def encoder(hidden: int, num_layers: int, dropout: Fraction, **_: Any) -> Shapes:
    del dropout
    return {f"layer.{index}.weight": (hidden, hidden) for index in range(num_layers)}


def test_fields_are_known_by_kind() -> None:
    trials, _ = trials_of(encoder, hidden=8, num_layers=2, dropout=Fraction(1, 10), tied=True, pad=-1)
    assert trials.integers == ["hidden", "num_layers"]
    assert (trials.negative, trials.ratios, trials.switches) == (["pad"], ["dropout"], ["tied"])
    assert trials.numbers == ["hidden", "num_layers", "dropout"]


def test_active_fields_are_found_among_many_with_few_builds() -> None:
    trials, oracle = trials_of(encoder, hidden=8, num_layers=12, dropout=Fraction(1, 10), token_id=0, **WIDTHS)
    shrink_depths(trials)
    screening = Screening(trials)
    screening.run()
    assert screening.active == ["hidden", "num_layers"]
    assert (screening.rejecting, screening.depths) == ([], ["num_layers"])
    assert set(screening.unclassified) == {"dropout", "token_id", *WIDTHS}
    assert trials.base["num_layers"] == 3
    assert oracle.builds < 5 * len(trials.numbers)


def test_a_field_of_which_every_other_value_is_rejected_is_told_apart() -> None:
    def shapes(hidden: int, stages: int) -> Shapes:
        require(stages == 4)
        return {"weight": (hidden, stages)}

    trials, _ = trials_of(shapes, hidden=8, stages=4)
    screening = Screening(trials)
    screening.run()
    assert (screening.active, screening.rejecting) == (["hidden"], ["stages"])


@pytest.mark.parametrize(
    ("defaults", "shapes"),
    [
        ({"hidden": 64, "least": 4}, lambda hidden, least: {"w": (max(hidden, least),)}),
        ({"hidden": 64, "scale": 1}, lambda hidden, scale: {"w": (hidden,)} if scale else {}),
        ({"hidden": 64, "same": 9}, lambda hidden, same: {"w": (hidden,)} | ({} if hidden == same else {"p": (2,)})),
    ],
)
def test_a_field_with_an_effect_at_special_values_only_is_active(defaults: dict[str, Any], shapes: Any) -> None:
    trials, _ = trials_of(shapes, **defaults)
    screening = Screening(trials)
    screening.run()
    assert set(screening.active) == set(defaults)


def test_a_period_shows_in_a_deeper_stack() -> None:
    def shapes(num_layers: int, period: int) -> Shapes:
        return {f"layer.{i}.{'wide' if i % period == period - 1 else 'plain'}": (5,) for i in range(num_layers)}

    trials, _ = trials_of(shapes, num_layers=12, period=5)
    shrink_depths(trials)
    screening = Screening(trials)
    screening.run()
    assert "period" in screening.active


def test_depths_and_lists_of_layer_indices_are_shrunk() -> None:
    def shapes(num_layers: int, hidden: int, **lists: int) -> Shapes:
        return {f"layer.{i}.{'full' if i in lists.values() else 'part'}": (hidden,) for i in range(num_layers)}

    lists = {"full[0]": 2, "full[1]": 5, "full[2]": 8}
    trials, _ = trials_of(shapes, num_layers=12, hidden=8, **lists)
    assert shrink_depths(trials) == [list(lists)]
    assert trials.base == {"num_layers": 3, "hidden": 8, "full[0]": 0, "full[1]": 1, "full[2]": 2}


def test_held_fields_are_not_shrunk() -> None:
    def shapes(num_layers: int, **_: int) -> Shapes:
        return {f"layer.{index}": (5,) for index in range(num_layers)}

    fields = {"num_layers": 12, "full[0]": 2, "full[1]": 5}
    for held in (frozenset(fields), frozenset({"num_layers", "full[1]"})):
        oracle: Any = FakeOracle(shapes, **fields)
        trials = BaseTrials(oracle, dict(fields), held)
        assert shrink_depths(trials) == []
        find_depths(trials, ["num_layers"])
        choose_rich_base(trials, ["num_layers"])
        assert trials.base == fields


def test_a_depth_that_cannot_be_small_stays() -> None:
    def shapes(encoder_layers: int, decoder_layers: int) -> Shapes:
        require(decoder_layers > 10)
        return {f"layer.{index}": (5,) for index in range(encoder_layers + decoder_layers)}

    trials, _ = trials_of(shapes, encoder_layers=12, decoder_layers=12)
    shrink_depths(trials)
    assert trials.base == {"encoder_layers": 3, "decoder_layers": 12}


def test_how_many_entries_a_list_has_is_a_length() -> None:
    trials, _ = trials_of(lambda **_: {}, **{"stages": 3, "hidden": 8, "depths[0]": 2, "depths[1]": 2, "depths[2]": 6})
    assert is_list_length(trials, "stages")
    assert not is_list_length(trials, "hidden")


def test_a_depth_is_told_from_a_width_and_from_a_special_value() -> None:
    def shapes(levels: int, hidden: int, out: int) -> Shapes:
        projection = {} if hidden == out else {"projection": (hidden, out)}
        return {f"level.{index}": (hidden,) for index in range(levels)} | projection

    trials, _ = trials_of(shapes, levels=12, hidden=8, out=9)
    assert shallow_depth(trials, "levels") == 3
    assert shallow_depth(trials, "hidden") is None
    assert trials.base["levels"] == 12  # the predicate changes nothing
    assert find_depths(trials, ["hidden", "levels"]) == ["levels"]
    assert trials.base["levels"] == 3
    levels = FieldDomain("levels", 3)
    assert multiplies_tensors(trials, levels, {}, {"levels": 30})
    assert not multiplies_tensors(trials, FieldDomain("hidden", 8), {}, {"hidden": 99})


def test_the_base_moves_to_where_most_kinds_of_layers_are() -> None:
    def shapes(num_layers: int, dense: int) -> Shapes:
        return {f"layer.{i}.{'dense' if i < dense else 'experts'}": (5,) for i in range(num_layers)}

    trials, _ = trials_of(shapes, num_layers=3, dense=0)
    choose_rich_base(trials, ["dense"])
    assert trials.base["dense"] == 1


def test_constrained_fields_are_those_with_a_rejected_value() -> None:
    def shapes(hidden: int, heads: int, ffn: int) -> Shapes:
        require(hidden % heads == 0)
        return {"w": (hidden, ffn)}

    trials, _ = trials_of(shapes, hidden=64, heads=4, ffn=9)
    assert trials.constrained_fields(["hidden", "heads", "ffn"]) == ["hidden", "heads"]


def ended(num_layers: int, first_layers: int, last_layers: int, width: int, narrow: int) -> Shapes:
    """A stack whose first and last layers have another shape than those between them."""
    between = range(first_layers, num_layers - last_layers)
    return {f"layer.{index}.weight": (narrow if index in between else width,) for index in range(num_layers)}


def test_a_small_stack_keeps_layers_between_the_first_and_the_last() -> None:
    trials, _ = trials_of(ended, num_layers=24, first_layers=8, last_layers=8, width=16, narrow=8)
    shrink_depths(trials)
    assert [trials.base[name] for name in ("num_layers", "first_layers", "last_layers")] == [3, 1, 1]
    screening = Screening(trials)
    screening.run()
    assert set(screening.active) == set(trials.numbers)
    assert screening.depths == ["num_layers"]
