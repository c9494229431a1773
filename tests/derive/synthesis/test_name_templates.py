"""Template mining: which numbers in names are indices, and which tensors are alike."""

from __future__ import annotations

import pytest

from bertsym.derive.limits import MAX_SPARSE_LITERAL
from bertsym.derive.synthesis.name_templates import Signature, Tie, component_name, mine_templates, name_patterns
from bertsym.derive.types import Observation
from bertsym.symbols import H, L, tied

from .observing import Shapes, Sizes, built


def named(*builds: list[str], switches: list[bool] | None = None) -> list[Observation]:
    """Return builds of tensors with these names, and with these values of a switch."""
    values = switches or [False] * len(builds)
    return [
        built(lambda _, names=names: dict.fromkeys(names, (3,)), {H: 3, tied: on})  # type: ignore[misc]
        for names, on in zip(builds, values, strict=True)
    ]


def layers(*numbers: int) -> list[str]:
    return [f"layer.{number}.weight" for number in numbers]


def patterns(*builds: list[str], switches: list[bool] | None = None) -> set[str]:
    return {pattern for pattern, _ in name_patterns(named(*builds, switches=switches)).values()}


def test_a_number_is_an_index_if_its_range_changes() -> None:
    assert patterns(layers(0, 1), layers(0, 1, 2)) == {"layer.{}.weight"}
    assert patterns(layers(0, 1), layers(0, 1)) == set(layers(0, 1))
    assert name_patterns(named(layers(0), layers(0, 1)))["layer.1.weight"] == ("layer.{}.weight", (1,))


def test_a_range_that_a_switch_changes_is_no_index() -> None:
    assert patterns(layers(0, 1), layers(0, 1, 2), switches=[False, True]) == set(layers(0, 1, 2))
    assert patterns(layers(0, 1), layers(0, 1, 2), layers(0), switches=[False, True, True]) == {"layer.{}.weight"}


def test_a_range_of_more_than_two_values_is_an_index() -> None:
    def build(count: int, on: bool, position: int) -> Observation:
        names = [f"layer.{number}.weight" for number in range(count)]
        return built(lambda _: dict.fromkeys(names, (3,)), {H: position, tied: on, L: 2})

    both = [build(2, False, 0), build(3, True, 0)]
    assert len(set(name_patterns(both).values())) == 3
    # A third value of the range needs a second switch, so that no two builds of equal switches differ.
    other = Observation({**both[0].sizes, H: True}, build(4, False, 0).inventory)
    assert {pattern for pattern, _ in name_patterns([*both, other]).values()} == {"layer.{}.weight"}


def test_numbers_that_are_skipped_are_literals_if_they_are_small() -> None:
    assert patterns(layers(0, 2), layers(0, 1, 2)) == set(layers(0, 1, 2))
    last = MAX_SPARSE_LITERAL - 1
    assert patterns(layers(0, last), layers(0, 1)) == set(layers(0, 1, last))
    assert patterns(layers(0, last + 1), layers(0, 1)) == {"layer.{}.weight"}


def test_numbers_in_numbers() -> None:
    def names(depth: int, experts: int) -> list[str]:
        return [f"layer.{i}.experts.{k}.weight" for i in range(depth) for k in range(experts)]

    assert patterns(names(2, 2), names(3, 2), names(2, 3)) == {"layer.{}.experts.{}.weight"}
    assert patterns(names(2, 2), names(3, 2)) == {"layer.{}.experts.0.weight", "layer.{}.experts.1.weight"}
    assert name_patterns(named(names(2, 2), names(3, 3)))["layer.2.experts.1.weight"][1] == (2, 1)


def test_a_number_at_the_end_of_a_word() -> None:
    assert patterns(["block_0.weight"], ["block_0.weight", "block_1.weight"]) == {"block_{}.weight"}


def test_templates_in_the_order_of_the_code() -> None:
    observations = named(["into", *layers(0), "out"], ["into", *layers(0, 1), "extra", "out"])
    templates = mine_templates(observations)
    assert [template.pattern for template in templates] == ["into", "layer.{}.weight", "out", "extra"]
    assert [sorted(template.entries) for template in templates] == [[0, 1], [0, 1], [0, 1], [1]]
    assert sorted(templates[1].entries[1]) == [(0,), (1,)]


def test_ties_by_pattern_or_by_name() -> None:
    def code(sizes: Sizes) -> dict[str, tuple[int, ...]]:
        names = [f"{part}.{i}" for part in ("first", "second") for i in range(sizes[L])]
        return dict.fromkeys(names, (3,))

    parallel = {f"second.{i}": f"first.{i}" for i in range(9)}
    to_one = {f"second.{i}": "first.0" for i in range(1, 9)}
    for ties, expected in ((parallel, {"first.{}"}), (to_one, {"first.0", None})):
        observations = [built(code, {L: depth}, ties) for depth in (2, 3, 4)]
        _, second = mine_templates(observations)
        targets = {tie.pattern if tie else None for row in second.ties.values() for tie in row.values()}
        assert targets == expected
    assert second.signatures(0)[1,] == Signature((3,), Tie("first.0"))
    assert not second.is_uniform


def test_uniform_templates() -> None:
    def code(sizes: Sizes) -> Shapes:
        return {f"even.{i}": (sizes[H],) for i in range(sizes[L])} | {f"odd.{i}": (i + 1,) for i in range(sizes[L])}

    even, odd = mine_templates([built(code, {H: 5, L: depth}) for depth in (1, 2, 3)])
    assert (even.is_uniform, odd.is_uniform) == (True, False)
    first = odd.restricted(lambda _, indices: indices == (0,))
    assert first.is_uniform
    assert sorted(first.entries) == [0, 1, 2]
    assert sorted(odd.restricted(lambda row, _: row == 2).entries) == [2]
    assert odd.index_runs(0) == {0: [0], 1: [0, 1], 2: [0, 1, 2]}


@pytest.mark.parametrize(
    ("pattern", "component"),
    [
        ("encoder.layer.{}.attention.self.query.weight", "attention"),
        ("encoder.block.{}.layer.0.SelfAttention.q.weight", "SelfAttention"),
        ("encoder.block.{}.layer.1.weight", "layer"),
        ("encoder.block.{}.layer.weight", "layer"),
        ("layers.{}", "layers"),
        ("block_{}.weight", "block"),
        ("word_embeddings", "word_embeddings"),
        ("{}.{}", "tensors"),
    ],
)
def test_the_component_of_a_tensor(pattern: str, component: str) -> None:
    assert component_name(pattern) == component
